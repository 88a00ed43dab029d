# SPDX-License-Identifier: GPL-3.0-or-later
"""Balancers of the lab, as nobody has touched them before each test and after it."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import tempfile
import typing as t
from pathlib import Path

import pytest

from tests.integration.balancer.ends import CLIENT, MEMBER, End
from tests.integration.carrying import carried
from tests.integration.conftest import RunningLab
from tests.lab import machine
from tests.support import ROOT

LAB = ROOT / "inventories/lab"
BALANCER, OUTSIDE = "lb1.corp.contoso.com", "lb-out.contoso.com"
FIRST, SECOND = "fe1.corp.contoso.com", "fe2.corp.contoso.com"
ADDRESSES: t.Final = {FIRST: "10.20.0.11", SECOND: "10.20.0.12"}
VIP, SNAT, PORT, CHECKED = "10.20.0.230", "10.20.0.231", 7000, 7001

Result = dict[str, t.Any]

# Asks HAProxy as the watcher on the balancer does.
STANDING: t.Final = """
import importlib.machinery, json
watcher = importlib.machinery.SourceFileLoader("watcher", "/usr/local/sbin/openuc-balance").load_module()
print(json.dumps(watcher.servers(watcher.ask("/run/haproxy/openuc.sock"))))
"""

# Runs a module of the collection as Ansible would on this host.
MODULE: t.Final = """
import importlib, json, sys
from ansible.module_utils.testing import patch_module_args
with patch_module_args(json.load(sys.stdin)):
    importlib.import_module(f"ansible_collections.openuc.ocs.plugins.modules.{sys.argv[1]}").main()
"""
OPTIONS: t.Final = {"--check": "check_mode", "--diff": "diff"}

SERVICE: t.Final[Result] = {
    "id": "test",
    "stage": "first_pool",
    "why": [],
    "vip": VIP,
    "port": str(PORT),
    "protocol": "tcp",
    "members": [{"name": name.partition(".")[0], "address": address} for name, address in ADDRESSES.items()],
    "method": "least_connections",
    "affinity": "tcp",
    "idle_seconds": 1200,
    "idle_reset": True,
    "check_port": str(CHECKED),
    "nat": "snat",
    "snat": [SNAT],
}
HELD: t.Final = [{"address": VIP, "interface": "lan"}, {"address": SNAT, "interface": "lan"}]


@dataclasses.dataclass(frozen=True)
class Balancer:
    """A host of the lab with HAProxy, and the modules that are run there."""

    lab: RunningLab
    host: str

    def module(self, name: str, arguments: Result, *options: str) -> Result:
        """What a module returns that runs on the host; where it fails, that has `msg`.

        Ansible's own way there takes seconds each time, so it is gone only for what the controller reads.
        """
        if "slice" in arguments:
            return self._by_ansible(name, arguments, *options)
        told = {f"_ansible_{OPTIONS[option]}": True for option in options}
        path = carried(self.lab.lab, self.host)
        command = ["env", f"PYTHONPATH={path}", "python3", "-c", MODULE, name]
        done = subprocess.run(
            machine.command_in(self.lab.lab.first_process(self.host), command),
            input=json.dumps({**arguments, **told}),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.stdout, done.stderr
        result: Result = json.loads(done.stdout)
        return result

    def _by_ansible(self, name: str, arguments: Result, *options: str) -> Result:
        with tempfile.TemporaryDirectory() as folder:
            words = ["-m", f"openuc.ocs.{name}", "-a", json.dumps(arguments), "-t", folder, *options]
            done = self.lab.ansible("ansible", LAB, self.host, *words)
            found = Path(folder, self.host)
            assert found.exists(), done.stdout + done.stderr
            result: Result = json.loads(found.read_text())
            return result

    def balance(self, *services: Result, check: bool = False, **arguments: t.Any) -> Result:
        given = {"services": list(services), "addresses": HELD, "state": "overridden", **arguments}
        return self.module("load_balancer", given, *(["--check", "--diff"] if check else []))

    def drain(self, *options: str, **arguments: t.Any) -> Result:
        return self.module("drain", {"members": ["fe1"], **arguments}, *options)

    def on(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return self.lab.on(self.host, *command, check=check)

    def standing(self) -> dict[str, str]:
        """Member: its status, of the first service that it has; empty while HAProxy does not answer."""
        told = self.on("python3", "-c", STANDING, check=False).stdout
        found: dict[str, str] = {}
        for each in json.loads(told or "[]"):
            if each["section"].startswith("openuc-") and not each["section"].startswith("openuc-check-"):
                found.setdefault(each["name"], each["status"])
        return found


def cleared(balancer: Balancer) -> None:
    done = balancer.module("load_balancer", {"state": "deleted", "most_deleted": 1000, "most_deleted_ratio": 1.0})
    assert "msg" not in done, done
    balancer.on("rm", "-rf", "/var/lib/openuc/load_balancer")


@pytest.fixture
def balancer(running_lab: RunningLab) -> t.Iterator[Balancer]:
    """The balancer of the pool, without a service of ours."""
    found = Balancer(running_lab, BALANCER)
    yield found
    cleared(found)


@pytest.fixture
def outside(running_lab: RunningLab) -> t.Iterator[Balancer]:
    """The balancer before the Edge Servers."""
    found = Balancer(running_lab, OUTSIDE)
    yield found
    cleared(found)


@pytest.fixture
def members(running_lab: RunningLab) -> t.Iterator[dict[str, End]]:
    """Both Front Ends, serving the balanced port and the one that their health is judged by."""
    ends = {name.partition(".")[0]: End(running_lab, name, MEMBER, name.partition(".")[0]) for name in ADDRESSES}
    for end, address in zip(ends.values(), ADDRESSES.values(), strict=True):
        for port in (PORT, CHECKED):
            assert end.tell(f"tcp {address} {port}") == "done"
    yield ends
    for end in ends.values():
        end.stop()


@pytest.fixture
def client(running_lab: RunningLab) -> t.Iterator[End]:
    """A client's machine in the company."""
    end = End(running_lab, "client1.corp.contoso.com", CLIENT)
    yield end
    end.stop()
