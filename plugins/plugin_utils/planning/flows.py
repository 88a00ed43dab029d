# SPDX-License-Identifier: GPL-3.0-or-later
"""Flows: who opens a connection to whom, from which port to which, through which firewalls."""

from __future__ import annotations

import dataclasses
import itertools
import typing as t

from ..catalogue.model import Fact
from ..schema.fields import option
from ..schema.kinds import Ports, Stage
from ..topology.conditions import holds
from ..topology.context import Context
from ..topology.model import Cluster, Topology
from ..topology.network_map import Crossing
from ..topology.relations import related
from .base import Item, Stages
from .load_balancing import Service
from .parties import EndpointSet, Member, Parties, is_role, split


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FlowFact(Fact):
    """A documented flow, from the one who opens it to the one who listens.

    The *anchor* is the party that the row is applied to, one item for each of its clusters; the other party is found by
    walking `via` from it. The anchor is the listener where that is a server, and the opener otherwise.
    """

    KIND: t.ClassVar[str] = "flows"

    opener: str = option("Party that opens the flow", key="from")
    listener: str = option("Party that listens", key="to")
    via: str = option("Relation walked from the anchor to the other party", default="any")
    anchor: t.Literal["", "from", "to"] = option(
        "Which party the row is applied to, where it is not the listener", default=""
    )
    protocol: t.Literal["tcp", "udp", "icmp", "esp"] = option("Protocol")
    ports: tuple[Ports, ...] = option("Ports listened on", default=())
    source_ports: Ports = option("Ports it is opened from; any when left out", default="")
    application: str = option("What is spoken", default="")
    tls: t.Literal["", "tls", "mtls"] = option("Whether TLS is spoken, and by whom it is proven", default="")
    when: tuple[str, ...] = option("Conditions on the anchor, all of which must hold", default=())
    direct: bool = option("True when the flow never goes through a load balancer", default=False)
    stage: Stage = option("Stage it is not needed before", default="")
    purpose: str = option("What it is for")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Flow(Item):
    """A planned flow between two named sets."""

    source: str
    destination: str
    protocol: str
    ports: tuple[str, ...]
    source_ports: str
    application: str
    tls: str
    purpose: str
    leg: t.Literal["direct", "to_vip", "to_member", "health_check"]
    service: str
    crossings: tuple[Crossing, ...]


def plan_flows(topology: Topology, stages: Stages, parties: Parties, services: t.Sequence[Service]) -> tuple[Flow, ...]:
    """All flows: the documented ones, and what the load balancers open in turn."""
    planner = _Planner(topology, stages, parties, services)
    documented = itertools.chain.from_iterable(
        planner.flows_of(product, fact)
        for product, catalogue in topology.catalogues.items()
        for fact in catalogue.facts(FlowFact)
    )
    return (*documented, *itertools.chain.from_iterable(planner.balancer_flows(service) for service in services))


