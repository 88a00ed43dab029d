# SPDX-License-Identifier: GPL-3.0-or-later
"""Slices hold exactly what their modules accept, and all of the plan that concerns the target."""

from __future__ import annotations

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.openuc.ocs.plugins.module_utils.items import problems_of
from ansible_collections.openuc.ocs.plugins.module_utils.specs import MECHANISMS
from ansible_collections.openuc.ocs.plugins.plugin_utils.engine import design
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.slices import Slice, slices_of
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.inventory import RawHost, RawInventory
from tests import support

EXAMPLES = ("lab", "standard", "multisite", "ocs2007", "lync2010")


def slices(name: str) -> tuple[Slice, ...]:
    made = support.example_design(name)
    assert made.plan is not None
    return slices_of(made.topology, made.plan)


@pytest.mark.parametrize("name", EXAMPLES)
def test_each_slice_is_what_its_module_accepts(name: str) -> None:
    for item in slices(name):
        spec, lists = MECHANISMS[item.mechanism]
        assert ArgumentSpecValidator(spec).validate(item.arguments).error_messages == []
        for option, fields in lists.items():
            assert problems_of(option, item.arguments.get(option, []), fields) == []


def test_a_firewall_gets_each_flow_that_crosses_it_and_the_sets_of_those() -> None:
    plan = support.example_design("lab").plan
    assert plan is not None
    item = next(s for s in slices("lab") if s.target == "fw-ext.contoso.com" and s.mechanism == "firewall_rules")
    crossing = {flow.id for flow in plan.flows if any(c.firewall == item.target for c in flow.crossings)}
    assert {rule["id"] for rule in item.arguments["rules"]} == crossing != set()
    used = {rule[end] for rule in item.arguments["rules"] for end in ("source", "destination")}
    assert {entry["name"] for entry in item.arguments["sets"]} == used


def test_a_zone_gets_the_records_of_its_view_only() -> None:
    outside = next(s for s in slices("lab") if s.target == "ns-ext.contoso.com/external.contoso.com")
    names = {record["name"] for record in outside.arguments["records"]}
    assert "_sip._tls.contoso.com" in names
    assert "_sipinternaltls._tcp.contoso.com" not in names


def test_resolvers_are_asked_of_the_zones_that_their_clients_see() -> None:
    raw = support.example("lab")
    shared = {
        key: value
        for key, value in raw.hosts[0].variables.items()
        if all(h.variables.get(key) == value for h in raw.hosts)
    }
    own = {"uc_addresses": {"internal": "10.20.0.240"}}
    resolver = RawHost("resolver1.corp.contoso.com", ("resolver",), {**shared, **own})
    made = design(RawInventory((*raw.hosts, resolver)), support.TODAY)
    assert made.plan is not None
    asked = {
        item.target: item.arguments.get("resolvers")
        for item in slices_of(made.topology, made.plan)
        if item.mechanism == "dns_records"
    }
    assert asked == {
        "ns1.corp.contoso.com/internal.contoso.com": ["10.20.0.240"],
        "ns1.corp.contoso.com/internal.corp.contoso.com": ["10.20.0.240"],
        "ns-ext.contoso.com/external.contoso.com": None,
    }


def test_a_balancer_gets_its_services_with_their_members() -> None:
    item = next(s for s in slices("lab") if s.target == "lb1.corp.contoso.com")
    sip = next(s for s in item.arguments["services"] if (s["vip"], s["port"]) == ("10.20.0.100", "5061"))
    assert sip["members"] == [
        {"name": "fe1.corp.contoso.com", "address": "10.20.0.11"},
        {"name": "fe2.corp.contoso.com", "address": "10.20.0.12"},
    ]


def test_each_issuer_is_asked_for_its_certificates() -> None:
    by_issuer = {s.target: s.arguments["requests"] for s in slices("lab") if s.mechanism == "certificate_request"}
    assert "sip.contoso.com" in {request["subject"] for request in by_issuer["public"]}
    pool = next(request for request in by_issuer["internal"] if request["subject"] == "pool1.corp.contoso.com")
    assert pool["hosts"] == ["fe1.corp.contoso.com", "fe2.corp.contoso.com"]


def test_a_proxy_is_told_what_it_publishes_where_it_is_haproxy() -> None:
    assert not [item for item in slices("lab") if item.mechanism == "publications"]
    told = support.changed(support.example("lab"), {"@rp1.contoso.com/uc_backend": {"reverse_proxy": "haproxy"}})
    made = design(told, support.TODAY)
    assert made.plan is not None
    [item] = [each for each in slices_of(made.topology, made.plan) if each.mechanism == "publications"]
    spec, lists = MECHANISMS["publications"]
    assert item.target == "rp1.contoso.com"
    assert ArgumentSpecValidator(spec).validate(item.arguments).error_messages == []
    assert problems_of("publications", item.arguments["publications"], lists["publications"]) == []
    assert {name for each in item.arguments["publications"] for name in (each["name"], *each["aliases"])} == {
        "im.contoso.com",
        "as.im.contoso.com",
        "download.im.contoso.com",
        "ucupdates-r2.contoso.com",
        "webext.contoso.com",
    }
    [shown] = {path for each in item.arguments["publications"] for path in each["certificates"]}
    assert shown.endswith("reverse-proxy@rp1.contoso.com/combined.pem")


def test_clients_get_their_registry_values_by_group_policy() -> None:
    values = {s.target: s.arguments for s in slices("lab") if s.mechanism == "qos_registry"}
    clients = values["dc1.corp.contoso.com/hq"]
    assert (clients["gpo"], clients["domain_controller"]) == ("UC QoS hq", "dc1.corp.contoso.com")
    assert {value["name"]: value["data"] for value in clients["values"]}["QoSEnabled"] == 1
    assert values["fe1.corp.contoso.com"]["gpo"] == ""


def test_a_firewall_gets_the_marks_of_its_ways() -> None:
    marks = {s.target: s.arguments["marks"] for s in slices("lync2010") if s.mechanism == "firewall_rules"}
    assert {(mark["ingress"], mark["egress"], mark.get("dscp")) for mark in marks["fw-ext.contoso.com"]} == {
        ("internet", "outside", 0)
    }
    audio = next(mark for mark in marks["fw-int.contoso.com"] if mark.get("ports") == "49152-57499")
    assert (audio["ingress"], audio["egress"], audio["side"], audio["dscp"]) == ("lan", "inside", "source", 46)
