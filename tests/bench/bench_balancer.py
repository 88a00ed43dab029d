# SPDX-License-Identifier: GPL-3.0-or-later
"""1,000 pools with 8 ports and 2 servers each, checks on one port a pool: rendered, checked and swapped, in the module.

Budget: 1.3 times what HAProxy itself takes to check the same file and to take over with it, from main() entered to just
before exit_json. HAProxy finds its file made, and only checks and loads it; the module reads and validates what it is
given, renders it, compares it with the file that is there, of which every service differs, and keeps that one. Beside
it the way of an ordinary role: a template of Jinja, a check, and a restart. Then 20 members are drained; budget 0.1 s,
beside a loop of community.general.haproxy, fetched into `.build/peers` the first time.

All of it runs in namespaces of its own, with its own /etc/haproxy, /run and so on; it needs root.
"""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import subprocess
import sys
import time
import typing as t
from pathlib import Path

from tests.bench import peers

POOLS, PORTS, SERVERS = 1000, 8, 2
PAIRS = int(os.environ.get("OPENUC_BENCH_PAIRS", "9"))
DRAINED = 20
BUDGET, DRAIN_BUDGET = 1.3, 0.1
FOLDERS = (
    "/etc/haproxy",
    "/etc/default",
    "/etc/init.d",
    "/etc/openuc",
    "/run",
    "/usr/local/sbin",
    "/var/lib/openuc",
    "/var/lib/haproxy",
)
MAIN = """\
global
    log stderr local0 crit
    stats socket /run/haproxy/admin.sock level admin expose-fd listeners
    user haproxy
    group haproxy
    daemon
defaults
    timeout connect 5s
    timeout client 30m
    timeout server 30m
"""
TEMPLATE = """\
{% for service in services %}
listen {{ service.vip }}-{{ service.port }}
    mode tcp
    balance leastconn
    bind {{ service.vip }}:{{ service.port }} transparent
    timeout client {{ service.idle_seconds }}s
    timeout server {{ service.idle_seconds }}s
{% for member in service.members %}
    server {{ member.name }} {{ member.address }}:{{ service.port }}{{ " check" if service.port == service.check_port }}
{% endfor %}
{% endfor %}
"""
OWN = Path("/etc/haproxy/openuc.cfg")
PIDS = Path("/run/haproxy.pid")


def services(idle: int) -> list[dict[str, t.Any]]:
    found = []
    for pool in range(POOLS):
        high, low = divmod(pool, 250)
        members = [
            {"name": f"fe{number}", "address": f"10.{100 + number}.{high}.{low + 1}"} for number in range(SERVERS)
        ]
        found += [
            {
                "id": f"bench@pool{pool}:{port}/tcp", "stage": "first_pool", "why": ["bench"],
                "vip": f"10.50.{high}.{low + 1}", "port": str(port), "protocol": "tcp", "members": members,
                "method": "least_connections", "affinity": "tcp", "idle_seconds": idle, "idle_reset": True,
                "check_port": "5061", "nat": "snat", "snat": [],
            }
            for port in range(5060, 5060 + PORTS)
        ]  # fmt: skip
    return found


# --- the three ways -------------------------------------------------------------------------------------------------


def run_module(idle: int) -> float:
    """From main() entered to just before exit_json, with the arguments that the action plugin passes."""
    from ansible_collections.openuc.ocs.plugins.module_utils.columns import as_text  # noqa: PLC0415

    arguments = {"services": as_text(services(idle)), "state": "overridden", "service_manager": "sysvinit"}
    return _timed("load_balancer", arguments, lambda made: made.get("changed") is True)


