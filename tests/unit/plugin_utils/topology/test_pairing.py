# SPDX-License-Identifier: GPL-3.0-or-later
"""Two balancers of which one stands in for the other: what each is told, and what both may do."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.openuc.ocs.plugins.plugin_utils.engine import design
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.slices import Arguments, balancer_slices
from ansible_collections.openuc.ocs.plugins.plugin_utils.rendering import balancers
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.pairing import pair_of
from tests import support

FIRST, SECOND = "lb1.corp.contoso.com", "lb2.corp.contoso.com"
CHANGES: t.Final[dict[str, t.Any]] = {
    f"@{FIRST}/uc_addresses": "10.20.0.244",
    f"@{SECOND}/groups": ["load_balancer"],
    f"@{SECOND}/uc_addresses": "10.20.0.245",
    f"@{SECOND}/uc_balancer": {"interfaces": {"eth1": "lan"}, "stands_in_for": FIRST},
}


@pytest.fixture(scope="module")
def paired() -> t.Any:
    return design(support.changed(support.example("lab"), CHANGES), support.TODAY)


def _slices(paired: t.Any) -> dict[str, Arguments]:
    return {item.target: item.arguments for item in balancer_slices(paired.topology, paired.plan)}


def test_both_get_the_same_services_and_what_tells_them_apart(paired: t.Any) -> None:
    slices = _slices(paired)
    assert slices[FIRST]["services"] == slices[SECOND]["services"] != []
    both = {"virtual_router": 244}
    assert slices[FIRST]["pair"] == {
        **both, "interface": "lan", "address": "10.20.0.244", "peer": "10.20.0.245", "priority": 150
    }  # fmt: skip
    assert slices[SECOND]["pair"] == {
        **both, "interface": "eth1", "address": "10.20.0.245", "peer": "10.20.0.244", "priority": 100
    }  # fmt: skip


def test_each_holds_the_addresses_on_its_own_cards(paired: t.Any) -> None:
    slices = _slices(paired)
    held = {name: {each["address"] for each in slices[name]["addresses"]} for name in (FIRST, SECOND)}
    assert held[FIRST] == held[SECOND] > {"10.20.0.100", "10.20.0.250"}
    assert {each["interface"] for each in slices[SECOND]["addresses"]} == {"eth1"}


def test_balancers_without_a_stand_in_are_told_of_none(paired: t.Any) -> None:
    assert "pair" not in _slices(paired)["lb-in.contoso.com"]


def test_members_may_be_judged_by_either_and_are_reached_from_the_shared_address(paired: t.Any) -> None:
    legs: dict[str, set[str]] = {"health_check": set(), "to_member": set()}
    sources = {each.name: each for each in paired.plan.sets}
    for flow in paired.plan.flows:
        members = sources[flow.source].members
        if flow.leg in legs and FIRST in {member.host for member in members}:
            legs[flow.leg] |= {str(member.address) for member in members}
    assert legs == {"health_check": {"10.20.0.244", "10.20.0.245"}, "to_member": {"10.20.0.250"}}


def test_health_is_judged_from_nobody_elses_address(paired: t.Any) -> None:
    slices = tuple(balancer_slices(paired.topology, paired.plan))
    files = dict(balancers.render(paired.topology, paired.plan, slices))
    checks = [line for line in files[f"native/{SECOND}.cfg"].splitlines() if line.endswith(" check")]
    assert checks
    assert not any(" source " in line for line in checks)
    assert "unicast_src_ip 10.20.0.245" in files[f"native/{SECOND}.keepalived.conf"]


def test_clusters_name_the_first_and_not_who_stands_in() -> None:
    changes = {**CHANGES, "uc_pools/pool1.corp.contoso.com/balancer": SECOND}
    found = design(support.changed(support.example("lab"), changes), support.TODAY)
    [refused] = [each for each in found.findings if each.id == "finding.no-balancer"]
    assert (refused.path, refused.value) == ("uc_pools['pool1.corp.contoso.com'].balancer", SECOND)
    assert refused.allowed == f"lb-in.contoso.com, lb-out.contoso.com, {FIRST}"


def test_appliances_have_their_own_way(paired: t.Any) -> None:
    changes = {**CHANGES, f"@{FIRST}/uc_balancer/kind": "hardware"}
    found = design(support.changed(support.example("lab"), changes), support.TODAY)
    assert pair_of(found.topology, FIRST) is None
    assert pair_of(paired.topology, FIRST) is not None
