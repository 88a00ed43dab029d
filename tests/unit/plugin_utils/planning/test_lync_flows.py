# SPDX-License-Identifier: GPL-3.0-or-later
"""Flows of Lync Server 2010 where the shape of the estate decides: who, past what, from which stage on."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.openuc.ocs.plugins.plugin_utils.engine import design
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.flows import Flow
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.plan import Plan
from tests import support

NO_DIRECTOR = {
    "uc_pools/dirpool.corp.contoso.com": "~delete",
    "uc_pools/pool1.corp.contoso.com/next_hop": "~delete",
    "uc_pools/se1.corp.contoso.com/next_hop": "~delete",
    "uc_edge_pools/edge.corp.contoso.com/next_hop": "pool1.corp.contoso.com",
}


def plan(changes: t.Mapping[str, t.Any] | None = None, without: tuple[str, ...] = ()) -> Plan:
    inventory = support.changed(support.example("lync2010"), changes or {})
    hosts = tuple(host for host in inventory.hosts if host.name not in without)
    found = design(type(inventory)(hosts), support.TODAY)
    assert found.plan is not None, [finding.message for finding in found.errors]
    return found.plan


def flows(found: Plan, row: str) -> list[Flow]:
    return [flow for flow in found.flows if flow.why[0] == f"lync2010.flow.{row}"]


def hosts(found: Plan, name: str) -> list[str]:
    (chosen,) = [endpoints for endpoints in found.sets if endpoints.name == name]
    return [member.host.partition(".")[0] for member in chosen.members]


def test_the_central_configuration_reaches_each_edge_server_and_from_the_master_alone() -> None:
    found = plan()
    (flow,) = flows(found, "cms-edge")
    assert hosts(found, flow.source) == ["fe1"]
    assert hosts(found, flow.destination) == ["edge1", "edge2"]
    assert (flow.ports, flow.direction) == (("4443",), "outbound")
    assert [crossing.firewall for crossing in flow.crossings] == ["fw-int.contoso.com"]


def test_replicas_are_all_servers_inside() -> None:
    found = plan()
    replicas = {host for flow in flows(found, "cms-replicas") for host in hosts(found, flow.destination)}
    assert replicas == {"fe1", "fe2", "fe3", "dir1", "dir2", "se1", "med1", "med2"}


def test_media_never_goes_through_the_balancer() -> None:
    found = plan()
    for row in ("clients-av-conferencing-audio", "clients-av-conferencing-video", "clients-web-conferencing"):
        assert {flow.leg for flow in flows(found, row)} == {"direct"}
    audio = [hosts(found, flow.destination) for flow in flows(found, "clients-av-conferencing-audio")]
    assert audio == [["avc1", "avc2"], ["se1"]]


def test_sip_is_balanced_by_names_and_the_web_by_the_appliance() -> None:
    found = plan()
    assert {flow.leg for flow in flows(found, "clients-pool-sip")} == {"direct"}
    web = {flow.destination for flow in flows(found, "clients-web-https") if flow.leg == "to_vip"}
    assert web == {"vip:10.20.0.101", "vip:10.20.0.111"}


def test_the_media_range_is_the_edges_own_ports() -> None:
    (flow,) = flows(plan(), "av-edge-media-out")
    assert (flow.ports, flow.source_ports, flow.direction) == ((), "50000-59999", "outbound")


def test_the_media_range_opens_inwards_for_partners_of_2007_only() -> None:
    rows = ("ocs2007-partner-media-in-tcp", "ocs2007-partner-media-in-udp", "ocs2007-partner-media-out-udp")
    assert [len(flows(plan(), row)) for row in rows] == [1, 1, 1]
    upgraded = plan({"uc_federation/partners/0/product": "lync2010"})
    assert [len(flows(upgraded, row)) for row in rows] == [0, 0, 0]


def test_the_range_may_be_another() -> None:
    found = plan({"uc_edge_pools/edge.corp.contoso.com/av_port_range": "50000-51999"})
    (inwards,) = flows(found, "ocs2007-partner-media-in-udp")
    (outwards,) = flows(found, "av-edge-media-out")
    assert (inwards.ports, outwards.source_ports) == (("50000-51999",), "50000-51999")


@pytest.mark.parametrize(("transport", "ports"), [("tls", {"5067"}), ("tcp", {"5068"})])
def test_gateways_connect_to_the_port_of_their_transport(transport: str, ports: set[str]) -> None:
    found = plan({f"uc_mediation/{name}.corp.contoso.com/transport": transport for name in ("med1", "med2", "se1")})
    opened = flows(found, "gateway-mediation-tls") + flows(found, "gateway-mediation-tcp")
    assert {port for flow in opened for port in flow.ports} == ports


def test_a_branch_asks_the_director_or_else_the_edge() -> None:
    assert (len(flows(plan(), "branch-director")), len(flows(plan(), "branch-edge"))) == (1, 0)
    found = plan(
        NO_DIRECTOR,
        without=("dir1.corp.contoso.com", "dir2.corp.contoso.com"),
    )
    assert flows(found, "branch-director") == []
    (flow,) = flows(found, "branch-edge")
    assert hosts(found, flow.destination) == ["edge1", "edge2"]


def test_voice_is_not_needed_before_its_stage() -> None:
    found = plan()
    voice = [flow for flow in found.flows if "mediation" in flow.why[0] and flow.why[0].startswith("lync2010.flow.")]
    assert {flow.stage for flow in voice} == {"voice"}


def test_edge_addresses_are_translated_one_to_one_both_ways() -> None:
    found = plan()
    (inwards,) = flows(found, "outside-av-edge-udp")
    (outwards,) = flows(found, "av-edge-outside-udp")
    pairs = [("203.0.113.51", "10.31.0.51"), ("203.0.113.52", "10.31.0.52")]
    assert [(item.kind, item.public, item.private) for item in inwards.nat] == [("dnat", *pair) for pair in pairs]
    assert [(item.kind, item.public, item.private) for item in outwards.nat] == [("snat", *pair) for pair in pairs]


def test_an_application_that_is_not_there_has_no_port() -> None:
    found = plan({"uc_pools/pool1.corp.contoso.com/applications": ["conferencing_attendant"]})
    ports = {port for flow in found.flows for port in flow.ports}
    assert not ports & {"5071", "5075", "448"}
    assert "5072" in ports


def test_edge_servers_reach_one_another_through_the_firewall_that_translates_them() -> None:
    (flow,) = flows(plan(), "av-edge-peers-udp")
    (crossing,) = flow.crossings
    assert (crossing.firewall, crossing.ingress, crossing.egress) == ("fw-ext.contoso.com", "outside", "outside")
    assert {(item.kind, item.public) for item in flow.nat} == {
        (kind, public) for kind in ("dnat", "snat") for public in ("203.0.113.51", "203.0.113.52")
    }


def test_edge_servers_with_public_addresses_need_no_hairpin() -> None:
    changes = {
        f"@edge{n}.contoso.com/uc_addresses/{service}": f"203.0.113.{10 * place + n}"
        for n in (1, 2)
        for place, service in enumerate(("access", "web_conferencing", "av"), start=3)
    }
    changes |= {f"@edge{n}.contoso.com/uc_public": "~delete" for n in (1, 2)}
    changes["uc_edge_pools/edge.corp.contoso.com/nat"] = "~delete"
    changes["uc_networks/dmz_outside/cidr"] = "203.0.113.0/24"
    changes |= {
        "@ns-ext.contoso.com/uc_addresses": "203.0.113.5",
        "@ns-ext.contoso.com/uc_public": "~delete",
    }
    for host, number in (("rp1", 21), ("xmpp1", 22)):
        changes[f"@{host}.contoso.com/uc_addresses/external"] = f"203.0.113.{number}"
        changes[f"@{host}.contoso.com/uc_public"] = "~delete"
    found = plan(changes)
    assert flows(found, "av-edge-peers-udp") == []
    assert [flow for flow in found.flows if flow.nat] == []
