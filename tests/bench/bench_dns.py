# SPDX-License-Identifier: GPL-3.0-or-later
"""10,000 records written into an empty zone of BIND, and then found unchanged: the module beside other ways.

Budgets: writing 1.2 times, and finding all unchanged half of what a bare dnspython script takes that does the same (one
transfer, one comparison, signed updates with prerequisites, a transfer to confirm). In the module is from main()
entered to just before exit_json. Each measurement has a process, and each writing a zone, of its own; the ways take
turns. Beside them `nsupdate` in bulk, and once each octoDNS with its BIND provider and a loop of
`community.general.nsupdate`, fetched into `.build/peers` the first time. Memory is the most that a process had.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import typing as t
from pathlib import Path

from tests.bench import peers

ROOT = Path(__file__).resolve().parents[2]
COUNT = 10_000
PAIRS = 9
LOOPED = 10
SECRET = "YSBrZXkgZm9yIGJlbmNobWFya3Mgb25seSwgMzIgbw=="
KEY = f'key "openuc" {{ algorithm hmac-sha256; secret "{SECRET}"; }};\n'
TTL = 600
MOST_IN_MESSAGE = 400
WAYS = ("module", "dnspython", "nsupdate")


def records(zone: str, count: int = COUNT) -> list[dict[str, t.Any]]:
    """Nine tenths addresses, the rest services and aliases."""
    made = []
    for number in range(count):
        name = f"host-{number}"
        if number % 20 == 0:
            name = f"_service-{number}._tcp"
            kind, value = "SRV", f"0 0 5061 host-{number + 1}.{zone}."
        elif number % 20 == 10:
            kind, value = "CNAME", f"host-{number + 1}.{zone}."
        else:
            kind, value = "A", f"10.{number // 62500}.{number // 250 % 250}.{number % 250}"
        made.append({"name": f"{name}.{zone}", "type": kind, "ttl": TTL, "values": [value]})
    return made


# --- the server -----------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def server(folder: Path, zones: t.Sequence[str]) -> t.Iterator[int]:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = int(sock.getsockname()[1])
    config = [KEY, f'options {{ directory "{folder}"; pid-file none; session-keyfile none; recursion no; notify no;']
    config.append(f" listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }}; dnssec-validation no; }};\n")
    config.append("controls { };\n")
    for zone in zones:
        # Nothing but what is written stands in it: octoDNS takes a zone for its own.
        (folder / zone).write_text("$TTL 600\n@ IN SOA ns.test. host.test. 1 3600 600 86400 60\n@ IN NS ns.test.\n")
        config.append(f'zone "{zone}" {{ type primary; file "{zone}"; allow-update {{ key openuc; }};')
        config.append(" allow-transfer { key openuc; }; };\n")
    (folder / "named.conf").write_text("".join(config))
    process = subprocess.Popen(
        ["named", "-c", str(folder / "named.conf"), "-g"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
        yield port
    finally:
        process.terminate()
        process.wait(30)


# --- our way --------------------------------------------------------------------------------------------------------


def own_memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def module(zone: str, port: int, journal: str) -> tuple[float, int, int]:
    """From main() entered to just before exit_json, how many records were written, and memory in MB."""
    from ansible.module_utils.basic import AnsibleModule  # noqa: PLC0415 - the other ways pay for no import
    from ansible.module_utils.testing import patch_module_args  # noqa: PLC0415

    from ansible_collections.openuc.ocs.plugins.modules import dns_records  # noqa: PLC0415

    made: dict[str, t.Any] = {}

    def leave(_module: AnsibleModule, **result: t.Any) -> t.NoReturn:
        made.update(result, at=time.perf_counter())
        raise SystemExit

    AnsibleModule.exit_json = AnsibleModule.fail_json = leave
    arguments = {"server": "ns1", "address": "127.0.0.1", "port": port, "zone": zone, "key_name": "openuc"}
    given = {**arguments, "keys": {"openuc": SECRET}, "journal_dir": journal, "records": records(zone)}
    with patch_module_args(given), contextlib.suppress(SystemExit):
        start = time.perf_counter()
        dns_records.main()
    if made.get("msg"):
        raise SystemExit(made["msg"])
    return made["at"] - start, made["zones"][0]["applied"], own_memory()


# --- a bare script --------------------------------------------------------------------------------------------------


def dnspython(zone: str, port: int, _journal: str) -> tuple[float, int, int]:
    import dns.name  # noqa: PLC0415
    import dns.query  # noqa: PLC0415
    import dns.rdatatype  # noqa: PLC0415
    import dns.rrset  # noqa: PLC0415
    import dns.tsigkeyring  # noqa: PLC0415
    import dns.update  # noqa: PLC0415
    import dns.zone  # noqa: PLC0415

    ring = dns.tsigkeyring.from_text({"openuc": SECRET})
    wanted = records(zone)
    start = time.perf_counter()

    def differing() -> list[dns.rrset.RRset]:
        found = dns.zone.from_xfr(
            dns.query.xfr("127.0.0.1", zone, port=port, keyring=ring, keyalgorithm="hmac-sha256", relativize=False),
            relativize=False,
        )
        missing = []
        for item in wanted:
            rrset = dns.rrset.from_text_list(item["name"] + ".", item["ttl"], "IN", item["type"], item["values"])
            there = found.get_rdataset(rrset.name, rrset.rdtype)
            if there is None or there.ttl != rrset.ttl or set(there) != set(rrset):
                missing.append(rrset)
        return missing

    missing = differing()
    with socket.create_connection(("127.0.0.1", port)) as sock:
        for first in range(0, len(missing), MOST_IN_MESSAGE):
            update = dns.update.UpdateMessage(zone, keyring=ring, keyalgorithm="hmac-sha256")
            for rrset in missing[first : first + MOST_IN_MESSAGE]:
                update.absent(rrset.name)
                update.add(rrset.name, rrset)
            answer = dns.query.tcp(update, "127.0.0.1", sock=sock)
            if answer.rcode():
                raise SystemExit(f"code {answer.rcode()}")
    if missing and differing():
        raise SystemExit("not all was written")
    return time.perf_counter() - start, len(missing), own_memory()


# --- other tools ----------------------------------------------------------------------------------------------------


def of_program(command: list[str], folder: str | None = None, **environment: str) -> tuple[float, int]:
    """Seconds, and the most memory it had in MB, looked at all the while: what one waits for includes its parent's."""
    most = 0
    with tempfile.TemporaryFile("w+") as said:
        start = time.perf_counter()
        process = subprocess.Popen(
            command, stdout=said, stderr=subprocess.STDOUT, cwd=folder, env={**os.environ, **environment}
        )
        while process.poll() is None:
            status = Path(f"/proc/{process.pid}/status").read_text().partition("VmHWM:")[2].split()
            most = max(most, int(status[0]) if status else 0)
            time.sleep(0.002)
        seconds = time.perf_counter() - start
        if process.returncode:
            said.seek(0)
            raise SystemExit(said.read()[-2000:])
    return seconds, most // 1024


