# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof holds for every example, and names every rule that is taken out, widened, narrowed or added."""

from __future__ import annotations

import copy
import dataclasses
import typing as t

import pytest

from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.plan import Plan
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.slices import firewall_slices
from ansible_collections.openuc.ocs.plugins.plugin_utils.proof.model import CounterExample, Proof
from ansible_collections.openuc.ocs.plugins.plugin_utils.proof.prove import prove, prove_slices
from ansible_collections.openuc.ocs.plugins.plugin_utils.rendering.proofs import page_of
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.model import Topology
from tests import support
from tests.golden.test_golden import EXAMPLES

Slices = dict[str, dict[str, t.Any]]
WITH_FIREWALLS = EXAMPLES
Mutation = t.Callable[[dict[str, t.Any], dict[str, t.Any]], bool]


def designed(name: str) -> tuple[Topology, Plan]:
    found = support.example_design(name)
    assert found.plan is not None
    return found.topology, found.plan


def slices_of(name: str) -> Slices:
    return {item.target: copy.deepcopy(item.arguments) for item in firewall_slices(*designed(name))}


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_proof_holds_for_every_example(name: str) -> None:
    proof = prove(*designed(name))
    assert proof.counter_examples == ()
    assert proof.holds
    assert {each.firewall for each in proof.firewalls} == set(slices_of(name))
    assert proof.crossing == sum(1 for flow in designed(name)[1].flows if flow.crossings)


# --- every rule of every example, changed in every way ----------------------------------------------------------------


def remove(given: dict[str, t.Any], rule: dict[str, t.Any]) -> bool:
    given["rules"].remove(rule)
    return True


def open_all_ports(_given: dict[str, t.Any], rule: dict[str, t.Any]) -> bool:
    if not rule["ports"]:
        return False
    rule["ports"] = []
    return True


def open_one_port_more(_given: dict[str, t.Any], rule: dict[str, t.Any]) -> bool:
    if not rule["ports"]:
        return False
    rule["ports"] = [*rule["ports"], "1"]
    return True


def any_source_port(_given: dict[str, t.Any], rule: dict[str, t.Any]) -> bool:
    if not rule["source_ports"]:
        return False
    rule["source_ports"] = ""
    return True


def narrow_ports(_given: dict[str, t.Any], rule: dict[str, t.Any]) -> bool:
    for index, ports in enumerate(rule["ports"]):
        first, dash, last = ports.partition("-")
        if dash:
            rule["ports"][index] = f"{int(first) + 1}-{last}"
            return True
    return False


def widen_source(given: dict[str, t.Any], rule: dict[str, t.Any]) -> bool:
    return _with_more(given, rule, "source", "100.64.9.9")


def widen_destination(given: dict[str, t.Any], rule: dict[str, t.Any]) -> bool:
    return _with_more(given, rule, "destination", "100.64.9.9")


def _with_more(given: dict[str, t.Any], rule: dict[str, t.Any], end: str, address: str) -> bool:
    held = next(item["addresses"] for item in given["sets"] if item["name"] == rule[end])
    if held == ["0.0.0.0/0"]:
        return False
    given["sets"].append({"name": "mutated", "addresses": [*held, address]})
    rule[end] = "mutated"
    return True


def lose_an_address(given: dict[str, t.Any], rule: dict[str, t.Any]) -> bool:
    held = next(item["addresses"] for item in given["sets"] if item["name"] == rule["destination"])
    if len(held) < 2:
        return False
    given["sets"].append({"name": "mutated", "addresses": held[1:]})
    rule["destination"] = "mutated"
    return True


def turn_round(_given: dict[str, t.Any], rule: dict[str, t.Any]) -> bool:
    rule["ingress"], rule["egress"] = rule["egress"], rule["ingress"]
    return rule["ingress"] != rule["egress"]


def other_protocol(_given: dict[str, t.Any], rule: dict[str, t.Any]) -> bool:
    rule["protocol"] = "udp" if rule["protocol"] == "tcp" else "tcp"
    return True


def translate_elsewhere(_given: dict[str, t.Any], rule: dict[str, t.Any]) -> bool:
    for change in rule["nat"]:
        change["public"] = "192.0.2.250"
    return bool(rule["nat"])


def translate_no_more(_given: dict[str, t.Any], rule: dict[str, t.Any]) -> bool:
    had = bool(rule["nat"])
    rule["nat"] = []
    return had


MUTATIONS = (
    remove,
    open_all_ports,
    open_one_port_more,
    any_source_port,
    narrow_ports,
    widen_source,
    widen_destination,
    lose_an_address,
    turn_round,
    other_protocol,
    translate_elsewhere,
    translate_no_more,
)


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.__name__)
def test_every_change_of_every_rule_is_named(name: str, mutation: Mutation) -> None:
    topology, plan = designed(name)
    planned = slices_of(name)
    for firewall, given in planned.items():
        for index, rule in enumerate(given["rules"]):
            changed = copy.deepcopy(given)
            if not mutation(changed, changed["rules"][index]):
                continue
            proof = prove_slices(topology, plan, {**planned, firewall: changed})
            named = [example for example in proof.counter_examples if _names(example, firewall, rule["id"])]
            assert named, f"{firewall}: {rule['id']}: {[str(example) for example in proof.counter_examples]}"


def _names(example: CounterExample, firewall: str, rule: str) -> bool:
    """By its own id, or by that of the flow that misses it: a rule may stand for several."""
    return example.firewall == firewall and (example.rule == rule or bool(example.flow)) and bool(example.reason)


# --- what counter-examples say ----------------------------------------------------------------------------------------

INNER, OUTER = "fw-int.contoso.com", "fw-ext.contoso.com"


