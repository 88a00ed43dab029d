# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue.model import Source
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.base import Stages
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.flow_plan import plan_flows
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.flow_planner import FlowPlanner
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.flows import Flow, FlowFact
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.load_balancing import plan_services
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.parties import EndpointSet, Parties
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.build import read
from tests import support


@dataclasses.dataclass(frozen=True)
class Planned:
    flows: tuple[Flow, ...]
    sets: t.Mapping[str, EndpointSet]

    def of(self, row: str) -> list[Flow]:
        return [flow for flow in self.flows if flow.why[0] == row]

    def addresses(self, name: str) -> list[str]:
        return [*(member.address for member in self.sets[name].members), *self.sets[name].cidrs]


def planned(changes: t.Mapping[str, t.Any] | None = None, extra: t.Sequence[FlowFact] = ()) -> Planned:
    topology, _found = read(support.changed(support.example("lab"), changes or {}))
    stages, parties = Stages(topology.catalogue), Parties(topology)
    services = plan_services(topology, stages)
    flows = plan_flows(topology, stages, parties, services)
    planner = FlowPlanner(topology, stages, parties, services)
    added = [flow for fact in extra for flow in planner.flows_of("ocs2007r2", fact)]
    return Planned((*flows, *added), parties.sets)


R2 = "ocs2007r2.flow."
SINGLE_EDGE: dict[str, t.Any] = {
    "@edge2.contoso.com/groups": ["ungrouped"],
    "uc_edge_pools/edge.corp.contoso.com/internal": {},
    "uc_edge_pools/edge.corp.contoso.com/external": {
        "access": "sip.contoso.com",
        "web_conferencing": "webconf.contoso.com",
        "av": "av.contoso.com",
    },
    "uc_edge_pools/edge.corp.contoso.com/balancing": "none",
    "@edge1.contoso.com/uc_public": {"access": "198.51.100.31", "av": "198.51.100.51"},
}


def test_ids_are_unique_and_every_set_is_named() -> None:
    plan = planned()
    assert len({flow.id for flow in plan.flows}) == len(plan.flows)
    assert {name for flow in plan.flows for name in (flow.source, flow.destination)} <= set(plan.sets)


def test_two_plans_of_one_inventory_are_equal() -> None:
    assert planned() == planned()


def test_a_balanced_service_is_reached_in_legs() -> None:
    plan = planned()
    (to_vip, *_others) = plan.of(R2 + "client-to-front-end-sip-tls")
    assert (to_vip.leg, plan.addresses(to_vip.destination)) == ("to_vip", ["10.20.0.100"])
    legs = [flow for flow in plan.flows if flow.service == to_vip.service and flow.leg == "to_member"]
    assert [(plan.addresses(f.source), plan.addresses(f.destination), f.ports) for f in legs] == [
        (["10.20.0.250"], ["10.20.0.11", "10.20.0.12"], ("5061",))
    ]


def test_a_balancer_that_keeps_the_clients_address_adds_no_crossing() -> None:
    plan = planned()
    to_vip, to_member = plan.of(R2 + "user-to-av-edge-tcp")
    assert (to_vip.leg, to_member.leg) == ("to_vip", "to_member")
    assert plan.addresses(to_member.source) == ["0.0.0.0/0"]
    assert plan.addresses(to_member.destination) == ["203.0.113.51", "203.0.113.52"]
    assert [crossing.firewall for crossing in to_vip.crossings] == ["fw-ext.contoso.com"]
    assert to_member.crossings == ()


def test_a_virtual_address_never_opens_a_connection() -> None:
    plan = planned()
    documented = [flow for flow in plan.flows if flow.leg in ("direct", "to_vip")]
    assert not [flow for flow in documented if flow.source.startswith("vip:")]
    (from_directors,) = plan.of(R2 + "next-hop-to-edge-sip")
    assert plan.addresses(from_directors.source) == ["10.20.0.14", "10.20.0.15"]


def test_web_conferencing_goes_round_the_balancer() -> None:
    plan = planned()
    (flow,) = plan.of(R2 + "web-conferencing-to-edge")
    assert flow.leg == "direct"
    assert plan.addresses(flow.destination) == ["10.30.0.31", "10.30.0.32"]


def test_a_single_edge_behind_translation_has_one_public_address_for_both_ways() -> None:
    plan = planned(SINGLE_EDGE)
    (inwards,) = plan.of(R2 + "user-to-edge-sip")
    (outwards,) = plan.of(R2 + "edge-dns-udp")
    assert [(n.firewall, n.kind, n.public, n.private) for n in (*inwards.nat, *outwards.nat)] == [
        ("fw-ext.contoso.com", "dnat", "198.51.100.31", "203.0.113.31"),
        ("fw-ext.contoso.com", "snat", "198.51.100.31", "203.0.113.31"),
    ]
    assert "ocs2007r2.nat.access-edge" in inwards.why


def test_nothing_is_translated_inside_or_where_nothing_is_declared() -> None:
    plan = planned(SINGLE_EDGE)
    inner = [flow for flow in plan.flows if any(c.firewall == "fw-int.contoso.com" for c in flow.crossings)]
    assert inner
    assert not any(flow.nat for flow in inner)
    assert not any(flow.nat for flow in planned().flows)


def test_the_pool_may_give_the_public_address_and_take_the_translation_back() -> None:
    pool = "uc_edge_pools/edge.corp.contoso.com"
    given = {**SINGLE_EDGE, "@edge1.contoso.com/uc_public": {}}
    given[f"{pool}/external/access"] = {"name": "sip.contoso.com", "public": "198.51.100.31"}
    (flow,) = planned(given).of(R2 + "user-to-edge-sip")
    assert [n.public for n in flow.nat] == ["198.51.100.31"]
    (flow,) = planned({**given, f"{pool}/nat": {"access": False}}).of(R2 + "user-to-edge-sip")
    assert flow.nat == ()


