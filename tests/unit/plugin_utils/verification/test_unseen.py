# SPDX-License-Identifier: GPL-3.0-or-later
"""What was not looked at is said with its reason, and what was is not."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.openuc.ocs.plugins.plugin_utils.engine import design
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.plan import Plan
from ansible_collections.openuc.ocs.plugins.plugin_utils.verification.expectations import probes_of
from ansible_collections.openuc.ocs.plugins.plugin_utils.verification.unseen import unseen_of
from ansible_collections.openuc.ocs.plugins.plugin_utils.verification.verdicts import Verdict, verdicts_of
from tests import support

LAB = support.example_design("lab")


def plan() -> Plan:
    assert LAB.plan is not None
    return LAB.plan


def verdicts(*hosts: str) -> list[Verdict]:
    found = dict(probes_of(LAB.topology, plan()))
    return [verdict for host in hosts or found for verdict in verdicts_of(host, found[host], ())]


def reasons(seen: t.Sequence[Verdict], given: Plan | None = None) -> dict[str, str]:
    return {item: each.reason for each in unseen_of(LAB.topology, given or plan(), seen) for item in each.items}


def test_flows_towards_those_whom_nobody_stands_for_are_told() -> None:
    alone = design(support.example("standard"), support.TODAY)
    assert alone.plan is not None
    flow = next(flow for flow in alone.plan.flows if flow.destination == "internet")
    found = {item: each.reason for each in unseen_of(alone.topology, alone.plan, ()) for item in each.items}
    assert "no host of the group vantage stands for them" in found[flow.id]


def test_what_clients_open_to_clients_needs_two_vantages() -> None:
    told = reasons(verdicts())["ocs2007r2.flow.communicator-file-transfer@estate:first_pool"]
    assert "another one in the network of such clients" in told


def test_what_was_tried_is_not_missed() -> None:
    seen = verdicts()
    tried = {item for verdict in seen if verdict.kind == "flow" for item in verdict.items}
    assert tried
    assert tried.isdisjoint(reasons(seen))


def test_flows_of_vantages_that_were_not_asked_are_told() -> None:
    found = reasons(verdicts("world1.example.net"))
    told = found["ocs2007r2.flow.partner-to-edge-sip@edge.corp.contoso.com:federation:to_vip:5061"]
    assert told.startswith("its vantages were not asked")


def test_protocols_that_no_probe_speaks_are_named() -> None:
    some = plan().flows[0]
    with_esp = dataclasses.replace(plan(), flows=(dataclasses.replace(some, id="esp", protocol="esp", ports=()),))
    assert reasons((), with_esp)["esp"] == "probes knock over TCP and UDP; ESP carries no answer of a listener"


def test_flows_that_nobody_stands_for_are_told_with_what_would_help() -> None:
    alone = design(support.example("standard"), support.TODAY)
    assert alone.plan is not None
    found = unseen_of(alone.topology, alone.plan, ())
    assert any("a host of the group vantage in its network would" in each.reason for each in found)


def test_lines_of_hosts_files_and_settings_of_windows_are_said_to_be_steps_of_people() -> None:
    told = {each.what: each for each in unseen_of(LAB.topology, plan(), ())}
    lines = told[f"{len(plan().hosts_entries)} lines of hosts files"]
    assert "steps of people" in lines.reason
    assert len(lines.items) == len(plan().hosts_entries) > 0
    assert f"{len(plan().qos.wmi)} WMI settings" in told