def _timed(name: str, arguments: dict[str, t.Any], right: t.Callable[[dict[str, t.Any]], bool]) -> float:
    from ansible.module_utils.basic import AnsibleModule  # noqa: PLC0415
    from ansible.module_utils.testing import patch_module_args  # noqa: PLC0415

    from ansible_collections.openuc.ocs.plugins.modules import drain, load_balancer  # noqa: PLC0415

    made: dict[str, t.Any] = {}

    def leave(_module: AnsibleModule, **result: t.Any) -> t.NoReturn:
        made.update(result, at=time.perf_counter())
        raise SystemExit

    AnsibleModule.exit_json = AnsibleModule.fail_json = leave
    with patch_module_args(arguments), contextlib.suppress(SystemExit):
        start = time.perf_counter()
        {"drain": drain, "load_balancer": load_balancer}[name].main()
    if not right(made):
        raise SystemExit(f"not as it should be: {str(made)[:500]}")
    return float(made["at"]) - start


def run_haproxy(idle: int) -> float:
    """The same file, which is there already: HAProxy checks it, and takes over until it answers with it."""
    from ansible_collections.openuc.ocs.plugins.module_utils.balancer import model, text  # noqa: PLC0415
    from ansible_collections.openuc.ocs.plugins.module_utils.balancer.runtime import Runtime  # noqa: PLC0415

    made = text.render(model.decode(services(idle))[0])
    OWN.write_text(made)
    files = ["-f", "/etc/haproxy/haproxy.cfg", "-f", str(OWN)]
    start = time.perf_counter()
    subprocess.run(["haproxy", "-c", "-q", *files], check=True)
    taking_over = ["-x", text.SOCKET, "-sf", *PIDS.read_text().split()]
    subprocess.run(["haproxy", *files, "-D", "-p", str(PIDS), *taking_over], check=True, stderr=subprocess.DEVNULL)
    while Runtime().digest() != text.digest_of(made):
        time.sleep(0.005)
    return time.perf_counter() - start


def run_template(idle: int) -> float:
    """A template, a check, and a restart, until the first port answers; what an ordinary role does, without Ansible."""
    import jinja2  # noqa: PLC0415

    other = Path("/etc/haproxy/template.cfg")
    files = ["-f", "/etc/haproxy/haproxy.cfg", "-f", str(other)]
    start = time.perf_counter()
    other.write_text(jinja2.Template(TEMPLATE, trim_blocks=True).render(services=services(idle)))
    subprocess.run(["haproxy", "-c", "-q", *files], check=True)
    stop()
    done = subprocess.run(["haproxy", *files, "-D", "-p", str(PIDS)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"HAProxy does not start again: {done.stderr[-1000:]}")
    return time.perf_counter() - start


def stop() -> None:
    """This is the first process here, so daemons without a parent are its children."""
    for pid in map(int, PIDS.read_text().split()):
        os.kill(pid, 9)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, 0)


# --- draining -------------------------------------------------------------------------------------------------------

PLAY = """
- hosts: localhost
  gather_facts: false
  tasks:
    - community.general.haproxy:
        state: drain
        socket: /run/haproxy/openuc.sock
        backend: "{{ item }}"
        host: fe0
      loop: %s
"""


_ALL = f"{DRAINED * PORTS} to change"


def drained() -> tuple[float, float]:
    """Seconds for a member of each of 20 pools, in all its services: in the module, and by a task for each member."""
    arguments: dict[str, t.Any] = {
        "services": json.dumps(services(1200)[: DRAINED * PORTS]),
        "service_manager": "sysvinit",
    }
    least = {"most_deleted": 10_000, "most_deleted_ratio": 1.0}
    _timed("load_balancer", {**arguments, "state": "overridden", **least}, lambda made: made.get("changed") is True)
    names = [f"10.100.{pool // 250}.{pool % 250 + 1}" for pool in range(DRAINED)]
    # What stands in for members refuses all connections, so none is in service that could be missed.
    arguments = {"members": names, "wait": 0}
    times = []
    for _turn in range(PAIRS):
        times.append(_timed("drain", arguments, lambda made: made.get("summary") == _ALL))
        _timed("drain", {**arguments, "state": "enabled", "at_limit": "leave"}, lambda made: "left" in made)
    return statistics.median(times), looped()


