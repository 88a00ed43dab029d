# SPDX-License-Identifier: GPL-3.0-or-later
"""The guide's sample rules and routing examples, through the planner; each difference is named by an erratum."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue import loader
from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue.facts import ErratumFact
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.base import Stages
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.routing import Call, route_number
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.voice import plan_voice
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.voice_items import VoicePlan
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.build import read
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.numbers.patterns import (
    early_match,
    is_hidden_by,
    read_pattern,
    translate,
)
from tests import support

PRINTED = yaml.safe_load((Path(__file__).parent / "ocs2007r2" / "dial_plan.yml").read_text())
RULES = {rule["name"]: rule for rule in PRINTED["normalization_rules"]}
GATEWAYS = {"Red-GW1": "redmond", "Red-GW2": "redmond", "Dallas-GW1": "dallas", "NY-GW1": "new_york"}

# Where the guide's own result is not what its patterns say: the line, what comes out, and the erratum that tells.
DIFFERENCES = {
    9277: ("+2145550100", "erratum.sample-normalization-rules"),
    9352: ("+14255550100", "erratum.off-hook-example"),
}


def plan_of(voice: dict[str, t.Any]) -> VoicePlan:
    """The voice plan of the guide's three cities, with a Mediation Server before each gateway."""
    groups: dict[str, t.Any] = {
        "standard_edition": {"ocs1.contoso.com": {"addresses": "10.0.0.1"}},
        "media_gateway": {
            name: {"site": site, "addresses": f"10.0.1.{number}"}
            for number, (name, site) in enumerate(GATEWAYS.items(), 1)
        },
        "mediation": {
            f"med-{name}": {"site": site, "addresses": f"10.0.2.{number}"}
            for number, (name, site) in enumerate(GATEWAYS.items(), 1)
        },
    }
    estate: dict[str, t.Any] = {
        "product": "ocs2007r2",
        "sites": {"redmond": {}, "dallas": {}, "new_york": {}},
        "pools": {"ocs1.contoso.com": {"edition": "standard", "site": "redmond"}},
        "mediation": {f"med-{name}": {"next_hop": "ocs1.contoso.com", "gateways": [name]} for name in GATEWAYS},
        "voice": voice,
    }
    topology, problems = read(support.inventory_of(groups, estate))
    assert problems == []
    return plan_voice(topology, Stages(topology.catalogue))


@pytest.mark.parametrize("rule", [*RULES.values(), *PRINTED["off_hook_rules"]], ids=lambda rule: str(rule["line"]))
def test_sample_rules_give_what_is_printed(rule: dict[str, t.Any]) -> None:
    expected, erratum = DIFFERENCES.get(rule["line"], (rule["printed"], ""))
    made = translate(read_pattern(rule["pattern"]), rule["translation"], rule["dialled"])
    assert made == expected
    if erratum:
        assert made != rule["printed"]
        row = next(fact for fact in loader.load("ocs2007r2").facts(ErratumFact) if fact.id == erratum)
        assert row.source.lines[0] <= rule["line"] <= row.source.lines[1]


def test_the_reading_of_the_long_distance_rule_gives_the_printed_number() -> None:
    rule = RULES["LDCallingUS"]
    assert translate(read_pattern(rule["pattern"]), "+1$1", rule["dialled"]) == rule["printed"]


def test_the_redmond_profile_reaches_each_of_its_rules() -> None:
    ordered = [RULES[name] for name in PRINTED["redmond_profile"]["rules"]]
    rules = [{key: rule[key] for key in ("name", "pattern", "translation")} for rule in ordered]
    plan = plan_of({"location_profiles": {PRINTED["redmond_profile"]["name"]: {"rules": rules}}})
    for rule in ordered:
        call = route_number(plan, rule["dialled"], PRINTED["redmond_profile"]["name"])
        assert (call.rule, call.number) == (rule["name"], rule["printed"])


def test_the_redmond_profile_knows_no_long_distance_numbers() -> None:
    rules = [
        {key: RULES[name][key] for key in ("name", "pattern", "translation")}
        for name in PRINTED["redmond_profile"]["rules"]
    ]
    plan = plan_of({"location_profiles": {"Redmond": {"rules": rules}}})
    assert route_number(plan, "12145550100", "Redmond").reason == "no rule of Redmond matches 12145550100"


def test_rules_for_two_cities_cannot_share_a_profile() -> None:
    dallas, redmond = (read_pattern(RULES[f"7digitcalling{city}"]["pattern"]) for city in ("Dallas", "Redmond"))
    assert is_hidden_by(dallas, (redmond,))


def test_the_off_hook_example_is_sent_early() -> None:
    longer, shorter = (read_pattern(rule["pattern"]) for rule in PRINTED["off_hook_rules"])
    number = early_match(longer, shorter)
    assert number is not None
    assert number.startswith("9425")
    assert shorter.match(number[:5])


def example_plan(example: dict[str, t.Any]) -> VoicePlan:
    routes = {
        route["name"]: {
            "pattern": PRINTED["patterns"][route["pattern"]],
            "usages": route["usages"],
            "gateways": route["gateways"],
        }
        for route in example["routes"]
    }
    policies = {name: {"usages": usages} for name, usages in example["policies"].items()}
    return plan_of({"policies": policies, "routes": routes, "default_policy": "Default Calling Policy"})


CALLS = [(example, call) for example in PRINTED["examples"] for call in example["calls"]]


@pytest.mark.parametrize(("example", "call"), CALLS, ids=lambda value: str(value.get("name") or value.get("number")))
def test_routing_examples(example: dict[str, t.Any], call: dict[str, t.Any]) -> None:
    down = call.get("down", [])
    found: Call = route_number(example_plan(example), call["number"], policy=call.get("policy", ""), unavailable=down)
    assert found.route == call["route"]
    # erratum.failover-to-failed-gateway: a gateway that is down is passed over in the route that stands in.
    assert list(found.gateways) == [name for name in call.get("gateways", []) if name not in down]
    assert found.number == call["number"].replace(" ", "")  # erratum.spaces-in-test-numbers
    if call["route"]:
        assert list(found.choices[0].mediation) == [f"med-{name}" for name in found.gateways]


def test_errata_of_the_examples_exist() -> None:
    known = {fact.id for fact in loader.load("ocs2007r2").facts(ErratumFact)}
    named = {erratum for _result, erratum in DIFFERENCES.values()}
    assert named | {"erratum.failover-to-failed-gateway", "erratum.spaces-in-test-numbers"} <= known