def lab_with(firewall: str, change: t.Callable[[dict[str, t.Any]], object]) -> Proof:
    planned = slices_of("lab")
    change(planned[firewall])
    return prove_slices(*designed("lab"), planned)


def rule_of(given: dict[str, t.Any], part: str) -> dict[str, t.Any]:
    found: dict[str, t.Any] = next(rule for rule in given["rules"] if part in rule["id"])
    return found


def test_a_missing_rule_is_shown_by_a_packet_between_hosts() -> None:
    proof = lab_with(INNER, lambda given: given["rules"].remove(rule_of(given, "edge-to-next-hop-sip")))
    (example,) = proof.counter_examples
    assert example.claim == "passes"
    assert example.packet is not None
    assert (example.packet.source_host, example.packet.port) == ("edge1.contoso.com", 5061)
    assert str(example).startswith(
        "fw-int.contoso.com inside → lan: tcp from edge1.contoso.com (10.30.0.31) port 65535 to "
    )
    assert example.reason.endswith("needs it, and no rule lets it through")
    assert "ocs2007r2.flow.edge-to-next-hop-sip" in example.why


def test_a_rule_that_is_too_wide_is_shown_by_a_packet_that_no_flow_needs() -> None:
    proof = lab_with(OUTER, lambda given: rule_of(given, "user-to-edge-sip").update(ports=["443", "8080"]))
    (example,) = proof.counter_examples
    assert (example.claim, example.packet and example.packet.port) == ("nothing_else", 8080)
    assert example.reason == (f"rule {example.rule} lets it through, and is wider than the flow {example.rule} needs")


@pytest.mark.parametrize(("stage", "claim"), [("federation", "passes"), ("first_pool", "nothing_else")])
def test_a_rule_that_comes_too_late_or_too_early_is_shown(stage: str, claim: str) -> None:
    """Every prefix of the stages is proven with the whole."""
    proof = lab_with(INNER, lambda given: rule_of(given, "edge-to-next-hop-sip").update(stage=stage))
    (example,) = proof.counter_examples
    assert example.claim == claim


def test_a_second_rule_for_the_same_is_covered() -> None:
    def again(given: dict[str, t.Any]) -> None:
        given["rules"].append({**rule_of(given, "user-to-edge-sip"), "id": "again"})

    (example,) = lab_with(OUTER, again).counter_examples
    assert (example.claim, example.rule) == ("not_covered", "again")
    assert example.reason.startswith("rule again adds nothing to ")


def test_broadcasts_towards_the_inside_are_shown() -> None:
    def shout(given: dict[str, t.Any]) -> None:
        given["sets"].append({"name": "all", "addresses": ["10.20.0.255"]})
        rule = rule_of(given, "edge-to-next-hop-sip")
        given["rules"].append({**rule, "id": "shout", "destination": "all"})

    claims = {example.claim for example in lab_with(INNER, shout).counter_examples if example.rule == "shout"}
    assert claims == {"no_broadcast", "nothing_else"}


def test_a_firewall_without_rules_misses_all_of_them() -> None:
    topology, plan = designed("lab")
    proof = prove_slices(topology, plan, {INNER: slices_of("lab")[INNER]})
    missing = {example.flow for example in proof.counter_examples if example.firewall == OUTER}
    needed = {flow.id for flow in plan.flows if any(way.firewall == OUTER for way in flow.crossings)}
    assert missing == needed


def test_live_rules_are_proven_in_place_of_planned_ones() -> None:
    topology, plan = designed("lab")
    gathered = slices_of("lab")[OUTER]
    assert prove(topology, plan, {OUTER: gathered}).holds
    gathered["rules"].pop()
    gathered["protected"] = []
    assert not prove(topology, plan, {OUTER: gathered}).holds, "what is protected is the plan's to say"


def test_a_flow_that_is_planned_past_a_firewall_is_shown() -> None:
    topology, plan = designed("lab")
    crossing = next(flow for flow in plan.flows if flow.crossings and flow.leg == "direct")
    past = [dataclasses.replace(flow, crossings=()) if flow is crossing else flow for flow in plan.flows]
    proof = prove_slices(topology, dataclasses.replace(plan, flows=tuple(past)), slices_of("lab"))
    example = next(each for each in proof.counter_examples if each.claim == "way")
    assert (example.flow, example.firewall) == (crossing.id, crossing.crossings[0].firewall)
    assert "comes this way, and is not planned to" in str(example)


def test_packets_without_ports_are_told_without_them() -> None:
    def ping(given: dict[str, t.Any]) -> None:
        rule = rule_of(given, "edge-to-next-hop-sip")
        given["rules"].append({**rule, "id": "ping", "protocol": "icmp", "ports": []})

    (example,) = lab_with(INNER, ping).counter_examples
    assert str(example.packet).startswith("icmp from edge1.contoso.com (10.30.0.31) to ")
    assert "port" not in str(example.packet)


# --- the page ---------------------------------------------------------------------------------------------------------


def test_the_page_says_whether_it_holds() -> None:
    page = page_of(prove(*designed("lab")))
    assert "It holds." in page
    assert "| fw-ext.contoso.com | observe |" in page
    assert "Counter-examples" not in page


def test_the_page_shows_what_does_not_hold() -> None:
    proof = lab_with(INNER, lambda given: given["rules"].remove(rule_of(given, "edge-to-next-hop-sip")))
    page = page_of(proof)
    assert "It does not hold: 1 counter-example(s)." in page
    assert "tcp from edge1.contoso.com (10.30.0.31) port 65535" in page
    assert "| Every required flow is let through by every firewall on its way | no | 1 |" in page
