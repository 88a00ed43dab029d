# SPDX-License-Identifier: GPL-3.0-or-later
"""What each vantage is expected to see."""

from __future__ import annotations

import functools
import typing as t

import pytest

from ansible_collections.openuc.ocs.plugins.module_utils.probing import specification
from ansible_collections.openuc.ocs.plugins.plugin_utils.acting.slices import staged
from ansible_collections.openuc.ocs.plugins.plugin_utils.engine import Design, design
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.access import may_connect
from ansible_collections.openuc.ocs.plugins.plugin_utils.verification.expectations import CLOSED_SAMPLE, probes_of
from ansible_collections.openuc.ocs.plugins.plugin_utils.verification.vantages import vantages_of
from ansible_collections.openuc.ocs.plugins.plugin_utils.verification.verdicts import verdicts_of
from tests import support

PLANNED = ("stage", "why", "replaces", "items", "kind", "host", "certificate", "wanted", "title")


@functools.cache
def enforcing() -> Design:
    changes = {f"@{name}/uc_enforce": "enforce" for name in ("fw-ext.contoso.com", "fw-int.contoso.com")}
    return design(support.changed(support.example("lab"), changes), support.TODAY)


def probes(host: str, planned: Design | None = None) -> tuple[dict[str, t.Any], ...]:
    chosen = planned or support.example_design("lab")
    assert chosen.plan is not None
    return dict(probes_of(chosen.topology, chosen.plan))[host]


def flows(host: str, address: str) -> dict[int, dict[str, t.Any]]:
    return {probe["port"]: probe for probe in probes(host) if probe["kind"] == "flow" and probe["address"] == address}


def test_the_internet_knocks_where_remote_users_do_and_nowhere_else() -> None:
    seen = {(probe["address"], probe["port"], probe["protocol"]) for probe in probes("world1.example.net")
            if probe["kind"] == "flow"}  # fmt: skip
    assert ("203.0.113.100", 443, "sip") in seen
    assert ("203.0.113.102", 3478, "stun") in seen
    assert ("203.0.113.33", 443, "https") in seen
    assert not {address for address, _port, _protocol in seen if address.startswith("10.")}


def test_a_partner_knocks_as_a_partner_and_not_as_a_remote_user() -> None:
    ports = flows("edge.fabrikam.com", "203.0.113.100")
    assert sorted(ports) == [5061]


def test_behind_tls_stand_the_names_of_the_planned_certificate() -> None:
    probe = flows("world1.example.net", "203.0.113.100")[443]
    assert probe["names"] == ["sip.contoso.com"]
    assert "edge-access" in probe["certificate"]


def test_behind_a_virtual_address_only_the_names_of_all_members_are_expected() -> None:
    balanced = flows("dir1.corp.contoso.com", "10.30.0.100")[5061]
    alone = flows("fe1.corp.contoso.com", "10.30.0.31")[8057]
    assert balanced["names"] == ["access.corp.contoso.com", "av.corp.contoso.com"]
    assert alone["names"] == ["access.corp.contoso.com", "av.corp.contoso.com", "edge1.contoso.com"]


def test_an_edge_knocks_from_the_address_of_the_service_that_opens_the_flow() -> None:
    sources = {
        (probe["host"], probe["source_address"]) for probe in probes("edge1.contoso.com") if probe["port"] == 5061
    }
    assert sources == {("lb1.corp.contoso.com", "10.30.0.31"), ("edge.fabrikam.com", "203.0.113.31")}