def nsupdate(zone: str, port: int, journal: str) -> tuple[float, int, int]:
    """Nothing is read or compared; records that are there already are written again."""
    lines = [f"server 127.0.0.1 {port}", f"key hmac-sha256:openuc {SECRET}", f"zone {zone}"]
    for number, item in enumerate(records(zone)):
        lines.append(f"update add {item['name']} {TTL} {item['type']} {item['values'][0]}")
        if number % 1000 == 999:
            lines.append("send")
    given = Path(f"{journal}.{zone}")
    given.write_text("\n".join(lines) + "\n")
    seconds, memory = of_program(["nsupdate", str(given)])
    return seconds, COUNT, memory


OCTODNS = """\
providers:
  planned: {{class: octodns.provider.yaml.YamlProvider, directory: {folder}, default_ttl: 600, enforce_order: false}}
  server:
    class: octodns_bind.Rfc2136Provider
    host: 127.0.0.1
    port: {port}
    key_name: openuc
    key_secret: {secret}
    key_algorithm: hmac-sha256
zones:
  {zone}.: {{sources: [planned], targets: [server]}}
"""


def octodns(program: Path, folder: Path, zone: str, port: int) -> tuple[float, float, int]:
    """Planning and writing, finding all unchanged, and memory in MB."""
    (folder / "octodns.yaml").write_text(OCTODNS.format(folder=folder, port=port, secret=SECRET, zone=zone))
    lines = ["---"]
    for item in records(zone):
        value: t.Any = item["values"][0]
        if item["type"] == "SRV":
            priority, weight, number, target = value.split()
            value = {"priority": int(priority), "weight": int(weight), "port": int(number), "target": target}
        entry = {"type": item["type"], "ttl": TTL, "value": value}
        lines.append(f"{item['name'].removesuffix('.' + zone)}: {json.dumps(entry)}")
    (folder / f"{zone}.yaml").write_text("\n".join(lines) + "\n")
    command = [str(program), "--config-file", str(folder / "octodns.yaml"), "--doit", "--force"]
    (apply, most), (unchanged, again) = of_program(command), of_program(command)
    return apply, unchanged, max(most, again)


