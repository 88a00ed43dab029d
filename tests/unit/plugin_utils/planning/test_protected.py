# SPDX-License-Identifier: GPL-3.0-or-later
"""What firewalls deny by default, and rules that two flows ask for."""

from __future__ import annotations

import typing as t

from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.slices import slices_of
from tests import support


def slice_of(example: str, firewall: str) -> dict[str, t.Any]:
    made = support.example_design(example)
    assert made.plan is not None
    found = slices_of(made.topology, made.plan)
    return next(s.arguments for s in found if (s.mechanism, s.target) == ("firewall_rules", firewall))


def test_an_outer_firewall_protects_servers_vips_and_balancers_of_its_perimeter_and_nobody_elses_name_server() -> None:
    protected = slice_of("lab", "fw-ext.contoso.com")["protected"]
    servers = [f"203.0.113.{host}" for host in (31, 32, 33, 41, 42, 51, 52)]
    assert protected == [*servers, "203.0.113.100", "203.0.113.101", "203.0.113.102", "203.0.113.250"]


def test_an_inner_firewall_protects_the_inner_perimeter() -> None:
    protected = slice_of("lab", "fw-int.contoso.com")["protected"]
    assert protected == [f"10.30.0.{host}" for host in (31, 32, 33, 100, 101, 250)]


def test_a_firewall_with_more_legs_protects_both_sides_of_its_own_site_only() -> None:
    protected = slice_of("multisite", "fw-dub.contoso.com")["protected"]
    assert protected == ["10.61.0.21", "10.61.0.31", "10.62.0.21", "10.62.0.31", "10.62.0.32", "10.62.0.33"]


def test_traffic_that_two_flows_ask_for_is_one_rule_from_the_earlier_stage_with_the_reasons_of_both() -> None:
    rules = [
        rule
        for rule in slice_of("lab", "fw-int.contoso.com")["rules"]
        if (rule["destination"], rule["ports"]) == ("vip:10.30.0.100", ["5061"])
    ]
    assert [rule["stage"] for rule in rules] == ["external_access"]
    assert {"ocs2007r2.flow.next-hop-to-edge-sip", "ocs2007r2.flow.pool-to-federation-edge-sip"} <= set(rules[0]["why"])


def test_a_rule_holds_the_translations_of_its_own_firewall_only() -> None:
    for firewall in ("fw-ext.contoso.com", "fw-int.contoso.com"):
        changes = [change for rule in slice_of("lync2010", firewall)["rules"] for change in rule["nat"]]
        assert {change["firewall"] for change in changes} <= {firewall}