def test_of_a_range_both_ends_and_the_middle_are_tried() -> None:
    ports = {probe["port"] for probe in probes("med1.corp.contoso.com") if probe["address"] == "10.20.0.11"}
    assert {49152, (49152 + 65535) // 2, 65535} <= ports


def test_names_are_asked_in_the_view_of_the_one_who_asks() -> None:
    inside = {probe["name"] for probe in probes("client1.corp.contoso.com") if probe["kind"] == "name"}
    outside = {probe["name"] for probe in probes("world1.example.net") if probe["kind"] == "name"}
    assert "_sipinternaltls._tcp.contoso.com" in inside - outside
    assert "_sip._tls.contoso.com" in outside - inside


def test_what_several_flows_ask_for_is_tried_once_for_all_of_them() -> None:
    probe = flows("client1.corp.contoso.com", "10.20.0.100")[5061]
    assert len(probe["items"]) == 3
    ids = [item["id"] for item in probes("client1.corp.contoso.com")]
    assert len(set(ids)) == len(ids)


def test_a_record_that_a_later_stage_replaces_is_no_longer_expected_then() -> None:
    records = [
        item for item in probes("client1.corp.contoso.com") if item.get("name", "").startswith("_sipinternaltls")
    ]
    content = {"probes": records}
    before = staged(content, ["preflight", "directory", "infrastructure", "first_pool"])["probes"]
    after = staged(content, None)["probes"]
    assert [item["values"] for item in before] == [["0 0 5061 pool1.corp.contoso.com"]]
    assert [item["values"] for item in after] == [["0 0 5061 dirpool.corp.contoso.com"]]


def test_each_vantage_tells_the_stories_of_those_it_stands_for() -> None:
    def told(host: str) -> list[tuple[str, list[str]]]:
        content = staged({"probes": [item for item in probes(host) if item["kind"] == "story"]}, None)
        return [(item["title"], item["wanted"]) for item in content["probes"]]

    assert told("client1.corp.contoso.com") == [("A client inside signs in: contoso.com", ["dirpool.corp.contoso.com"])]
    assert told("world1.example.net") == [("A client on the Internet signs in: contoso.com", ["sip.contoso.com"])]
    assert told("edge.fabrikam.com") == [("A partner finds the Access Edge: contoso.com", ["sip.contoso.com"])]
    assert told("fe1.corp.contoso.com") == []


def test_only_what_an_enforcing_firewall_stands_before_is_expected_to_be_closed() -> None:
    assert [probe for probe in probes("world1.example.net") if probe["kind"] == "closed"] == []
    closed = [probe for probe in probes("world1.example.net", enforcing()) if probe["kind"] == "closed"]
    assert {probe["expect"] for probe in closed} == {"blocked"}
    by_address: dict[str, int] = {}
    for probe in closed:
        by_address[probe["address"]] = by_address.get(probe["address"], 0) + 1
    assert set(by_address.values()) == {CLOSED_SAMPLE}
    assert not [address for address in by_address if address.startswith("10.20.")]


def test_nothing_that_a_flow_opens_is_expected_to_be_closed() -> None:
    for vantage in vantages_of(enforcing().topology):
        items = probes(vantage.host, enforcing())
        opened = {(p["source_address"], p["address"], p["port"]) for p in items if p["kind"] == "flow"}
        assert not [
            p for p in items if p["kind"] == "closed" and (p["source_address"], p["address"], p["port"]) in opened
        ]


@pytest.mark.parametrize("name", ["departments", "lab", "lync2010", "multisite", "ocs2007", "standard"])
def test_probes_are_what_the_module_takes(name: str) -> None:
    planned = support.example_design(name)
    assert planned.plan is not None
    for host, items in probes_of(planned.topology, planned.plan):
        bare = [{key: value for key, value in item.items() if key not in PLANNED} for item in items]
        assert specification.decode(bare)[1] == [], host


def test_windows_servers_are_not_connected_to_unless_the_inventory_says_so() -> None:
    changes = {"@fe1.corp.contoso.com/uc_access": "~delete", "@fe2.corp.contoso.com/uc_access": "none"}
    topology = design(support.changed(support.example("lab"), changes), support.TODAY).topology
    assert not may_connect(topology, topology.servers["fe1.corp.contoso.com"])
    assert not may_connect(topology, topology.servers["fe2.corp.contoso.com"])
    assert may_connect(topology, topology.servers["dir1.corp.contoso.com"])


def test_appliances_are_not_connected_to() -> None:
    topology = support.example_design("multisite").topology
    hardware = [s for s in topology.servers.values() if s.given.balancer and s.given.balancer.kind == "hardware"]
    assert hardware
    assert not [server for server in hardware if may_connect(topology, server)]


def test_ways_towards_clients_and_the_internet_end_at_vantages_that_stand_for_them() -> None:
    """They listen only while they are in a call, so the way is enough; it leaves from a port of the range."""
    to_client = [probe for probe in probes("fe1.corp.contoso.com") if probe["address"] == "10.21.0.51"]
    assert {(probe["host"], probe["expect"]) for probe in to_client} == {("client1.corp.contoso.com", "passed")}
    media = [probe for probe in probes("edge1.contoso.com") if probe["host"] == "edge.fabrikam.com"
             and any("av-edge-to-partner-media" in item for item in probe["items"])]  # fmt: skip
    assert len(media) == 1
    assert 50000 <= media[0]["source_port"] <= 59999
    assert media[0]["source_address"] == "203.0.113.51"


def test_relays_of_media_must_see_who_asks_as_we_do() -> None:
    ports = {(probe["port"], probe["protocol"]): probe for probe in probes("world1.example.net")
             if probe["address"] == "203.0.113.102" and probe["kind"] == "flow"}  # fmt: skip
    assert ports[3478, "stun"]["mapped"] == ports[443, "stun"]["mapped"] == "198.51.100.52"
    assert ports[443, "stun"]["transport"] == "tcp"


def test_of_a_vantage_that_somebody_unknown_translates_the_address_is_not_asked_back() -> None:
    home = {
        "uc_networks/internet/cidr": "192.168.1.0/24",
        "@world1.example.net/uc_addresses": {"external": "192.168.1.20"},
        "@edge.fabrikam.com/uc_addresses": {"external": "192.168.1.21"},
    }
    changed = design(support.changed(support.example("lab"), home), support.TODAY)
    seen = [probe for probe in probes("world1.example.net", changed) if probe["protocol"] == "stun"]
    assert seen
    assert not [probe for probe in seen if "mapped" in probe]


def test_a_relay_that_sees_somebody_else_fails_and_one_that_says_nothing_over_tcp_is_not_known() -> None:
    asked = [probe for probe in probes("world1.example.net") if probe["protocol"] == "stun"]
    outcomes = {"wrong_answer": "failed", "silent": "unknown", "open": "passed"}
    for outcome, status in outcomes.items():
        seen = verdicts_of("world1", asked, [{"id": probe["id"], "outcome": outcome} for probe in asked])
        assert {verdict.status for verdict in seen} == {status}
