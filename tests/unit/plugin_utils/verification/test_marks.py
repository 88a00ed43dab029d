# SPDX-License-Identifier: GPL-3.0-or-later
"""Marks of media that vantages follow, what is planned to be left of them, and what is told of those that are lost."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.openuc.ocs.plugins.module_utils.marking.traces import traces_of as decoded
from ansible_collections.openuc.ocs.plugins.plugin_utils.acting.observing import _bare
from ansible_collections.openuc.ocs.plugins.plugin_utils.engine import Design, design
from ansible_collections.openuc.ocs.plugins.plugin_utils.verification.diagnosis import Diagnosis, Diagnostician
from ansible_collections.openuc.ocs.plugins.plugin_utils.verification.marks import traces_of
from ansible_collections.openuc.ocs.plugins.plugin_utils.verification.verdicts import Verdict, verdicts_of
from tests import support

CLIENT, FRONT_END = "client1.corp.contoso.com", "fe1.corp.contoso.com"
AUDIO, VIDEO, SHARING = 46, 34, 24


def traces(host: str, planned: Design | None = None) -> tuple[dict[str, t.Any], ...]:
    chosen = planned or support.example_design("lab")
    assert chosen.plan is not None
    return dict(traces_of(chosen.topology, chosen.plan))[host]


def branch(network: dict[str, str]) -> Design:
    return design(support.lync_branch(qos={"network": network}), support.TODAY)


def judged(trace: dict[str, t.Any], **result: t.Any) -> tuple[Verdict, tuple[Diagnosis, ...]]:
    planned = support.example_design("lab")
    assert planned.plan is not None
    (verdict,) = verdicts_of(CLIENT, [trace], [{"id": trace["id"], **result}])
    return verdict, Diagnostician(planned.topology, planned.plan, [verdict]).diagnoses()


def test_a_client_follows_both_classes_to_the_servers_of_its_media_and_once_for_a_network() -> None:
    found = traces(CLIENT)
    assert [(trace["dscp"], trace["expect"]) for trace in found] == [(AUDIO, AUDIO), (VIDEO, VIDEO)]
    assert {trace["address"] for trace in found} == {"10.20.0.11"}
    assert all(49152 <= trace["port"] <= 65535 for trace in found)


def test_it_leaves_from_a_port_of_the_medium_where_the_plan_says_which() -> None:
    to_gateway = [trace for trace in traces("med1.corp.contoso.com") if trace["address"] == "10.22.0.21"]
    assert to_gateway
    assert all(60000 <= trace["source_port"] <= 64000 for trace in to_gateway)


def test_those_who_send_no_media_follow_nothing() -> None:
    assert traces("ns1.corp.contoso.com") == ()


def test_the_module_takes_what_is_planned() -> None:
    wanted, problems = decoded([_bare(trace) for trace in traces(CLIENT)])
    assert (len(wanted), problems) == (2, [])


@pytest.mark.parametrize(("action", "arrives"), [("clear", {0}), ("trust", {AUDIO, VIDEO, SHARING})])
def test_what_a_firewall_is_planned_to_do_with_marks_is_expected(action: str, arrives: set[int]) -> None:
    found = traces("pc1.contoso.com", branch({"internal": action}))
    assert found
    assert {trace["expect"] for trace in found} == arrives


def test_where_a_firewall_sets_marks_by_ports_the_class_of_the_port_arrives() -> None:
    """Servers take audio on the lower half of their range, whatever mark it comes with."""
    found = traces("pc1.contoso.com", branch({"internal": "set"}))
    assert {trace["dscp"] for trace in found} == {AUDIO, VIDEO, SHARING}
    assert all(49152 <= trace["port"] <= 57499 for trace in found)
    assert {trace["expect"] for trace in found} == {AUDIO}


def test_nobody_is_likely_to_listen_on_the_port_that_is_tried() -> None:
    for host in (CLIENT, FRONT_END, "med1.corp.contoso.com"):
        assert all(trace["port"] % 2 for trace in traces(host))


def test_a_mark_that_is_cleared_is_told_with_the_host_that_clears_it() -> None:
    changes = [{"hop": 1, "address": "10.20.0.254", "before": AUDIO, "after": 0, "silent": 0}]
    facts = {"sent": AUDIO, "expected": AUDIO, "arrived": 0, "hops": [], "changes": changes}
    verdict, (told,) = judged(traces(CLIENT)[0], outcome="changed", detail="46 was cleared", **facts)
    assert (verdict.status, told.id) == ("failed", "failure.mark-cleared")
    assert "10.20.0.254 clears it, planned is 46" in told.cause


def test_a_mark_that_is_changed_by_the_sender_itself_names_the_sender() -> None:
    changes = [{"hop": 0, "address": "", "before": AUDIO, "after": 26, "silent": 0}]
    facts = {"sent": AUDIO, "expected": AUDIO, "arrived": 26, "hops": [], "changes": changes}
    _verdict, (told,) = judged(traces(CLIENT)[0], outcome="changed", detail="", **facts)
    assert told.id == "failure.mark-changed"
    assert f"{CLIENT} makes it 26" in told.cause


@pytest.mark.parametrize(
    ("outcome", "status"), [("as_expected", "passed"), ("unfinished", "unknown"), ("unsent", "unknown")]
)
def test_a_mark_that_nobody_told_of_is_not_known(outcome: str, status: str) -> None:
    verdict, told = judged(traces(CLIENT)[0], outcome=outcome, detail="")
    assert (verdict.status, told) == (status, ())


def test_a_hop_that_clears_is_told_though_the_other_end_says_nothing() -> None:
    changes = [{"hop": 1, "address": "10.21.0.1", "before": AUDIO, "after": 0, "silent": 0}]
    facts = {"sent": AUDIO, "expected": AUDIO, "arrived": None, "hops": [], "changes": changes}
    verdict, (told,) = judged(traces(CLIENT)[0], outcome="unfinished", detail="", **facts)
    assert (verdict.status, told.id) == ("failed", "failure.mark-cleared")


def test_a_mark_that_was_to_be_set_and_arrives_as_it_left_is_told() -> None:
    facts = {"sent": 0, "expected": AUDIO, "arrived": 0, "hops": [], "changes": []}
    _verdict, (told,) = judged(traces(CLIENT)[0], outcome="changed", detail="", **facts)
    assert told.id == "failure.mark-not-set"
    assert "arrive with mark 0, as they left; planned is 46" in told.cause


def test_a_trace_that_was_not_tried_is_not_known() -> None:
    (verdict,) = verdicts_of(CLIENT, traces(CLIENT)[:1], [])
    assert (verdict.kind, verdict.status) == ("mark", "unknown")
