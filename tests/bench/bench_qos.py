# SPDX-License-Identifier: GPL-3.0-or-later
"""Twenty registry values on each of six servers: in the module, beside bare Samba and its command.

The servers are Samba's, on a network of their own; it needs root, as the lab does. Runs take turns. `bare` connects to
one server after the other with Samba's libraries and sets the values, with no reading, comparing, journal or reading
back. `net` is a call of `net rpc registry setvalue` for each value, which is what a task for each value comes to.
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import tempfile
import time
import typing as t
from pathlib import Path

from tests.integration.servers import throwaway
from tests.lab.services import directory

ROOT = Path(__file__).resolve().parents[2]
COLLECTIONS = ROOT / ".build/collections"
SERVERS, VALUES, PAIRS, LOOPED = 6, 20, 7, 5
PASSWORD = "Benchmarks-only-1"
KEY = r"SOFTWARE\Policies\Microsoft\Windows\QoS\Bench"
ADDRESSES = [f"10.99.0.{number}" for number in range(21, 21 + SERVERS)]

BARE = """
import json, sys, time
start = time.perf_counter()
from samba import param
from samba.credentials import DONT_USE_KERBEROS, Credentials
from samba.dcerpc import winreg
asked = json.load(sys.stdin)
def text(word):
    made = winreg.String()
    made.name = word
    return made
for address in asked["addresses"]:
    settings = param.LoadParm()
    settings.set("client min protocol", "SMB2")
    settings.set("client ipc min protocol", "SMB2")
    account = Credentials()
    account.set_workstation("bench")
    account.set_domain("")
    account.set_username("openuc")
    account.set_password(asked["password"])
    account.set_kerberos_state(DONT_USE_KERBEROS)
    registry = winreg.winreg(f"ncacn_np:{address}[target_hostname={address},seal]", settings, account)
    root = registry.OpenHKLM(None, 0x2001F)
    key, _made = registry.CreateKey(root, text(asked["key"]), text(""), 0, 0x2001F, None, 0)
    for name, number in asked["values"].items():
        registry.SetValue(key, text(name), 4, list(number.to_bytes(4, "little")))
print(time.perf_counter() - start)
"""

MODULE = """
import json, sys, time
start = time.perf_counter()
sys.path.insert(0, sys.argv[1])
from ansible_collections.openuc.ocs.plugins.module_utils.registry import work
from ansible_collections.openuc.ocs.plugins.module_utils.specs import QOS_REGISTRY
options = {name: spec.get("default") for name, spec in QOS_REGISTRY.items()}
found = work.run({**options, **json.load(sys.stdin)}, False)
if found.get("failed") or found["changed"] is not (sys.argv[2] == "apply"):
    sys.exit(json.dumps(found)[:2000])
print(time.perf_counter() - start)
"""


def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="openuc-bench-"))
    try:
        with throwaway.network() as network:
            for number, address in enumerate(ADDRESSES):
                service = directory.registry_server(f"fe{number}.corp.contoso.com", address, password=PASSWORD)
                network.host(f"fe{number}", address, service)
            report(measure(network, folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def measure(network: throwaway.Network, folder: Path) -> dict[str, list[float]]:
    """Seconds by way, each measured so many times in turns."""
    found: dict[str, list[float]] = {}
    for turn in range(PAIRS):
        values = {f"Value {index}": turn * VALUES + index for index in range(VALUES)}
        ways = {"apply": ("apply",), "unchanged": ("unchanged",)}
        for way in ways:
            found.setdefault(way, []).append(
                run(network, MODULE, module_options(folder, values), str(COLLECTIONS), way)
            )
        bare = {"addresses": ADDRESSES, "password": PASSWORD, "key": f"{KEY} bare", "values": values}
        found.setdefault("bare", []).append(run(network, BARE, bare))
    found["net"] = [command(network, index) for index in range(LOOPED)]
    return found


def module_options(folder: Path, values: dict[str, int]) -> dict[str, t.Any]:
    listed = [
        {"hive": "HKLM", "key": KEY, "name": name, "type": "REG_DWORD", "data": data} for name, data in values.items()
    ]
    return {
        "targets": [{"target": address, "address": address, "values": listed} for address in ADDRESSES],
        "accounts": {"default": {"user": "openuc"}},
        "passwords": {"default": PASSWORD},
        "journal_dir": str(folder / "journal"),
        "timeout": 60.0,
    }


def run(network: throwaway.Network, program: str, options: dict[str, t.Any], *arguments: str) -> float:
    command = ["nsenter", f"--target={network.client.pid}", "--net", "/usr/bin/python3", "-c", program, *arguments]
    done = subprocess.run(command, input=json.dumps(options), capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return float(done.stdout)


def command(network: throwaway.Network, index: int) -> float:
    start = time.perf_counter()
    words = ("setvalue", f"HKLM\\{KEY}", f"Value {index}", "dword", "1")
    network.client.run("net", "rpc", "registry", *words, "-U", f"openuc%{PASSWORD}", "-S", ADDRESSES[0])
    return time.perf_counter() - start


def report(found: dict[str, list[float]]) -> None:
    middle = {way: statistics.median(seconds) for way, seconds in found.items()}
    print(f"{VALUES} values on each of {SERVERS} servers, medians of {PAIRS} runs that took turns:")
    for way, words in (
        ("bare", "bare Samba, one server after the other, nothing read"),
        ("apply", "module: read, compared, stored, written, read back"),
        ("unchanged", "module, nothing to change"),
    ):
        low, high = min(found[way]), max(found[way])
        print(f"  {words:55} {middle[way]:6.2f} s  ({low:.2f}-{high:.2f})")
    whole = middle["net"] * VALUES * SERVERS
    print(f"  {'net rpc registry, a call for each value':55} {whole:6.2f} s  ({middle['net']:.3f} s a value)")
    print(f"  module / bare: {middle['apply'] / middle['bare']:.2f}; net / module: {whole / middle['apply']:.1f}")


if __name__ == "__main__":
    main()