class _Planner:
    def __init__(self, topology: Topology, stages: Stages, parties: Parties, services: t.Sequence[Service]) -> None:
        self._topology = topology
        self._stages = stages
        self._parties = parties
        self._by_cluster: dict[str, list[Service]] = {}
        for service in services:
            self._by_cluster.setdefault(service.cluster, []).append(service)

    def flows_of(self, product: str, fact: FlowFact) -> t.Iterator[Flow]:
        to_listener = fact.anchor == "to" or (not fact.anchor and is_role(fact.listener))
        anchor_party, other_party = (fact.listener, fact.opener) if to_listener else (fact.opener, fact.listener)
        for cluster in self._topology.with_role(split(anchor_party)[0]):
            if cluster.product != product:
                continue
            if not holds(fact.when, Context(self._topology, product, cluster=cluster, site=cluster.site)):
                continue
            for stage, other, peers in self._others(fact, cluster, other_party):
                own = self._parties.of_clusters(anchor_party, (cluster,), f"{anchor_party}@{cluster.name}")
                if own is None or (other.name == own.name and len(own.members) < 2):
                    continue
                if to_listener:
                    yield from self._to(fact, cluster, stage, other, own)
                elif len(peers) == 1:
                    yield from self._to(fact, peers[0], stage, own, other, anchor=cluster)
                else:
                    yield self._flow(fact, cluster, stage, own, other)

    def _others(
        self, fact: FlowFact, anchor: Cluster, party: str
    ) -> t.Iterator[tuple[str, EndpointSet, tuple[Cluster, ...]]]:
        """The other party, in one set for each stage that some of it is first needed in."""
        if not is_role(party):
            outsider = self._parties.outsider(party)
            if outsider:
                yield self._stages.latest(fact.stage, anchor.stage), outsider, ()
            return
        by_stage: dict[str, list[Cluster]] = {}
        for peer in related(self._topology, anchor, fact.via, split(party)[0]):
            by_stage.setdefault(self._stages.latest(fact.stage, anchor.stage, peer.stage), []).append(peer)
        for stage, peers in by_stage.items():
            name = f"{party}@{peers[0].name}" if len(peers) == 1 else f"{party}@{anchor.name}:{fact.via}:{stage}"
            found = self._parties.of_clusters(party, peers, name)
            if found:
                yield stage, found, tuple(peers)

    def _to(
        self,
        fact: FlowFact,
        listener: Cluster,
        stage: str,
        source: EndpointSet,
        direct: EndpointSet,
        anchor: Cluster | None = None,
    ) -> t.Iterator[Flow]:
        """To the listener's VIP for the ports that are balanced, and to its members for the rest."""
        role, interface = split(fact.listener)
        named = anchor or listener
        remaining = []
        for port in fact.ports:
            service = None if fact.direct else self._service(listener, role, interface, fact.protocol, port)
            if service is None:
                remaining.append(port)
                continue
            vip = self._parties.of_addresses(
                f"vip:{service.vip}", [Member(service.balancer or listener.name, service.vip)]
            )
            yield self._flow(fact, named, stage, source, vip, (port,), "to_vip", service.id)
        if remaining or not fact.ports:
            yield self._flow(fact, named, stage, source, direct, tuple(remaining))

    def _service(self, cluster: Cluster, role: str, interface: str, protocol: str, port: str) -> Service | None:
        return next(
            (
                service
                for service in self._by_cluster.get(cluster.name, ())
                if (service.role, service.interface, service.protocol, service.port)
                == (role, interface, protocol, port)
            ),
            None,
        )

    def _flow(
        self,
        fact: FlowFact,
        anchor: Cluster,
        stage: str,
        source: EndpointSet,
        destination: EndpointSet,
        ports: tuple[str, ...] | None = None,
        leg: t.Literal["direct", "to_vip"] = "direct",
        service: str = "",
    ) -> Flow:
        chosen = fact.ports if ports is None else ports
        return Flow(
            id=f"{fact.id}@{anchor.name}:{stage}{':' + '+'.join(chosen) if service else ''}",
            stage=stage,
            why=(fact.id,),
            source=source.name,
            destination=destination.name,
            protocol=fact.protocol,
            ports=chosen,
            source_ports=fact.source_ports,
            application=fact.application,
            tls=fact.tls,
            purpose=fact.purpose,
            leg=leg,
            service=service,
            crossings=self._crossings(source, destination),
        )

    def balancer_flows(self, service: Service) -> t.Iterator[Flow]:
        """What a balancer opens: clients' connections, from its own addresses, and health checks."""
        members = self._parties.of_addresses(
            f"members:{service.cluster}:{service.role}:{service.interface}",
            [Member(host, address) for host, address in zip(service.members, service.addresses, strict=True)],
        )
        own = self._parties.of_addresses(
            f"balancer:{service.vip}", [Member(service.balancer, address) for address in service.snat or (service.vip,)]
        )
        yield self._balancer_flow(service, own, members, service.port, service.protocol, "to_member")
        if service.check_port != service.port:
            yield self._balancer_flow(service, own, members, service.check_port, "tcp", "health_check")

    def _balancer_flow(
        self,
        service: Service,
        own: EndpointSet,
        members: EndpointSet,
        port: str,
        protocol: str,
        leg: t.Literal["to_member", "health_check"],
    ) -> Flow:
        return Flow(
            id=f"{service.id}:{leg}",
            stage=service.stage,
            why=service.why,
            source=own.name,
            destination=members.name,
            protocol=protocol,
            ports=(port,),
            source_ports="",
            application="",
            tls="",
            purpose="Health check" if leg == "health_check" else "Balanced connections",
            leg=leg,
            service=service.id,
            crossings=self._crossings(own, members),
        )

    def _crossings(self, source: EndpointSet, destination: EndpointSet) -> tuple[Crossing, ...]:
        """Every firewall that some pair of the two sets' addresses has between it."""
        found: dict[Crossing, None] = {}
        for start in source.networks:
            for end in destination.networks:
                if start != end:
                    found.update(dict.fromkeys(self._topology.networks.path(start, end) or ()))
        return tuple(found)
