# SPDX-License-Identifier: GPL-3.0-or-later
"""The role on a lab whose zones are the directory's: changed from the controller with a Kerberos account, and the zone
outside, at another server, with a key; what says so comes with the lab.
"""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest
import yaml

from tests.integration.conftest import RunningLab, own_name
from tests.lab import estate, lab
from tests.lab.lab import Lab
from tests.support import ROOT

from .test_role import changed

INVENTORY = ROOT / "inventories/departments"
PLAN = ROOT / "tests/golden/departments/intended"
SERVERS = {"dc1.corp.contoso.com": "10.20.0.2", "ns-ext.contoso.com": "203.0.113.5"}


@pytest.fixture(scope="module")
def departments() -> t.Iterator[RunningLab]:
    name = Lab(own_name("u"))
    try:
        yield RunningLab(name, lab.up(name, estate.read(INVENTORY), let_in=False, say=print))
    finally:
        lab.down(name, print)


def run(running: RunningLab, folder: Path, tasks_from: str = "main", **more: t.Any) -> str:
    role = {"name": "openuc.ocs.dns", "tasks_from": tasks_from}
    play = [{"hosts": "dns_server", "gather_facts": False, "tasks": [{"ansible.builtin.include_role": role}]}]
    (folder / "play.yml").write_text(yaml.safe_dump(play))
    given = json.dumps({"dns_plan_dir": str(PLAN), "uc_estate_dir": str(folder / "estate"), **more})
    done = running.ansible("ansible-playbook", INVENTORY, "-e", given, str(folder / "play.yml"))
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def told(running: RunningLab, server: str) -> dict[tuple[str, str], list[str]]:
    """What a server answers to each planned name."""
    asked = [f"{name} {kind}" for name, kind in planned(server)]
    said = running.controlling("dig", "+noall", "+answer", f"@{SERVERS[server]}", *" ".join(asked).split()).stdout
    found: dict[tuple[str, str], list[str]] = {}
    for line in said.splitlines():
        name, _ttl, _class, kind, *value = line.split()
        found.setdefault((name.rstrip("."), kind), []).append(" ".join(value).rstrip("."))
    return {key: sorted(values) for key, values in found.items()}


def planned(server: str) -> dict[tuple[str, str], list[str]]:
    listed = [json.loads(path.read_text())["records"] for path in (PLAN / "slices/dns_records" / server).glob("*.json")]
    return {
        (record["name"], record["type"]): sorted(value.rstrip(".") for value in record["values"])
        for records in listed
        for record in records
    }


def test_zones_of_the_directory_are_kept_from_the_controller(departments: RunningLab, tmp_path: Path) -> None:
    before = {server: told(departments, server) for server in SERVERS}
    assert changed(run(departments, tmp_path, dns_run="one")) == dict.fromkeys(SERVERS, 1)
    for server in SERVERS:
        assert not planned(server).items() <= before[server].items()
        assert planned(server).items() <= told(departments, server).items()
    assert changed(run(departments, tmp_path)) == dict.fromkeys(SERVERS, 0)
    assert changed(run(departments, tmp_path, "restore", dns_run="one")) == dict.fromkeys(SERVERS, 1)
    assert {server: told(departments, server) for server in SERVERS} == before
