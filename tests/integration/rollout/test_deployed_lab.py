# SPDX-License-Identifier: GPL-3.0-or-later
"""The example lab is deployed, deployed again, looked at and taken back, on real servers. One lab for all of it, in the
order of this file, since each deployment stands on the one before."""

from __future__ import annotations

import dataclasses
import os
import re
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest

from ansible_collections.openuc.ocs.plugins.plugin_utils.rollout.records import read
from tests.integration.conftest import own_name
from tests.lab import estate, kernel, lab, machine
from tests.lab.lab import Lab
from tests.lab.layout import CONTROLLER
from tests.support import ROOT

INVENTORY = ROOT / "inventories/lab"
CLIENT, OUTER, NAMES = "client1.corp.contoso.com", "fw-ext.contoso.com", "ns1.corp.contoso.com"
FE1, LB1 = "fe1.corp.contoso.com", "lb1.corp.contoso.com"
Done = subprocess.CompletedProcess


@dataclasses.dataclass(frozen=True)
class DeployedLab:
    """A lab of this file's own, with the folder of its estate."""

    lab: Lab
    folder: Path

    def play(self, playbook: str, *arguments: str) -> Done[str]:
        inside = kernel.NAMED / kernel.namespace(self.lab.name, CONTROLLER)
        inventories = ["-i", str(INVENTORY), "-i", str(self.lab.folder / "inventory.yml")]
        program = str(Path(sys.executable).parent / "ansible-playbook")
        command = [program, playbook, *inventories, "-e", f"uc_estate_dir={self.folder}", *arguments]
        return subprocess.run(
            ["nsenter", f"--net={inside}", *command],
            env={**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=1800,
            stdin=subprocess.DEVNULL,
        )

    def on(self, host: str, *command: str) -> str:
        within = machine.command_in(self.lab.first_process(host), command)
        return subprocess.run(within, capture_output=True, text=True, check=True, timeout=60).stdout

    def state(self) -> dict[str, str]:
        """What check mode must not touch: rules, services, zones and journals."""
        files = (path for path in sorted((self.folder / "journal").rglob("*")) if path.is_file())
        return {
            "rules": self.on(OUTER, "nft", "-s", "list", "ruleset"),
            "services": self.on(LB1, "cat", "/etc/haproxy/openuc.cfg"),
            "zone": self.on(NAMES, "dig", "+noall", "+answer", "@10.20.0.5", "corp.contoso.com", "SOA"),
            **{str(path): path.read_text(errors="replace") for path in files},
        }

    def verdicts(self) -> list[str]:
        entries = read((self.folder / "journal/rollout.jsonl").read_text()).entries
        return [str(entry.data["verdict"]) for entry in entries if entry.event == "ended"]


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[DeployedLab]:
    name = Lab(own_name("q"))
    try:
        lab.up(name, estate.read(INVENTORY), let_in=False, say=print)
        yield DeployedLab(name, tmp_path_factory.mktemp("estate"))
    finally:
        lab.down(name, print)


def changed(done: Done[str]) -> dict[str, int]:
    found = re.findall(r"^(\S+)\s+: .*changed=(\d+)", done.stdout, re.MULTILINE)
    return {host: int(count) for host, count in found if int(count)}


def test_a_look_ahead_at_an_untouched_estate_writes_nothing_anywhere(deployed: DeployedLab) -> None:
    done = deployed.play("openuc.ocs.deploy", "--check", "--diff")
    assert done.returncode == 0, done.stdout[-3000:]
    assert list(deployed.folder.iterdir()) == []
    assert "openuc" not in deployed.on(OUTER, "nft", "list", "ruleset")


def test_the_whole_estate_is_deployed(deployed: DeployedLab) -> None:
    done = deployed.play("openuc.ocs.deploy")
    assert done.returncode == 0, done.stdout[-5000:]
    assert deployed.verdicts() == ["complete"]
    assert deployed.on(CLIENT, "dig", "+short", "@10.20.0.5", "pool1.corp.contoso.com") == "10.20.0.100\n"
    assert "ocs2007r2.flow." in deployed.on(OUTER, "nft", "list", "table", "inet", "openuc_filter")
    told = deployed.play("openuc.ocs.status")
    assert "All that is planned is done." in told.stdout


def test_deploying_again_changes_nothing(deployed: DeployedLab) -> None:
    done = deployed.play("openuc.ocs.deploy")
    assert done.returncode == 0, done.stdout[-5000:]
    assert changed(done) == {}


def test_looking_ahead_at_a_finished_estate_touches_nothing(deployed: DeployedLab) -> None:
    before = deployed.state()
    done = deployed.play("openuc.ocs.deploy", "--check", "--diff")
    assert done.returncode == 0, done.stdout[-3000:]
    assert changed(done) == {}
    assert deployed.state() == before


def test_a_cut_management_link_stops_the_run_and_is_mended_by_the_next(deployed: DeployedLab) -> None:
    deployed.on(OUTER, "ip", "link", "set", "mgmt", "down")
    try:
        stopped = deployed.play("openuc.ocs.deploy", "--tags", "firewall", "-e", "ansible_ssh_timeout=3")
    finally:
        deployed.on(OUTER, "ip", "link", "set", "mgmt", "up")
    assert stopped.returncode != 0
    assert f"{OUTER}: lost, and may be half changed" in stopped.stdout
    assert deployed.verdicts()[-1] == "stopped"
    again = deployed.play("openuc.ocs.deploy", "--tags", "firewall")
    assert again.returncode == 0, again.stdout[-3000:]
    assert deployed.verdicts()[-1] == "complete"


def test_one_firewall_goes_back_to_before_its_first_rule(deployed: DeployedLab) -> None:
    first = next(e.run for e in read((deployed.folder / "journal/rollout.jsonl").read_text()).entries)
    done = deployed.play("openuc.ocs.rollback", "--tags", "firewall", "--limit", OUTER, "-e", f"uc_run={first}")
    assert done.returncode == 0, done.stdout[-3000:]
    assert "ocs2007r2.flow." not in deployed.on(OUTER, "nft", "list", "ruleset")
    assert "firewall at fw-ext.contoso.com" in deployed.play("openuc.ocs.status").stdout