def looped() -> float:
    """One service of each member only, and no waiting; 0 where the peer is not there."""
    if not peers.collection("community.general"):
        return 0.0
    sections = [f"openuc-10.50.{pool // 250}.{pool % 250 + 1}:5060" for pool in range(DRAINED)]
    play = Path("/run/play.yml")
    play.write_text(PLAY % json.dumps(sections))
    program = Path(sys.executable).with_name("ansible-playbook")
    environment = {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": str(peers.PEERS),
        "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
    }
    environment.pop("ANSIBLE_CONFIG", None)
    start = time.perf_counter()
    command = [str(program), "-i", "localhost,", "-c", "local", str(play)]
    subprocess.run(command, check=True, capture_output=True, cwd="/run", env=environment)
    return time.perf_counter() - start


# --- all of it ------------------------------------------------------------------------------------------------------


def main() -> None:
    if os.environ.get("OPENUC_BENCH_INSIDE") != "1":
        # There is no network inside.
        peers.collection("community.general")
        inside = {**os.environ, "OPENUC_BENCH_INSIDE": "1"}
        os.execvpe("unshare", ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
                               sys.executable, __file__], inside)  # fmt: skip
    for folder in FOLDERS:
        Path(folder).mkdir(parents=True, exist_ok=True)
    script = Path("/etc/init.d/haproxy").read_bytes()
    for folder in FOLDERS:
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder], check=True)
    for folder in ("/run/haproxy", "/run/lock"):
        Path(folder).mkdir()
    Path("/etc/init.d/haproxy").write_bytes(script)
    Path("/etc/init.d/haproxy").chmod(0o755)
    Path("/etc/haproxy/haproxy.cfg").write_text(MAIN)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["ip", "route", "add", "local", "10.0.0.0/8", "dev", "lo"], check=True)
    run_module(1200)
    times: dict[str, list[float]] = {"module": [], "haproxy": [], "template": []}
    work: dict[str, list[float]] = {"module": [], "haproxy": []}
    idle = 1300
    for _pair in range(PAIRS):
        for name, way in (("haproxy", run_haproxy), ("module", run_module)):
            before = processor_seconds()
            times[name].append(way(idle))
            work[name].append(processor_seconds() - before)
            idle += 1
    draining, by_task = drained()
    for _turn in range(3):
        times["template"].append(run_template(idle))
    report(times, work, draining, by_task)


def processor_seconds() -> float:
    """Of this process, and of those that it waited for: not of the daemon, which begins its health checks meanwhile."""
    return sum(os.times()[:4])


def report(times: dict[str, list[float]], work: dict[str, list[float]], draining: float, by_task: float) -> None:
    ratios = [ours / theirs for ours, theirs in zip(times["module"], times["haproxy"], strict=True)]
    ratio = statistics.median(ratios)
    count = POOLS * PORTS
    print(f"{count} services in the module   {statistics.median(times['module']):.2f} s")
    print(f"HAProxy's own check and reload {statistics.median(times['haproxy']):.2f} s, its file being there")
    spent = ", ".join(f"{statistics.median(seconds):.2f} s {name}" for name, seconds in work.items())
    print(f"on processors, with what makes the arguments: {spent}")
    print(f"a template, a check, a restart {statistics.median(times['template']):.2f} s, and all connections")
    print(f"ratio {ratio:.2f} ({min(ratios):.2f} to {max(ratios):.2f}), budget {BUDGET}")
    print(f"{DRAINED} members drained in the module {draining:.3f} s, budget {DRAIN_BUDGET} s")
    if by_task:
        print(f"a loop of community.general.haproxy over one service of each {by_task:.1f} s")
    else:
        print("no loop of community.general.haproxy: it could not be fetched")
    if ratio > BUDGET or draining > DRAIN_BUDGET:
        raise SystemExit("over budget")


if __name__ == "__main__":
    main()
