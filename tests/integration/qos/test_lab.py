# SPDX-License-Identifier: GPL-3.0-or-later
"""The example lab's plan, applied to the registries that stand in for its Windows servers, and to its domain.

Marks of media are followed through it, and captured where they come by.
"""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.openuc.ocs.plugins.module_utils.firewall.policy import ruleset_of
from ansible_collections.openuc.ocs.plugins.module_utils.firewall.text import native_text
from tests.integration.conftest import RunningLab
from tests.integration.qos.capturing import marks_at
from tests.lab import machine
from tests.support import ROOT

INVENTORY = ROOT / "inventories/lab"
SERVERS = {
    "fe1.corp.contoso.com": "10.20.0.11",
    "fe2.corp.contoso.com": "10.20.0.12",
    "med1.corp.contoso.com": "10.20.0.20",
}
CONTROLLER = "dc1.corp.contoso.com"
CLIENT, CORE = "client1.corp.contoso.com", "lab-core"
WORLD, BORDER = "world1.example.net", "fw-ext.contoso.com"
EDGE, EDGE_OUTSIDE = "edge1.contoso.com", "203.0.113.31"
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


def test_marks_of_media_arrive_in_the_lab_as_planned(
    running_lab: RunningLab, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slice_ = json.loads((folder / f"intended/slices/trace_marks/{CLIENT}.json").read_text())
    assert {trace["expect"] for trace in slice_["traces"]} == {46, 34}
    for trace in slice_["traces"]:
        found, captured = traced(running_lab, monkeypatch, CLIENT, trace, (CORE, trace["host"]))
        assert (found["outcome"], found["changes"]) == ("as_expected", [])
        assert captured == [trace["expect"]] * 2


def test_the_border_of_the_lab_clears_marks_as_planned(
    running_lab: RunningLab, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace = {"id": "from outside", "address": EDGE_OUTSIDE, "port": 50001, "dscp": 46, "expect": 46}
    found, captured = traced(running_lab, monkeypatch, WORLD, trace, (BORDER, EDGE))
    assert (found["outcome"], captured) == ("as_expected", [46, 46])

    planned = json.loads((folder / f"intended/slices/firewall_rules/{BORDER}.json").read_text())
    ruleset, problems = ruleset_of(planned)
    assert problems == []
    file = Path(f"/proc/{running_lab.lab.first_process(BORDER)}/root/root/marks.nft")
    file.write_text(native_text(ruleset))
    try:
        running_lab.on(BORDER, "nft", "-f", "/root/marks.nft")
        found, captured = traced(running_lab, monkeypatch, WORLD, trace, (BORDER, EDGE))
    finally:
        running_lab.on(BORDER, "nft", "flush", "ruleset")
        file.unlink()
    assert (found["outcome"], captured) == ("changed", [46, 0])
    (border,) = [hop["address"] for hop in found["hops"] if hop["hop"] == 1]
    assert found["detail"] == f"46 was cleared: hop 1 ({border}) left 0"


def traced(
    running: RunningLab, monkeypatch: pytest.MonkeyPatch, host: str, trace: dict[str, t.Any], way: tuple[str, ...]
) -> tuple[dict[str, t.Any], list[int]]:
    """What a trace from a host says, and the marks that its packets came to the hosts on the way with."""
    monkeypatch.setenv("ANSIBLE_CALLBACK_RESULT_FORMAT", "json")
    asked = json.dumps({"traces": [{key: trace[key] for key in ("id", "address", "port", "dscp", "expect")}]})
    places = {each: machine.command_in(running.lab.first_process(each), ()) for each in way}
    packets = ("udp", "and", "dst", "host", trace["address"], "and", "dst", "port", str(trace["port"]))
    with marks_at(places, *packets) as marks:
        done = running.ansible("ansible", INVENTORY, host, "-b", "-m", "openuc.ocs.trace_marks", "-a", asked)
        assert done.returncode == 0, done.stdout + done.stderr
    (found,) = json.loads(done.stdout[done.stdout.index("{") :])["traces"]
    return found, [marks[each] for each in way]


def recap(said: str) -> dict[str, int]:
    """How many tasks changed something, by host."""
    lines = said.partition("PLAY RECAP")[2].splitlines()
    counts: dict[str, t.Any] = {
        line.split()[0]: int(line.partition("changed=")[2].split()[0]) for line in lines if "changed=" in line
    }
    return counts
