# SPDX-License-Identifier: GPL-3.0-or-later
"""10,000 flows at a packet filter: applied, found unchanged; and the proof over them.

Budgets: reading, comparing and applying within a second in the module (from main() entered to just before exit_json),
beside `nft -f` of the same rules as sets and as a rule a flow. Each measurement has a network namespace and a process
of its own, and the ways take turns. What Aerleon takes to generate rules of the same flows. A loop of
`ansible.builtin.iptables` where iptables is installed. New connections are measured by `bench_connections.py`. To be
run as root.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import typing as t
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COUNT = 10_000
PAIRS = 9
LOOPED = 10
INSIDE, OUTSIDE = "eth0", "eth1"
WAYS = ("first", "unchanged", "changed", "nft sets", "nft rules")


# --- 10,000 flows -----------------------------------------------------------------------------------------------------


def flows() -> list[tuple[str, str, str, int]]:
    """Source, destination, protocol and port: 500 clients of 20 services on 50 servers."""
    made = []
    for number in range(COUNT):
        client, service = divmod(number, 20)
        source = f"10.1.{client // 250}.{client % 250 + 1}"
        destination = f"10.2.0.{(client * 7 + service) % 50 + 1}"
        made.append((source, destination, "udp" if service % 2 else "tcp", 5000 + service))
    return made


def policy() -> dict[str, t.Any]:
    """Options of the module, a rule a flow."""
    listed = flows()
    addresses = sorted({address for flow in listed for address in flow[:2]})
    rules = [
        {
            "id": f"ocs2007r2.flow.client-to-server-{number % 20}@pool{number // 20}.corp.contoso.com:first_pool",
            "stage": "first_pool",
            "why": [f"ocs2007r2.flow.client-to-server-{number % 20}"],
            "replaces": "",
            "ingress": INSIDE,
            "egress": OUTSIDE,
            "source": source,
            "source_ports": "",
            "destination": destination,
            "protocol": protocol,
            "ports": [str(port)],
            "nat": [],
        }
        for number, (source, destination, protocol, port) in enumerate(listed)
    ]
    return {
        "enforce": "enforce",
        "interfaces": {INSIDE: "inside", OUTSIDE: "outside"},
        "guarded": [{"ingress": INSIDE, "egress": OUTSIDE}],
        "protected": sorted({flow[1] for flow in listed}),
        "sets": [{"name": address, "addresses": [address]} for address in addresses],
        "rules": rules,
    }


def linear() -> str:
    """The same with a rule a flow, in the order of the flows."""
    rules = "\n".join(
        f'iifname "{INSIDE}" oifname "{OUTSIDE}" ip saddr {source} ip daddr {destination} {protocol} dport {port} '
        "counter accept"
        for source, destination, protocol, port in flows()
    )
    return forwarding(f"{rules}\ndrop")


def forwarding(rules: str) -> str:
    """A table of these rules, which knows connections first."""
    head = "type filter hook forward priority filter; policy accept;\nct state established,related accept"
    return f"table inet peer {{\nchain forward {{\n{head}\n{rules}\n}}\n}}\n"


# --- in the module ----------------------------------------------------------------------------------------------------


class Cost(t.NamedTuple):
    """Seconds on the clock, and of processor time with that of the commands that are called.

    The first needs a machine that does nothing else to say something; the second says much the same on a busy one.
    """

    clock: float
    processor: float


def _processor() -> float:
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def run_module(folder: Path, options: t.Mapping[str, t.Any]) -> Cost:
    """From main() entered to just before exit_json."""
    from ansible.module_utils.basic import AnsibleModule  # noqa: PLC0415 - nft alone pays for no import
    from ansible.module_utils.testing import patch_module_args  # noqa: PLC0415

    from ansible_collections.openuc.ocs.plugins.modules import firewall_rules  # noqa: PLC0415

    places = {
        "journal_dir": str(folder / "journal"),
        "own_file": str(folder / "own.nft"),
        "boot_file": str(folder / "boot.conf"),
    }
    made: dict[str, t.Any] = {}

    def leave(_module: AnsibleModule, **result: t.Any) -> t.NoReturn:
        made.update(result, at=time.perf_counter(), spent=_processor())
        raise SystemExit

    AnsibleModule.exit_json = leave
    # As the action plugin hands it on.
    long = {name: json.dumps(options[name]) for name in ("sets", "rules")}
    with patch_module_args({**options, **places, **long}), contextlib.suppress(SystemExit):
        start, spent = time.perf_counter(), _processor()
        firewall_rules.main()
    if "at" not in made:
        raise SystemExit("the module failed")
    return Cost(made["at"] - start, made["spent"] - spent)


def measured(way: str, folder: Path) -> Cost:
    """What one way costs, in a namespace where nothing is yet."""
    options = policy()
    if way.startswith("nft"):
        text = linear() if way == "nft rules" else native(options)
        start, spent = time.perf_counter(), _processor()
        subprocess.run(["nft", "-f", "-"], input=text, text=True, check=True)
        return Cost(time.perf_counter() - start, _processor() - spent)
    _do("ip", "link", "add", INSIDE, "type", "veth", "peer", "name", OUTSIDE)
    _do("sysctl", "-qw", "net.ipv4.ip_forward=1")
    if way == "first":
        return run_module(folder, options)
    run_module(folder, {**options, "confirm_within": 0})
    if way == "unchanged":
        run_module(folder, options)
    if way == "changed":
        # Every tenth flow to another port.
        for rule in options["rules"][::10]:
            rule["ports"] = ["6000"]
    return run_module(folder, options)


def native(options: t.Mapping[str, t.Any]) -> str:
    from ansible_collections.openuc.ocs.plugins.module_utils.firewall.policy import ruleset_of  # noqa: PLC0415
    from ansible_collections.openuc.ocs.plugins.module_utils.firewall.text import native_text  # noqa: PLC0415

    return native_text(ruleset_of(options)[0])


# --- the proof --------------------------------------------------------------------------------------------------------


def proven() -> tuple[float, int]:
    """Seconds of the proof over 10,000 flows that cross a firewall of the example lab, and counter-examples."""
    from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.parties import EndpointSet, Member  # noqa: PLC0415
    from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.slices import firewall_slices  # noqa: PLC0415
    from ansible_collections.openuc.ocs.plugins.plugin_utils.proof.prove import prove_slices  # noqa: PLC0415
    from tests import support  # noqa: PLC0415

    found = support.example_design("lab")
    assert found.plan is not None
    like = next(flow for flow in found.plan.flows if flow.crossings and flow.direction == "outbound")
    networks = next(item.networks for item in found.plan.sets if item.name == like.source)
    ends = next(item.networks for item in found.plan.sets if item.name == like.destination)
    sources = [_one(EndpointSet, Member, f"10.20.0.{number}", networks) for number in range(1, 201)]
    targets = [_one(EndpointSet, Member, f"10.30.0.{number}", ends) for number in range(1, 51)]
    made = [
        dataclasses.replace(
            like,
            id=f"flow{number}",
            source=source.name,
            destination=target.name,
            ports=(str(6000 + number % 7),),
            nat=(),
        )
        for number, (source, target) in enumerate(itertools.product(sources, targets))
    ]
    plan = dataclasses.replace(found.plan, flows=tuple(made), sets=(*sources, *targets))
    slices = {item.target: item.arguments for item in firewall_slices(found.topology, plan)}
    start = time.perf_counter()
    proof = prove_slices(found.topology, plan, slices)
    return time.perf_counter() - start, len(proof.counter_examples)


def _one(endpoints: t.Any, member: t.Any, address: str, networks: t.Any) -> t.Any:
    return endpoints(name=address, members=(member(host=address, address=address),), cidrs=(), networks=networks)


# --- peers ------------------------------------------------------------------------------------------------------------

AERLEON = """
import json, sys, time
from aerleon import api
from aerleon.lib import naming
flows = json.load(sys.stdin)
definitions = naming.Naming()
networks = {address: {"values": [{"address": address + "/32"}]} for flow in flows for address in flow[:2]}
services = {f"P{flow[3]}": [{"protocol": flow[2], "port": flow[3]}] for flow in flows}
definitions.ParseDefinitionsObject({"networks": networks, "services": services}, "")
terms = [
    {"name": f"flow-{number}", "source-address": source, "destination-address": destination, "protocol": protocol,
     "destination-port": f"P{port}", "action": "accept"}
    for number, (source, destination, protocol, port) in enumerate(flows)
]
policy = {"filename": "peer", "filters": [{"header": {"targets": {"nftables": "inet forward"}}, "terms": terms}]}
start = time.perf_counter()
made = api.Generate([policy], definitions)
print(time.perf_counter() - start)
"""

PLAY = """
- hosts: localhost
  gather_facts: false
  tasks:
    - ansible.builtin.iptables: {chain: FORWARD, source: "10.1.0.{{ item + 1 }}", protocol: tcp, jump: ACCEPT}
      loop: "{{ range(%d) | list }}"
