# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters over inventories and plans."""

from __future__ import annotations

import typing as t

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.openuc.ocs.plugins.filter import design, selections
from tests import support

HOSTVARS = {host.name: {**host.variables, "ansible_host": "x"} for host in support.example("lab").hosts}
GROUPS: dict[str, list[str]] = {}
for entry in support.example("lab").hosts:
    for group in entry.groups:
        GROUPS.setdefault(group, []).append(entry.name)


@pytest.fixture(scope="module")
def plan() -> dict[str, t.Any]:
    return design.plan(HOSTVARS, GROUPS)


def test_validate_tells_what_is_wrong() -> None:
    broken = {name: {**variables, "uc_pols": {}} for name, variables in HOSTVARS.items()}
    found = design.validate(broken, GROUPS)
    assert [(f["id"], f["path"], f["nearest"]) for f in found if f["severity"] == "error"] == [
        ("finding.unknown-variable", "uc_pols", "uc_pools")
    ]


def test_plan_refuses_a_broken_inventory_with_every_reason() -> None:
    broken = {name: {**variables, "uc_pols": {}, "uc_sits": {}} for name, variables in HOSTVARS.items()}
    with pytest.raises(AnsibleFilterError, match=r"uc_pols.*uc_sits"):
        design.plan(broken, GROUPS)


@pytest.mark.parametrize(("hosts", "groups"), [([], {}), ({}, []), ({"a": 5}, {})])
def test_other_things_than_inventories_are_refused(hosts: object, groups: object) -> None:
    with pytest.raises(AnsibleFilterError):
        design.validate(hosts, groups)


def test_the_proof_holds_over_planned_rules() -> None:
    found = design.prove(HOSTVARS, GROUPS)
    assert (found["holds"], found["counter_examples"]) == (True, [])


def test_the_proof_names_what_a_firewall_without_rules_does_not_let_through() -> None:
    found = design.prove(HOSTVARS, GROUPS, {"fw-ext.contoso.com": None})
    assert found["holds"] is False
    assert {example["firewall"] for example in found["counter_examples"]} == {"fw-ext.contoso.com"}
    assert {example["claim"] for example in found["counter_examples"]} == {"passes"}


def test_the_proof_of_a_broken_inventory_is_refused_with_every_reason() -> None:
    broken = {name: {**variables, "uc_pols": {}} for name, variables in HOSTVARS.items()}
    with pytest.raises(AnsibleFilterError, match="uc_pols"):
        design.prove(broken, GROUPS)


def test_live_rules_are_told_by_firewall() -> None:
    with pytest.raises(AnsibleFilterError, match="expected what was gathered by firewall"):
        design.prove(HOSTVARS, GROUPS, ["fw-ext.contoso.com"])


def test_flows_of_a_firewall(plan: dict[str, t.Any]) -> None:
    found = selections.flows(plan, firewall="fw-ext.contoso.com")
    assert found
    assert all(any(c["firewall"] == "fw-ext.contoso.com" for c in flow["crossings"]) for flow in found)


def test_flows_of_a_host_and_stage(plan: dict[str, t.Any]) -> None:
    found = selections.flows(plan, host="med1.corp.contoso.com", stage="voice")
    assert found
    assert {flow["stage"] for flow in found} == {"voice"}


def test_records_of_a_view_and_zone(plan: dict[str, t.Any]) -> None:
    found = selections.records(plan, view="external", zone="contoso.com")
    assert {"sip.contoso.com", "_sip._tls.contoso.com"} <= {record["name"] for record in found}
    assert {record["view"] for record in found} == {"external"}


def test_services_of_a_balancer_or_member(plan: dict[str, t.Any]) -> None:
    by_balancer = selections.services(plan, balancer="lb-in.contoso.com")
    by_member = selections.services(plan, host="edge1.contoso.com")
    assert by_balancer
    assert {service["id"] for service in by_balancer} <= {service["id"] for service in by_member}


def test_certificates_of_a_host(plan: dict[str, t.Any]) -> None:
    found = selections.certificates(plan, host="fe1.corp.contoso.com")
    assert "pool1.corp.contoso.com" in {certificate["subject"] for certificate in found}


def test_markings_of_a_target(plan: dict[str, t.Any]) -> None:
    target = plan["qos"]["ranges"][0]["target"]
    found = selections.markings(plan, target=target)
    assert found
    assert {item["target"] for item in found} == {target}


def test_capacity_of_a_subject(plan: dict[str, t.Any]) -> None:
    found = selections.capacity(plan, subject="pool1.corp.contoso.com")
    assert found
    assert all(line["load"] >= 0 for line in found)


def test_query_asks_anything(plan: dict[str, t.Any]) -> None:
    assert "sip.contoso.com" in selections.query(plan, "records[?view=='external'].name")


def test_a_bad_query_is_explained(plan: dict[str, t.Any]) -> None:
    with pytest.raises(AnsibleFilterError, match="cannot be read"):
        selections.query(plan, "records[")


def test_something_that_is_no_plan_is_refused() -> None:
    with pytest.raises(AnsibleFilterError, match="expected a plan"):
        selections.records({"records": 3})


def test_query_without_its_library_says_what_is_missing(
    plan: dict[str, t.Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selections, "jmespath", None)
    with pytest.raises(AnsibleFilterError, match="jmespath"):
        selections.query(plan, "records")
