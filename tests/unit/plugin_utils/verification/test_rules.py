# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules that firewalls were found with are proven against the plan; what contradicts it is told with a packet."""

from __future__ import annotations

import copy
import dataclasses
import json
import typing as t
from pathlib import Path

import pytest

from ansible_collections.openuc.ocs.plugins.plugin_utils.acting.compared import keep_rules
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.slices import firewall_slices
from ansible_collections.openuc.ocs.plugins.plugin_utils.verification.diagnosis import Diagnostician
from ansible_collections.openuc.ocs.plugins.plugin_utils.verification.observed import ObservedError
from ansible_collections.openuc.ocs.plugins.plugin_utils.verification.rules import proven
from ansible_collections.openuc.ocs.plugins.plugin_utils.verification.verdicts import Verdict, verdicts_of
from tests import support
from tests.unit.plugin_utils.verification.test_diagnosis import EXPECTED, WORLD

LAB = support.example_design("lab")
assert LAB.plan is not None
PLAN = LAB.plan
FIREWALL = "fw-ext.contoso.com"
PROXY_FLOW = "ocs2007r2.flow.user-to-reverse-proxy@rp1.contoso.com:external_access"
Rules = dict[str, t.Any]


def planned() -> Rules:
    slices = {item.target: item.arguments for item in firewall_slices(LAB.topology, PLAN)}
    rules: Rules = copy.deepcopy(dict(slices[FIREWALL]))
    return rules


def judged(folder: Path, rules: Rules | None, stages: t.Collection[str] | None = None) -> tuple[Verdict, ...]:
    keep_rules(folder / "rules", FIREWALL, rules)
    return proven(LAB.topology, PLAN, folder, stages)


def without(rules: Rules, name: str) -> Rules:
    return {**rules, "rules": [rule for rule in rules["rules"] if rule["id"] != name]}


def test_rules_as_planned_hold_every_claim(tmp_path: Path) -> None:
    found = judged(tmp_path, planned())
    assert {(verdict.status, verdict.host) for verdict in found} == {("passed", FIREWALL)}
    assert len({verdict.id for verdict in found}) == 6
    assert found[0].detail.startswith("Every required flow is let through by every firewall on its way (")


def test_a_rule_that_is_gone_names_the_flow_and_a_packet_of_it(tmp_path: Path) -> None:
    failed = [verdict for verdict in judged(tmp_path, without(planned(), PROXY_FLOW)) if verdict.status == "failed"]
    assert [(verdict.outcome, verdict.items) for verdict in failed] == [("passes", (PROXY_FLOW,))]
    assert (failed[0].address, failed[0].port, failed[0].protocol) == ("203.0.113.33", 443, "tcp")
    assert "to rp1.contoso.com (203.0.113.33) port 443" in failed[0].detail
    (told,) = Diagnostician(LAB.topology, PLAN, failed).diagnoses()
    assert (told.id, told.host) == ("failure.live-rules-stop", FIREWALL)


def test_a_rule_that_nobody_planned_is_told_with_what_it_lets_through(tmp_path: Path) -> None:
    rules = planned()
    model = next(rule for rule in rules["rules"] if rule["id"] == PROXY_FLOW)
    rules["rules"].append({**model, "id": "someone", "ports": ["3389"], "why": []})
    failed = [verdict for verdict in judged(tmp_path, rules) if verdict.status == "failed"]
    assert [(verdict.outcome, verdict.port) for verdict in failed] == [("nothing_else", 3389)]
    (told,) = Diagnostician(LAB.topology, PLAN, failed).diagnoses()
    assert told.id == "failure.live-rules-let-through"
    assert "uc_extra_flows" in told.remedy


def test_a_flow_that_fails_is_explained_by_the_rule_that_is_gone(tmp_path: Path) -> None:
    probe = next(probe for probe in EXPECTED[WORLD] if PROXY_FLOW in probe["items"] and probe["kind"] == "flow")
    seen = {"id": probe["id"], "outcome": "filtered"}
    verdicts = [*verdicts_of(WORLD, [probe], [seen]), *judged(tmp_path, without(planned(), PROXY_FLOW))]
    told = {item.id: item.cause for item in Diagnostician(LAB.topology, PLAN, verdicts).diagnoses()}
    own = next(cause for name, cause in told.items() if not name.startswith("failure.live-rules"))
    assert f"Its live rules prove it: {FIREWALL} " in own
    assert "and no rule lets it through" in own


def test_of_stages_to_come_nothing_is_needed_yet(tmp_path: Path) -> None:
    """Rules of the first pool only, as a roll-out leaves them that has come that far."""
    reached = ("preflight", "directory", "infrastructure", "first_pool")
    rules = planned()
    rules["rules"] = [rule for rule in rules["rules"] if rule["stage"] in reached]
    assert {verdict.status for verdict in judged(tmp_path, rules, reached)} == {"passed"}
    assert "failed" in {verdict.status for verdict in judged(tmp_path, rules)}


def test_a_firewall_that_observes_is_told_to_stop_nothing(tmp_path: Path) -> None:
    rules = {**without(planned(), PROXY_FLOW), "enforce": "observe"}
    failed = next(verdict for verdict in judged(tmp_path, rules) if verdict.status == "failed")
    assert failed.detail.endswith("; it observes only, and lets everything through")


def test_a_firewall_without_rules_of_ours_is_told_once(tmp_path: Path) -> None:
    (found,) = judged(tmp_path, None)
    assert (found.status, found.outcome, found.detail) == ("failed", "no_rules", "it has no rules of ours at all")


def test_nothing_is_said_where_nobody_read_rules_and_a_broken_file_is_named(tmp_path: Path) -> None:
    assert proven(LAB.topology, PLAN, tmp_path) == ()
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / f"{FIREWALL}.json").write_text(json.dumps({"host": FIREWALL}))
    with pytest.raises(ObservedError, match=rf"{FIREWALL}\.json cannot be used"):
        proven(LAB.topology, PLAN, tmp_path)


def test_the_plan_itself_is_left_as_it_is(tmp_path: Path) -> None:
    before = dataclasses.replace(PLAN)
    judged(tmp_path, planned(), ("first_pool",))
    assert before == PLAN