"""


def peers(folder: Path) -> t.Iterator[str]:
    command = [sys.executable, "-c", AERLEON]
    done = subprocess.run(command, input=json.dumps(flows()), text=True, capture_output=True, check=False)
    yield f"Aerleon generating: {float(done.stdout.splitlines()[-1]):.2f} s" if not done.returncode else done.stderr
    if shutil.which("iptables"):
        times = []
        for count in (1, 1 + LOOPED):
            play = folder / f"loop{count}.yml"
            play.write_text(PLAY % count)
            playbook = Path(sys.executable).with_name("ansible-playbook")
            start = time.perf_counter()
            python = f"ansible_python_interpreter={sys.executable}"
            _do("unshare", "-n", str(playbook), "-i", "localhost,", "-c", "local", "-e", python, str(play))
            times.append(time.perf_counter() - start)
        yield f"a loop of ansible.builtin.iptables: {(times[1] - times[0]) / LOOPED:.2f} s a rule"
    else:
        yield "a loop of ansible.builtin.iptables: not measured, since iptables is not installed"


# --- measuring --------------------------------------------------------------------------------------------------------


def one_run(*arguments: str) -> Cost:
    """A measurement in a process and a namespace of its own."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["unshare", "-n", sys.executable, __file__, *arguments, folder]
        return Cost(*json.loads(_do(*command).splitlines()[-1]))


def _do(*command: str, text: str = "") -> str:
    paths = os.pathsep.join([str(ROOT), str(ROOT / ".build" / "collections")])
    done = subprocess.run(
        command, input=text, text=True, capture_output=True, check=False, env={**os.environ, "PYTHONPATH": paths}
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command[:6])}: {done.stderr}")
    return done.stdout


def _spread(values: t.Sequence[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def main(pairs: int) -> None:
    rounds = [{way: one_run("measure", way) for way in WAYS} for _round in range(pairs)]
    for way in WAYS:
        clock, processor = zip(*(each[way] for each in rounds), strict=True)
        print(f"{COUNT} flows, {way}: {_spread(clock)} s, of them {_spread(processor)} s of processor time")
    print("budget of `first`, `unchanged` and `changed`: 1 s each, in the module")
    proofs = [proven() for _pair in range(3)]
    print(f"proof over {COUNT} flows: {_spread([seconds for seconds, _examples in proofs])} s")
    with tempfile.TemporaryDirectory() as folder:
        for line in peers(Path(folder)):
            print(line)


if __name__ == "__main__":
    if sys.argv[1:2] == ["measure"]:
        print(json.dumps(measured(sys.argv[2], Path(sys.argv[3]))))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else PAIRS)
