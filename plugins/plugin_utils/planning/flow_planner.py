# SPDX-License-Identifier: GPL-3.0-or-later
"""Making flows out of rows, and out of two sets of endpoints."""

from __future__ import annotations

import dataclasses
import typing as t

from ..topology.balancing import given_balancer
from ..topology.conditions import holds
from ..topology.context import Context
from ..topology.model import Cluster, Topology
from ..topology.network_map import Places
from ..topology.pairing import pair_of
from ..topology.relations import walks
from .base import Stages
from .flows import Direction, Flow, FlowFact, Leg
from .load_balancing import Service
from .nat import Nat
from .parties import EndpointSet, Member, Parties, is_role, role_party
from .port_choices import choose

_DEPTH = {"internet": 0, "perimeter": 1, "internal": 2}


@dataclasses.dataclass(frozen=True, slots=True)
class _Meeting:
    """The other party of a row as an anchor meets it: from which stage on, and its clusters where it has any."""

    stage: str
    endpoints: EndpointSet
    clusters: tuple[Cluster, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class _Ground:
    """Where a set stands: its places between firewalls, and how far inside they are."""

    places: Places
    depths: frozenset[int]


class FlowPlanner:
    """Makes flows out of rows, and out of two sets of endpoints."""

    def __init__(self, topology: Topology, stages: Stages, parties: Parties, services: t.Sequence[Service]) -> None:
        self._topology = topology
        self._stages = stages
        self._parties = parties
        self._walks = walks(topology)
        self._nat = Nat(topology)
        self._met: dict[tuple[str, str, str], tuple[_Meeting, ...]] = {}
        self._grounds: dict[str, _Ground] = {}
        self._by_port: dict[tuple[str, str, str], list[Service]] = {}
        for service in services:
            self._by_port.setdefault((service.cluster, service.protocol, service.port), []).append(service)

    def flows_of(self, product: str, fact: FlowFact) -> t.Iterator[Flow]:
        """Everything that a row asks for in servers of its product."""
        to_listener = fact.anchor == "to" or (not fact.anchor and is_role(fact.listener))
        anchor_party, other_party = (fact.listener, fact.opener) if to_listener else (fact.opener, fact.listener)
        if not is_role(anchor_party):
            yield from self._between_outsiders(product, fact)
            return
        for cluster in self._parties.clusters(anchor_party):
            if cluster.product != product:
                continue
            if not holds(fact.when, Context(self._topology, product, cluster=cluster, site=cluster.site)):
                continue
            own = self._parties.of_clusters(anchor_party, (cluster,), f"{anchor_party}@{cluster.name}")
            if own is None:
                continue
            for met in self._others(fact, cluster, other_party):
                if not self._needed(fact, own, met.endpoints):
                    continue
                if to_listener:
                    yield from self._to(fact, cluster, met.stage, met.endpoints, own, cluster)
                else:
                    yield from self._from(fact, cluster, met, own)

    def _needed(self, fact: FlowFact, own: EndpointSet, other: EndpointSet) -> bool:
        """Nobody talks to himself over the network, and a hairpin is for those whose addresses are translated."""
        if other is own and len(own.members) < 2:
            return False
        return not fact.hairpin or (self._nat.translated(own) and self._nat.translated(other))

    def _from(self, fact: FlowFact, anchor: Cluster, met: _Meeting, own: EndpointSet) -> t.Iterator[Flow]:
        """From an anchor that opens the flow to each cluster that it meets, or to outsiders."""
        if not met.clusters:
            yield self._flow(fact, anchor.name, anchor, met.stage, own, met.endpoints)
        for peer in met.clusters:
            listener = self._parties.of_clusters(fact.listener, (peer,), f"{fact.listener}@{peer.name}")
            if listener:
                yield from self._to(fact, peer, met.stage, own, listener, anchor)

    def _between_outsiders(self, product: str, fact: FlowFact) -> t.Iterator[Flow]:
        """A flow in which no server takes part, such as media between clients."""
        if product != self._topology.estate.product or not holds(fact.when, Context(self._topology, product)):
            return
        source, destination = self._parties.outsider(fact.opener), self._parties.outsider(fact.listener)
        if source and destination:
            yield self._flow(fact, "estate", None, self._stages.latest(fact.stage), source, destination)

    def _others(self, fact: FlowFact, anchor: Cluster, party: str) -> tuple[_Meeting, ...]:
        """The other party, in one set for each stage that some of it is first needed in."""
        base = self._stages.latest(fact.stage, anchor.stage)
        if not is_role(party):
            outsider = self._parties.outsider(party)
            return (_Meeting(base, outsider, ()),) if outsider else ()
        scope = {"any": "all", "site": f"site.{anchor.site}"}.get(fact.via, f"{anchor.name}.{fact.via}")
        key = (party, scope, base)
        if key not in self._met:
            self._met[key] = tuple(self._meet(party, scope, base, self._peers(fact.via, anchor, party)))
        return self._met[key]

    def _peers(self, via: str, anchor: Cluster, party: str) -> t.Iterable[Cluster]:
        if via == "any":
            return self._parties.clusters(party)
        return self._walks.related(anchor, via, role_party(party).roles)

    def _meet(self, party: str, scope: str, base: str, peers: t.Iterable[Cluster]) -> t.Iterator[_Meeting]:
        by_stage: dict[str, list[Cluster]] = {}
        for peer in peers:
            by_stage.setdefault(self._stages.latest(base, peer.stage), []).append(peer)
        for stage, found in by_stage.items():
            # Of the base's own stage are also all peers that were there before.
            when = f"until.{stage}" if stage == base else stage
            name = f"{party}@{found[0].name}" if len(found) == 1 else f"{party}@{scope}:{when}"
            endpoints = self._parties.of_clusters(party, found, name)
            if endpoints:
                yield _Meeting(stage, endpoints, tuple(found))

    def _to(
        self, fact: FlowFact, listener: Cluster, stage: str, source: EndpointSet, direct: EndpointSet, anchor: Cluster
    ) -> t.Iterator[Flow]:
        """To the listener's VIP for the ports that are balanced, and to its members for the rest."""
        name = anchor.name if anchor is listener else f"{anchor.name}>{listener.name}"
        remaining = []
        for port in self._ports(fact, anchor):
            service = None if fact.direct else self._service(fact, listener, port)
            if service is None:
                remaining.append(port)
                continue
            vip = self._parties.of_addresses(
                f"vip:{service.vip}", [Member(service.balancer or listener.name, service.vip)]
            )
            yield self._flow(fact, name, anchor, stage, source, vip, (port,), "to_vip", service)
            if not service.snat:
                members = self._members_of(service)
                yield self._flow(
                    fact, name, anchor, stage, source, members, (service.member_port,), "to_member", service, vip
                )
        if remaining or not fact.ports:
            yield self._flow(fact, name, anchor, stage, source, direct, tuple(remaining))

    def _ports(self, fact: FlowFact, anchor: Cluster) -> tuple[str, ...]:
        chosen = "" if fact.source_ports else choose(fact.chosen_by, self._topology, anchor)
        return (chosen,) if chosen else fact.ports

    def _service(self, fact: FlowFact, listener: Cluster, port: str) -> Service | None:
        """The balanced service that stands before the listening servers of a port."""
        party = role_party(fact.listener)
        for service in self._by_port.get((listener.name, fact.protocol, port), ()):
            if service.interface in party.interfaces and any(
                {server.name for server in listener.members(role)} & set(service.members) for role in party.roles
            ):
                return service
        return None

    def _flow(
        self,
        fact: FlowFact,
        name: str,
        anchor: Cluster | None,
        stage: str,
        source: EndpointSet,
        destination: EndpointSet,
        ports: tuple[str, ...] | None = None,
        leg: Leg = "direct",
        service: Service | None = None,
        sent_on_by: EndpointSet | None = None,
    ) -> Flow:
        source_ports = fact.source_ports
        if source_ports and anchor:
            source_ports = choose(fact.chosen_by, self._topology, anchor) or source_ports
        suffix = f":{leg}:{service.port}" if service else ""
        return self.flow(
            f"{fact.id}@{name}:{stage}{suffix}",
            stage,
            (fact.id, *service.why) if service else (fact.id,),
            source,
            destination,
            hairpin=fact.hairpin,
            sent_on_by=sent_on_by,
            protocol=fact.protocol,
            ports=fact.ports if ports is None else ports,
            source_ports=source_ports,
            application=fact.application,
            tls=fact.tls,
            purpose=fact.purpose,
            leg=leg,
            service=service.id if service else "",
        )

    def balancer_flows(self, service: Service) -> t.Iterator[Flow]:
        """What a balancer opens: clients' connections, from its own addresses, and health checks."""
        members = self._members_of(service)
        addresses = self._addresses_of(service)
        own = self._parties.of_addresses(
            f"balancer:{service.balancer or service.vip}:{'+'.join(addresses)}",
            [Member(service.balancer, address) for address in addresses],
        )
        if service.snat:
            yield self._balancer_flow(service, own, members, service.member_port, service.protocol, "to_member")
        pair = pair_of(self._topology, service.balancer)
        if pair:
            # Each of the two judges the members for itself, whoever holds the addresses of both.
            both = self._parties.of_addresses(
                f"balancers:{pair.first.name}+{pair.second.name}",
                [Member(half.name, str(half.address)) for half in (pair.first, pair.second)],
            )
            yield self._balancer_flow(service, both, members, service.check_port, "tcp", "health_check")
        elif not service.snat or (service.check_port, "tcp") != (service.member_port, service.protocol):
            yield self._balancer_flow(service, own, members, service.check_port, "tcp", "health_check")

    def _addresses_of(self, service: Service) -> tuple[str, ...]:
        """Addresses that a balancer opens connections from; the VIP only where nothing else is known."""
        balancer = self._topology.servers.get(service.balancer)
        snat = tuple(map(str, given_balancer(self._topology, service.balancer).snat))
        internal = balancer.address("internal") if balancer else None
        return service.snat or snat or ((str(internal),) if internal else (service.vip,))

    def _members_of(self, service: Service) -> EndpointSet:
        return self._parties.of_addresses(
            f"members:{service.cluster}:{service.role}:{service.interface}",
            [Member(host, address) for host, address in zip(service.members, service.addresses, strict=True)],
        )

    def _balancer_flow(
        self,
        service: Service,
        own: EndpointSet,
        members: EndpointSet,
        port: str,
        protocol: str,
        leg: t.Literal["to_member", "health_check"],
    ) -> Flow:
        return self.flow(
            f"{service.id}:{leg}",
            service.stage,
            service.why,
            own,
            members,
            protocol=protocol,
            ports=(port,),
            purpose=f"{'Health check' if leg == 'health_check' else 'Balanced'}: {service.purpose}",
            leg=leg,
            service=service.id,
        )

    def flow(
        self,
        flow_id: str,
        stage: str,
        why: tuple[str, ...],
        source: EndpointSet,
        destination: EndpointSet,
        *,
        protocol: str,
        ports: tuple[str, ...],
        purpose: str,
        source_ports: str = "",
        application: str = "",
        tls: str = "",
        leg: Leg = "direct",
        service: str = "",
        hairpin: bool = False,
        sent_on_by: EndpointSet | None = None,
    ) -> Flow:
        """A flow between two sets, with the firewalls and translations on its way.

        A balancer that keeps the client's address sends on what reached it: the way then begins where it stands.
        """
        if hairpin:
            crossings, translations, rows = self._nat.hairpin(source, destination)
        else:
            begin = self._ground(sent_on_by or source)
            crossings = self._topology.networks.ways(begin.places, self._ground(destination).places)
            translations, rows = self._nat.of(source, destination, crossings)
        return Flow(
            id=flow_id,
            stage=stage,
            why=(*why, *rows),
            source=source.name,
            destination=destination.name,
            protocol=protocol,
            ports=ports,
            source_ports=source_ports,
            application=application,
            tls=tls,
            purpose=purpose,
            leg=leg,
            service=service,
            direction=_direction(self._ground(source), self._ground(destination)),
            crossings=crossings,
            nat=translations,
        )

    def _ground(self, endpoints: EndpointSet) -> _Ground:
        """Where a set stands; asked once, since large sets take part in many flows."""
        if endpoints.name not in self._grounds:
            networks = self._topology.networks
            zones = dict.fromkeys(networks.zone(network) for network in endpoints.networks)
            depths = frozenset(_DEPTH[zone] for zone in zones if zone)
            self._grounds[endpoints.name] = _Ground(networks.places(endpoints.networks), depths)
        return self._grounds[endpoints.name]


def _direction(source: _Ground, destination: _Ground) -> Direction:
    ways: set[Direction] = {_way(start, end) for start in source.depths for end in destination.depths}
    if len(ways) == 1:
        return ways.pop()
    return "mixed" if ways else "inside"


def _way(start: int, end: int) -> Direction:
    if start == end:
        return "inside"
    return "inbound" if start < end else "outbound"
