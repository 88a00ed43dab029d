# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan action as a user meets it: through ansible-playbook, with good and bad inventories."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
import yaml

from tests import support

ESTATE: dict[str, t.Any] = {
    "uc_sip_domains": {"contoso.com": {"default": True}},
    "uc_features": ["im_presence"],
    "uc_sites": {"hq": {"users": 100}},
    "uc_networks": {
        "lan": {"cidr": "10.1.0.0/24", "zone": "internal", "kind": "servers"},
        "clients": {"cidr": "10.1.1.0/24", "zone": "internal", "kind": "clients"},
    },
    "uc_pools": {"se1.corp.contoso.com": {"edition": "standard", "users": 100, "sign_in": True}},
    "uc_clients": {"staff": {"network": "clients", "products": ["communicator"], "count": 100}},
    "uc_ad": {"forests": {"corp": {"domains": ["corp.contoso.com"]}}},
    "uc_dns": {"zones": {"corp.contoso.com": {"view": "internal", "server": "dc1.corp.contoso.com"}}},
}
HOSTS: dict[str, t.Any] = {
    "standard_edition": {"hosts": {"se1.corp.contoso.com": {"uc_addresses": "10.1.0.10"}}},
    "domain_controller": {"hosts": {"dc1.corp.contoso.com": {"uc_addresses": "10.1.0.2"}}},
    "dns_server": {"hosts": {"dc1.corp.contoso.com": {}}},
}


