# SPDX-License-Identifier: GPL-3.0-or-later
"""Roles do nothing where the plan has nothing for a host, and never for want of a plan."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.openuc.ocs.plugins.test import planned as plugin
from tests.support import ROOT

planned = plugin.planned
ROLES = ROOT / "roles"


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    folder = tmp_path / "intended"
    (folder / "slices" / "dns_records" / "ns1").mkdir(parents=True)
    (folder / "manifest.json").write_text("{}")
    return folder


def test_a_slice_that_is_there_is_planned(plan: Path) -> None:
    assert plugin.TestModule().tests() == {"planned": planned}
    assert planned(f"{plan}/slices/dns_records/ns1")
    assert planned(f"{plan}/slices/dns_records")


def test_nothing_is_planned_for_other_hosts(plan: Path) -> None:
    assert not planned(f"{plan}/slices/dns_records/ns2")
    assert not planned(f"{plan}/slices/firewall_rules/fw1.json")


def test_where_there_is_no_plan_nothing_is_passed_over(plan: Path) -> None:
    (plan / "manifest.json").unlink()
    with pytest.raises(AnsibleFilterError) as refused:
        planned(f"{plan}/slices/dns_records/ns1")
    assert str(refused.value).startswith(f"{plan} holds no manifest.json, so there is no plan to apply; run the")


@pytest.mark.parametrize("path", ["/etc/hosts", "", 7, None])
def test_what_leads_into_no_plan_is_refused(path: object) -> None:
    with pytest.raises(AnsibleFilterError, match="expected "):
        planned(path)


def test_roles_ask_for_slices_in_this_way_only() -> None:
    """A role that looked for the file alone would pass over a whole plan that is not there."""
    texts = {path: path.read_text() for path in sorted(ROLES.glob("*/*/*.yml"))}
    of_slices = {path: text for path, text in texts.items() if "slices/" in text or "_slice" in text}
    asking = {path.relative_to(ROLES).parts[0] for path, text in of_slices.items() if "openuc.ocs.planned" in text}
    assert asking == {"certificates", "dns", "firewall", "load_balancer", "publications", "qos", "verify"}
    looking = [str(path) for path, text in of_slices.items() if re.search(r"slice.*\bexists\b|'exists'", text)]
    assert looking == []
