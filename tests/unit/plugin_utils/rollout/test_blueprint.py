# SPDX-License-Identifier: GPL-3.0-or-later
"""What a roll-out reads of a plan, and the documents' order in the walk of an example."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue import loader
from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue.facts import StageFact
from ansible_collections.openuc.ocs.plugins.plugin_utils.json_text import plain
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.slices import slices_of
from ansible_collections.openuc.ocs.plugins.plugin_utils.rollout.blueprint import (
    Blueprint,
    SliceFile,
    blueprint_of,
    demands_of,
    vantages_of,
)
from ansible_collections.openuc.ocs.plugins.plugin_utils.rollout.standing import Standing
from ansible_collections.openuc.ocs.plugins.plugin_utils.rollout.walk import Selection, walk
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.inputs.run import WavesInput
from tests import support


def of(module: str, target: str, **content: t.Any) -> SliceFile:
    return SliceFile(module, target, content)


def items(*stages: str) -> list[dict[str, str]]:
    return [{"id": f"i{number}", "stage": stage} for number, stage in enumerate(stages)]


def told(*slices: SliceFile) -> list[tuple[str, str, set[str]]]:
    return [(one.mechanism, one.host, set(one.stages)) for one in demands_of(slices)]


def test_rules_and_services_are_for_the_host_they_are_named_after() -> None:
    found = told(of("load_balancer", "lb", services=items("a")), of("firewall_rules", "fw", rules=items("b", "c")))
    assert found == [("firewall", "fw", {"b", "c"}), ("load_balancer", "lb", {"a"})]


def test_zones_are_for_their_server_all_at_once() -> None:
    found = told(
        of("dns_records", "internal.a", server="ns", records=items("a")),
        of("dns_records", "internal.b", server="ns", records=items("b")),
        of("dns_records", "internal.c", server="ns", records=[]),
    )
    assert found == [("dns", "ns", {"a", "b"})]


def test_certificates_are_for_those_who_hold_them() -> None:
    requests = [{"stage": "a", "hosts": ["fe1", "fe2"]}, {"stage": "b", "hosts": ["fe2"]}]
    found = told(of("certificate_request", "internal", requests=requests))
    assert found == [("certificates", "fe1", {"a"}), ("certificates", "fe2", {"a", "b"})]


def test_group_policies_are_for_their_domain_controller_or_for_people() -> None:
    assert told(of("qos_registry", "fe1", gpo="", values=items("a"))) == [("qos", "fe1", {"a"})]
    assert told(of("qos_registry", "hq", gpo="Marks", domain_controller="dc", values=items("a"))) == [
        ("qos", "dc", {"a"})
    ]
    assert told(of("qos_registry", "hq", gpo="Marks", values=items("a"))) == []


def test_a_demand_knows_what_is_planned_whatever_the_order_of_its_keys() -> None:
    def content(*planned: dict[str, str]) -> str:
        return demands_of([of("qos_registry", "fe1", values=list(planned))])[0].content

    assert content({"stage": "a", "data": "1"}) == content({"data": "1", "stage": "a"})
    assert content({"stage": "a", "data": "1"}) != content({"stage": "a", "data": "2"})


def test_those_who_look_have_stages_to_look_at() -> None:
    found = vantages_of([of("probe", "client", probes=items("a", "b")), of("qos_registry", "fe1", values=items("c"))])
    assert found == {"client": frozenset({"a", "b"})}


def test_what_no_role_applies_is_nobodys_demand() -> None:
    assert told(of("probe", "client", probes=items("a"))) == []


@pytest.fixture(scope="module")
def lab() -> Blueprint:
    designed = support.example_design("lab")
    plan = designed.plan
    assert plan
    facts = sorted(loader.load("ocs2007r2").facts(StageFact), key=lambda fact: fact.rank)
    stages = {fact.id.partition(".")[2]: fact.title for fact in facts}
    slices = [SliceFile(one.mechanism, one.target, one.arguments) for one in slices_of(designed.topology, plan)]
    return blueprint_of(plain(plan), stages, slices)


def walked(blueprint: Blueprint, stage: str) -> list[str]:
    """Steps and mechanisms of a stage in the order they are walked."""
    everyone = frozenset(server for unit in blueprint.units for server in unit.servers)
    found: list[str] = []
    for wave in walk(blueprint, Selection((stage,), everyone), Standing(), WavesInput()):
        found += [wave.mechanism] if wave.mechanism else []
        found += [step.partition("@")[0].partition(".step.")[2] for step in wave.steps if not wave.mechanism]
    return list(dict.fromkeys(found))


def in_order(whole: list[str], *parts: str) -> bool:
    places = [whole.index(part) for part in parts]
    return places == sorted(places)


def test_the_first_pool_follows_the_printed_sequence(lab: Blueprint) -> None:
    """Guide, deployment process of an Enterprise pool: each phase in the order of its table."""
    assert in_order(
        walked(lab, "first_pool"),
        "enterprise-pool-install-sql",
        "enterprise-pool-configure-sql",
        "load_balancer",
        "dns",
        "enterprise-pool-create-pool",
        "enterprise-pool-configure",
        "enterprise-pool-add-servers",
        "certificates",
        "enterprise-pool-start",
        "enterprise-pool-validate",
        "enterprise-pool-create-users",
    )


def test_external_access_follows_the_printed_sequence(lab: Blueprint) -> None:
    """Guide, deployment process of Edge Servers; federation is a stage of its own."""
    assert in_order(
        walked(lab, "external_access"),
        "dns",
        "edge-reverse-proxy",
        "firewall",
        "edge-director",
        "edge-install",
        "edge-activate",
        "edge-configure",
        "certificates",
        "edge-start",
        "edge-validate",
    )
    assert in_order(walked(lab, "external_access"), "load_balancer", "edge-install")
    assert walked(lab, "federation")[-1] == "edge-federation"


def test_every_step_of_the_plan_is_walked_once(lab: Blueprint) -> None:
    everyone = frozenset(server for unit in lab.units for server in unit.servers)
    waves = walk(lab, Selection(tuple(lab.stages), everyone), Standing(), WavesInput())
    asked = [step for wave in waves if wave.kind == "checkpoints" for step in wave.steps]
    people = [step.id for step in lab.steps if not step.is_automated and not (step.kind == "decision" and step.chosen)]
    assert asked == people