def test_a_hairpin_leads_out_and_in_again_by_the_same_interface() -> None:
    fact = FlowFact(
        id="test.hairpin",
        source=Source("collection"),
        opener="av_edge:av",
        listener="av_edge:av",
        via="any",
        protocol="udp",
        ports=("3478",),
        hairpin=True,
        purpose="Media between two Edge Servers",
    )
    public = {
        "@edge1.contoso.com/uc_public": {"av": "198.51.100.51"},
        "@edge2.contoso.com/uc_public": {"av": "198.51.100.52"},
        "uc_edge_pools/edge.corp.contoso.com/external/av": "av.contoso.com",
    }
    (flow,) = planned(public, [fact]).of("test.hairpin")
    assert [(c.firewall, c.ingress, c.egress) for c in flow.crossings] == [("fw-ext.contoso.com", "outside", "outside")]
    assert {(n.kind, n.public) for n in flow.nat} == {
        ("dnat", "198.51.100.51"), ("dnat", "198.51.100.52"), ("snat", "198.51.100.51"), ("snat", "198.51.100.52"),
    }  # fmt: skip
    assert planned({}, [fact]).of("test.hairpin") == []


def test_directions_are_seen_from_the_inside() -> None:
    plan = planned()
    assert [flow.direction for flow in plan.of(R2 + "user-to-reverse-proxy")] == ["inbound"]
    assert [flow.direction for flow in plan.of(R2 + "web-conferencing-to-edge")] == ["outbound"]
    assert [flow.direction for flow in plan.of(R2 + "front-end-to-im-conferencing")] == ["inside"]


def test_a_flow_is_needed_from_the_stage_in_which_both_ends_are_there() -> None:
    stages = [flow.stage for flow in planned().of(R2 + "server-to-front-end-sip-tls")]
    assert stages == ["first_pool", "director", "voice"]


def test_the_inventory_may_choose_ports() -> None:
    plan = planned(
        {
            "uc_pools/pool1.corp.contoso.com/sql/port": 50123,
            "uc_mediation/med1.corp.contoso.com/media_ports": "61000-62000",
            "uc_edge_pools/edge.corp.contoso.com/external/access/port": 4430,
        }
    )
    assert plan.of(R2 + "front-end-to-sql")[0].ports == ("50123",)
    assert not [f for f in plan.of(R2 + "front-end-to-sql-browser") if "pool1" in f.source]
    assert plan.of(R2 + "client-to-mediation-media")[0].ports == ("61000-62000",)
    assert plan.of(R2 + "mediation-to-gateway-media")[0].source_ports == "61000-62000"
    (users,) = plan.of(R2 + "user-to-edge-sip")
    assert (users.ports, users.leg) == (("4430",), "to_vip")
    assert plan.of(R2 + "partner-to-edge-sip")[0].ports == ("5061",)


def test_a_mediation_server_with_one_card_listens_there() -> None:
    plan = planned({"@med1.corp.contoso.com/uc_addresses": "10.20.0.20"})
    (flow,) = plan.of(R2 + "gateway-to-mediation-sip")
    assert plan.addresses(flow.destination) == ["10.20.0.20"]


def test_added_flows_are_planned_like_all_others() -> None:
    extra = {
        "from": ["fe1.corp.contoso.com", "clients"],
        "to": ["203.0.113.0/25"],
        "protocol": "tcp",
        "ports": ["8443"],
        "reason": "Management of the perimeter",
    }
    plan = planned({"uc_extra_flows": [extra]})
    (flow,) = plan.of("extra.flow")
    assert plan.addresses(flow.source) == ["10.20.0.11", "10.21.0.0/24"]
    assert (plan.addresses(flow.destination), flow.ports) == (["203.0.113.0/25"], ("8443",))
    assert (flow.purpose, flow.stage) == ("Management of the perimeter", "first_pool")
    again = planned({"uc_extra_flows": [{**extra, "to": ["10.20.0.0/24"]}, {**extra, "reason": "Other words"}]})
    assert flow.id in {found.id for found in again.of("extra.flow")}


def test_an_added_flow_with_an_unknown_end_is_left_to_the_findings() -> None:
    extra = {"from": ["nobody"], "to": ["clients"], "protocol": "tcp", "ports": ["80"], "reason": "None"}
    assert planned({"uc_extra_flows": [extra]}).of("extra.flow") == []


def test_partners_are_everywhere_unless_all_their_addresses_are_known() -> None:
    def cidrs(changes: dict[str, t.Any]) -> list[str]:
        plan = planned(changes)
        return plan.addresses(plan.of(R2 + "edge-to-partner-sip")[0].destination)

    declared = [{"domain": "fabrikam.com", "product": "ocs2007r2", "addresses": ["198.51.100.53"]}]
    known = {"uc_federation/discovery": False, "uc_federation/partners": declared}
    assert cidrs(known) == ["198.51.100.53/32"]
    assert cidrs({**known, "uc_federation/public_im": ["msn"]}) == ["0.0.0.0/0"]
    assert cidrs({**known, "uc_federation/partners": [*declared, {"domain": "woodgrove.com"}]}) == ["0.0.0.0/0"]


def test_without_populations_the_client_networks_stand_for_all_clients() -> None:
    plan = planned({"uc_clients": {}})
    (flow,) = plan.of(R2 + "live-meeting-to-web-conferencing")
    assert plan.addresses(flow.source) == ["10.21.0.0/24"]
    nobody = planned({"uc_clients": {}, "uc_networks/clients/kind": "servers"})
    assert nobody.of(R2 + "live-meeting-to-web-conferencing") == []
