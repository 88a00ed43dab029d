# SPDX-License-Identifier: GPL-3.0-or-later
"""Proving a plan: the rules of its firewalls, planned or live, against its flows."""

from __future__ import annotations

import collections
import typing as t

from ..planning.base import Stages
from ..planning.flows import Flow
from ..planning.parties import EndpointSet
from ..planning.plan import Plan
from ..planning.slices import firewall_slices
from ..topology.model import Topology
from ..topology.network_map import NetworkMap, Way
from . import claims
from .model import CounterExample, Proof, ProvenFirewall
from .policy import Arguments, Policy, needs_of, of_slice
from .witness import Witness

CLAIMS_OF_FIREWALLS = (claims.required_passes, claims.nothing_else, claims.no_broadcast, claims.not_covered)


def prove(topology: Topology, plan: Plan, live: t.Mapping[str, Arguments] | None = None) -> Proof:
    """What holds of the rules of a plan; of firewalls that `live` names, of the rules that were read there instead."""
    planned = {item.target: item.arguments for item in firewall_slices(topology, plan)}
    return prove_slices(topology, plan, {**planned, **_with_protected(live or {}, planned)})


def prove_slices(topology: Topology, plan: Plan, slices: t.Mapping[str, Arguments]) -> Proof:
    """The same for given slices of `firewall_rules` by firewall; a firewall without one has no rules."""
    needs = needs_of(plan.flows, plan.sets)
    flows = {flow.id: flow for flow in plan.flows}
    crossing = collections.Counter(way.firewall for flow in plan.flows for way in set(flow.crossings))
    witness = Witness(topology.networks, _hosts(topology, plan.sets))
    rank = _ranks(topology)
    for_many = claims.addresses_for_many(topology.networks)
    found = list(_ways(topology.networks, plan))
    proven = []
    for firewall in sorted({*slices, *needs}):
        arguments = slices.get(firewall, {})
        have = of_slice(firewall, arguments)
        case = claims.Case(have, needs.get(firewall, Policy()), flows, topology.networks, witness, rank, for_many)
        broken = [example for claim in CLAIMS_OF_FIREWALLS for example in claim(case)]
        found.extend(broken)
        proven.append(
            ProvenFirewall(
                firewall=firewall,
                enforce=str(arguments.get("enforce") or ""),
                rules=len(arguments.get("rules") or ()),
                flows=crossing[firewall],
                protected=len(arguments.get("protected") or ()),
                broken=len(broken),
            )
        )
    return Proof(
        holds=not found,
        firewalls=tuple(proven),
        flows=len(plan.flows),
        crossing=sum(1 for flow in plan.flows if flow.crossings),
        counter_examples=tuple(found),
    )


def _with_protected(live: t.Mapping[str, Arguments], planned: t.Mapping[str, Arguments]) -> dict[str, Arguments]:
    """What is to be protected is the plan's to say, whatever a firewall was found to protect."""
    return {
        firewall: {**given, "protected": planned.get(firewall, given).get("protected") or ()}
        for firewall, given in live.items()
    }


def _ranks(topology: Topology) -> t.Callable[[str], int]:
    """Rank of a stage; rules that were read without one are taken to have been there from the first."""
    stages = Stages(topology.catalogue)
    ranks = {name: stages.rank(name) for name in stages.names}
    return lambda stage: ranks.get(stage, 0)


def _hosts(topology: Topology, sets: t.Iterable[EndpointSet]) -> dict[str, str]:
    named = {member.address: member.host for endpoints in sets for member in endpoints.members}
    own = {
        str(server.address(interface)): server.name
        for server in topology.servers.values()
        for interface in server.given.addresses.given()
    }
    return {**named, **own}


def _ways(networks: NetworkMap, plan: Plan) -> t.Iterator[CounterExample]:
    """Each firewall between the networks of a flow's ends is one that the flow is planned through.

    What a balancer hands on leaves from where the balancer stands, and a hairpin ends where it began: neither is told
    by the networks of its ends.
    """
    places = {item.name: networks.places(item.networks) for item in plan.sets}
    known: dict[tuple[str, str], Way] = {}
    for flow in plan.flows:
        if flow.leg == "to_member" or _is_hairpin(flow):
            continue
        ends = (flow.source, flow.destination)
        if ends not in known:
            known[ends] = networks.ways(places[flow.source], places[flow.destination])
        for crossing in known[ends]:
            if crossing not in flow.crossings:
                reason = f"the flow {flow.id} comes this way, and is not planned to"
                at = (crossing.firewall, crossing.ingress, crossing.egress)
                yield CounterExample("way", *at, "", flow.id, None, reason, flow.why)


def _is_hairpin(flow: Flow) -> bool:
    return any(crossing.ingress == crossing.egress for crossing in flow.crossings)
