# SPDX-License-Identifier: GPL-3.0-or-later
"""The example lab's plan, applied to the registries that stand in for its Windows servers, and to its domain."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest
import yaml

from tests.integration.conftest import RunningLab
from tests.support import ROOT

INVENTORY = ROOT / "inventories/lab"
SERVERS = {
    "fe1.corp.contoso.com": "10.20.0.11",
    "fe2.corp.contoso.com": "10.20.0.12",
    "med1.corp.contoso.com": "10.20.0.20",
}
CONTROLLER = "dc1.corp.contoso.com"
KEY = r"HKLM\SOFTWARE\Policies\Microsoft\Windows\Psched\DiffservByteMappingConforming"


def play(running: RunningLab, folder: Path, tasks_from: str = "main") -> str:
    """The role on the servers and the domain controller, with the inventory's own accounts; what Ansible says."""
    role = {"ansible.builtin.include_role": {"name": "openuc.ocs.qos", "tasks_from": tasks_from}}
    hosts = [*SERVERS, CONTROLLER]
    given = {"qos_plan_dir": str(folder / "intended"), "qos_run": "deploy-1", "uc_estate_dir": str(folder)}
    (folder / "play.yml").write_text(
        yaml.safe_dump([{"hosts": hosts, "gather_facts": False, "vars": given, "tasks": [role]}])
    )
    done = running.ansible("ansible-playbook", INVENTORY, str(folder / "play.yml"))
    password = (running.lab.folder / "keys/operator.password").read_text().strip()
    assert password not in done.stdout + done.stderr
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def marks(running: RunningLab, address: str) -> set[str]:
    """What Samba's own command says on the domain controller."""
    password = (running.lab.folder / "keys/operator.password").read_text().strip()
    file = Path(f"/proc/{running.lab.first_process(CONTROLLER)}/root/root/operator")
    file.write_text(f"username = openuc\npassword = {password}\n")
    try:
        command = ("net", "rpc", "registry", "-S", address, "-A", "/root/operator", "enumerate", KEY)
        said = running.on(CONTROLLER, *command, check=False).stdout
    finally:
        file.unlink()
    return {line.split("=")[1].strip() for line in said.splitlines() if line.startswith("Value ")}


@pytest.fixture
def folder(tmp_path: Path, running_lab: RunningLab) -> Path:
    done = running_lab.ansible(
        "ansible-playbook", INVENTORY, str(ROOT / "playbooks/plan.yml"), "-e", f"uc_estate_dir={tmp_path}"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return tmp_path


def test_the_lab_is_brought_to_its_plan_and_back(running_lab: RunningLab, folder: Path) -> None:
    said = play(running_lab, folder)
    assert recap(said) == dict.fromkeys([*SERVERS, CONTROLLER], 1)
    assert [marks(running_lab, address) for address in SERVERS.values()] == [{"46", "34"}] * 3
    listed = running_lab.on(CONTROLLER, "samba-tool", "gpo", "listall").stdout
    assert "UC QoS hq" in listed
    planned = json.loads((folder / f"intended/slices/qos_registry/{CONTROLLER}/hq.json").read_text())
    owned = json.loads(
        (folder / "journal/qos_registry").joinpath("uc%20qos%20hq%20of%20corp.contoso.com/owned.json").read_text()
    )
    assert {entry["name"] for entry in owned["values"]} == {entry["name"] for entry in planned["values"]}

    assert recap(play(running_lab, folder)) == dict.fromkeys([*SERVERS, CONTROLLER], 0)

    assert recap(play(running_lab, folder, "restore")) == dict.fromkeys([*SERVERS, CONTROLLER], 1)
    assert [marks(running_lab, address) for address in SERVERS.values()] == [set()] * 3


def recap(said: str) -> dict[str, int]:
    """How many tasks changed something, by host."""
    lines = said.partition("PLAY RECAP")[2].splitlines()
    counts: dict[str, t.Any] = {
        line.split()[0]: int(line.partition("changed=")[2].split()[0]) for line in lines if "changed=" in line
    }
    return counts