PLAY = """
- hosts: localhost
  gather_facts: false
  tasks:
    - community.general.nsupdate:
        server: 127.0.0.1
        port: {port}
        key_name: openuc
        key_secret: {secret}
        key_algorithm: hmac-sha256
        zone: {zone}
        record: "looped-{{{{ item }}}}"
        value: 10.9.9.9
      loop: "{{{{ range({count}) | list }}}}"
"""


def looped(folder: Path, zone: str, port: int) -> tuple[float, int]:
    """Seconds a record, without what starting Ansible costs, and memory of Ansible in MB."""
    runs = []
    for count in (1, 1 + LOOPED):
        play = folder / f"loop{count}.yml"
        play.write_text(PLAY.format(port=port, secret=SECRET, zone=zone, count=count))
        playbook = str(Path(sys.executable).with_name("ansible-playbook"))
        python = f"ansible_python_interpreter={sys.executable}"
        command = [playbook, "-i", "localhost,", "-c", "local", "-e", python, str(play)]
        runs.append(of_program(command, str(folder), ANSIBLE_COLLECTIONS_PATH=str(peers.PEERS)))
    (one, _memory), (all_of_them, memory) = runs
    return (all_of_them - one) / LOOPED, memory


# --- measuring ------------------------------------------------------------------------------------------------------


def one_run(way: str, zone: str, port: int, journal: str) -> tuple[float, int, int]:
    """Seconds, records written, and memory in MB."""
    paths = os.pathsep.join([str(ROOT), str(ROOT / ".build" / "collections")])
    command = [sys.executable, __file__, "way", way, zone, str(port), journal]
    environment = {**os.environ, "PYTHONPATH": paths}
    seconds, count, memory = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, text=True, env=environment
    ).stdout.split()
    return float(seconds), int(count), int(memory)


def compared(what: str, found: dict[str, list[tuple[float, int, int]]], budget: float) -> None:
    ours, theirs = found["module"], found["dnspython"]
    ratios = sorted(one[0] / other[0] for one, other in zip(ours, theirs, strict=True))
    listed = ", ".join(
        f"{way} {statistics.median(run[0] for run in runs):.2f} s ({max(run[2] for run in runs)} MB)"
        for way, runs in found.items()
    )
    print(
        f"{what}: {listed}; module to dnspython {statistics.median(ratios):.2f} "
        f"({ratios[0]:.2f} to {ratios[-1]:.2f}), budget {budget}"
    )


def main(pairs: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        zones = [f"{way}{number}.example" for way in WAYS for number in range(pairs)]
        with server(folder, [*zones, "octodns.example", "looped.example"]) as port:
            journal = str(folder / "journal")
            written: dict[str, list[tuple[float, int, int]]] = {way: [] for way in WAYS}
            same: dict[str, list[tuple[float, int, int]]] = {way: [] for way in WAYS[:2]}
            for number in range(pairs):
                for way in WAYS:
                    written[way].append(one_run(way, f"{way}{number}.example", port, journal))
                for way, runs in same.items():
                    runs.append(one_run(way, f"{way}{number}.example", port, journal))
            if any(run[1] != COUNT for runs in written.values() for run in runs):
                raise SystemExit("not all was written")
            if any(run[1] for runs in same.values() for run in runs):
                raise SystemExit("something was written again")
            compared(f"{COUNT} records written", written, 1.2)
            compared(f"{COUNT} records unchanged", same, 0.5)
            ours = [statistics.median(run[0] for run in runs["module"]) for runs in (written, same)]
            program = peers.program("octodns-sync", "octodns", "octodns-bind")
            if program:
                apply, unchanged, memory = octodns(program, folder, "octodns.example", port)
                print(
                    f"octoDNS: written {apply:.2f} s, unchanged {unchanged:.2f} s ({memory} MB); "
                    f"module to it {ours[0] / apply:.2f} and {ours[1] / unchanged:.2f}"
                )
            else:
                print("no octoDNS: it could not be fetched into .build/peers")
            if peers.collection("community.general"):
                each, memory = looped(folder, "looped.example", port)
                print(
                    f"a loop of community.general.nsupdate: {each * 1000:.0f} ms a record, {each * COUNT:.0f} s "
                    f"({memory} MB); module to it {ours[0] / (each * COUNT):.5f}"
                )
            else:
                print("no loop of community.general.nsupdate: it could not be fetched into .build/peers")


if __name__ == "__main__":
    if sys.argv[1:2] == ["way"]:
        ways = {"module": module, "dnspython": dnspython, "nsupdate": nsupdate}
        print(*ways[sys.argv[2]](sys.argv[3], int(sys.argv[4]), sys.argv[5]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else PAIRS)