class Estate:
    """A small inventory in a folder, and runs of the plan over it."""

    def __init__(self, folder: Path) -> None:
        self.inventory = folder / "mine"
        self.intended = folder / "mine.estate" / "intended"
        (self.inventory / "group_vars" / "all").mkdir(parents=True)
        self.hosts(HOSTS)
        self.estate(ESTATE)

    def hosts(self, hosts: dict[str, t.Any]) -> None:
        (self.inventory / "hosts.yml").write_text(yaml.safe_dump({"all": {"children": hosts}}))

    def estate(self, estate: dict[str, t.Any]) -> None:
        (self.inventory / "group_vars" / "all" / "uc.yml").write_text(yaml.safe_dump(estate))

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        program = Path(sys.executable).parent / "ansible-playbook"
        environment = {**os.environ, "ANSIBLE_CONFIG": str(support.ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"}
        command = [str(program), "openuc.ocs.plan", "-i", str(self.inventory), *arguments]
        return subprocess.run(command, env=environment, cwd=support.ROOT, capture_output=True, text=True, check=False)


@pytest.fixture
def estate(tmp_path: Path) -> Estate:
    return Estate(tmp_path)


def test_a_plan_is_written_once_and_then_left_alone(estate: Estate) -> None:
    first = estate.run()
    assert first.returncode == 0, first.stdout + first.stderr
    assert "changed=1" in first.stdout
    assert "[WARNING]" not in first.stderr
    assert json.loads((estate.intended / "plan.json").read_text())["schema_version"] == 1
    assert "changed=0" in estate.run().stdout


def test_check_mode_writes_nothing_and_the_diff_shows_what_would_change(estate: Estate) -> None:
    checked = estate.run("--check", "--diff")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "changed=1" in checked.stdout
    assert "+++ after: plan.json" in checked.stdout
    assert not estate.intended.parent.exists()


def test_limit_and_tags_do_not_narrow_the_plan(estate: Estate) -> None:
    estate.run()
    limited = estate.run("--limit", "dc1.corp.contoso.com", "--tags", "nothing")
    assert limited.returncode == 0
    assert "changed=0" in limited.stdout


def test_templates_are_resolved_with_the_hosts_own_variables(estate: Estate) -> None:
    variables = {"uc_addresses": "{{ net }}.10", "net": "10.1.0"}
    estate.hosts({**HOSTS, "standard_edition": {"hosts": {"se1.corp.contoso.com": variables}}})
    assert estate.run().returncode == 0
    assert "10.1.0.10" in (estate.intended / "plan.json").read_text()


def test_templates_that_fail_are_all_told_with_their_place(estate: Estate) -> None:
    changes = {"uc_sites": {"hq": {"users": "{{ head_count }}"}}, "headcount": 100, "uc_as_of": "{{ a }}"}
    estate.estate({**ESTATE, **changes, "a": "{{ b }}", "b": "{{ a }}"})
    found = estate.run()
    said = [line for line in found.stdout.splitlines() + found.stderr.splitlines() if line.startswith("error: ")]
    assert found.returncode != 0
    assert any("'head_count' is undefined. Did you mean headcount?" in line for line in said), found.stderr
    assert any("Recursive loop" in line for line in said)
    place = re.compile(r"error: \S+ and 1 more: group_vars/all/uc\.yml:\d+: ")
    assert [line for line in said if not place.match(line)] == []
    assert not estate.intended.exists()


def test_what_is_wrong_more_than_a_thousand_times_is_told_in_bounds(estate: Estate) -> None:
    estate.estate({**ESTATE, "uc_extra_flows": [{"nonsense": number} for number in range(1200)]})
    found = estate.run()
    said = found.stdout + found.stderr
    assert len(set(re.findall(r"error: uc_extra_flows\[(\d+)\]\.nonsense: ", said))) == 1000, said[:2000]
    assert "... and 200 more of finding.unknown-key: correct those above first" in said
    assert found.returncode != 0


def test_all_errors_are_told_with_their_place_and_nothing_is_written(estate: Estate) -> None:
    estate.estate({**ESTATE, "uc_pols": 1, "uc_sites": {"hq": {"usrs": 5}}})
    failed = estate.run()
    assert failed.returncode == 2
    assert "uc_pols: there is no variable uc_pols. Did you mean uc_pools?" in failed.stdout
    assert "uc_sites.hq.usrs: there is no option usrs here." in failed.stdout
    assert "group_vars/all/uc.yml:" in failed.stdout
    assert "Traceback" not in failed.stdout + failed.stderr
    assert not estate.intended.parent.exists()


def test_an_empty_inventory_is_an_error(estate: Estate) -> None:
    estate.hosts({"other": {"hosts": {"a.contoso.com": {}}}})
    estate.estate({})
    failed = estate.run()
    assert failed.returncode == 2
    assert "holds no server of any known type" in failed.stdout


def test_a_place_that_cannot_be_written_is_named(estate: Estate) -> None:
    estate.intended.parent.write_text("a file where the folder should be")
    failed = estate.run()
    assert failed.returncode == 2
    assert "cannot be written" in failed.stdout + failed.stderr
    assert "uc_estate_dir" in failed.stdout + failed.stderr
    assert estate.intended.parent.read_text() == "a file where the folder should be"


def test_names_in_other_scripts_and_very_long_values_are_answered(estate: Estate) -> None:
    strange = {"name": "ü" * 300, "пул": {}, "x" * 5_000_000: 1}
    estate.estate({**ESTATE, "uc_pools": strange})
    failed = estate.run()
    assert failed.returncode == 2
    assert "Traceback" not in failed.stdout + failed.stderr
    assert len(failed.stdout) < 200_000


@pytest.mark.parametrize("text", ["", "all:\n\tchildren:\n\t\tedge:\n", "all: {children: {edge: {hosts: {}}}}\n"])
def test_an_inventory_without_hosts_is_refused(estate: Estate, text: str) -> None:
    """An empty file, tabs, and groups that nobody is in: Ansible itself would only warn."""
    (estate.inventory / "hosts.yml").write_text(text)
    failed = estate.run()
    assert failed.returncode != 0
    assert "holds no hosts" in failed.stdout
    assert not estate.intended.parent.exists()


def test_a_thousand_mistakes_are_all_told(estate: Estate) -> None:
    estate.estate({**ESTATE, **{f"uc_mistake_{number}": number for number in range(1000)}})
    failed = estate.run()
    assert failed.returncode == 2
    assert "The inventory has 1000 errors" in failed.stdout
    assert len(set(re.findall(r"there is no variable uc_mistake_(\d+)\.", failed.stdout))) == 1000
