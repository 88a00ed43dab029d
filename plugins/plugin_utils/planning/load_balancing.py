# SPDX-License-Identifier: GPL-3.0-or-later
"""Balanced services: a VIP, its port, its members, and how the balancer treats them."""

from __future__ import annotations

import dataclasses
import typing as t

from ..schema.fields import option
from ..schema.kinds import Ports
from ..topology.applied import AppliedFact, applications
from ..topology.balancing import VipName, balancer_of, given_balancer, vip_of, vips_of
from ..topology.context import Context
from ..topology.model import Cluster, Topology
from ..topology.names import edge_endpoint
from .base import Item, Stages

Nat = t.Literal["snat", "dnat"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ServiceFact(AppliedFact):
    """A port that is balanced."""

    KIND: t.ClassVar[str] = "balanced_services"

    interface: str = option("Interface of the members", default="internal")
    vip: VipName = option("Which of the cluster's balanced addresses")
    protocol: t.Literal["tcp", "udp"] = option("Protocol", default="tcp")
    ports: tuple[Ports, ...] = option("Ports")
    movable: bool = option("Whether the inventory may give the service another port", default=False)
    method: t.Literal["least_connections"] = option("How a member is chosen", default="least_connections")
    affinity: t.Literal["tcp", "source", "cookie"] = option("What stays with a member", default="tcp")
    nat: tuple[Nat, ...] = option(
        "Address translation that may be used, the usual first; dnat keeps the client's address"
    )
    idle_seconds: int = option("Least idle time after which the balancer may drop a connection", default=0)
    idle_reset: bool = option("Whether both ends are told by a TCP reset when it does", default=True)
    terminate: bool = option("Whether TLS ends on the balancer", default=False)
    member_port: int = option("Port on the members, where it is not that of the VIP", default=0)
    check_port: int = option("TCP port that health is judged by; the port itself when left out", default=0)
    purpose: str = option("What it carries")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Service(Item):
    """A balanced port of a cluster.

    With `nat: snat` the balancer opens connections to members from its `snat` addresses; with `dnat` members see the
    client's own address. Health checks come from the balancer's own addresses either way.
    """

    cluster: str
    role: str
    interface: str
    balancer: str
    vip: str
    vip_name: str
    port: str
    protocol: str
    members: tuple[str, ...]
    addresses: tuple[str, ...]
    member_port: str
    method: str
    affinity: str
    nat: Nat
    snat: tuple[str, ...]
    idle_seconds: int
    idle_reset: bool
    terminate: bool
    check_port: str
    purpose: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BalancerRequirementFact(AppliedFact):
    """What a balancer in front of some servers must be able to do, or must not do."""

    KIND: t.ClassVar[str] = "balancer_requirements"

    topic: str = option("What it is about, in a word or two")
    requirement: str = option("What is asked, in words")
    level: t.Literal["must", "should", "info"] = option("How strongly", default="must")
    never: tuple[Ports, ...] = option("Ports of these servers that are never balanced", default=())


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BalancerRequirement(Item):
    """A requirement on one appliance, with the clusters that bring it."""

    balancer: str
    appliance: str
    kind: str
    topic: str
    level: str
    requirement: str
    never: tuple[str, ...]
    clusters: tuple[str, ...]


def plan_services(topology: Topology, stages: Stages) -> tuple[Service, ...]:
    """One service for each balanced port; what several rows ask for is planned once, with every reason."""
    found: dict[tuple[str, str, str], Service] = {}
    for fact, context in applications(topology, ServiceFact):
        for service in _services(fact, context, stages):
            key = (service.vip, service.port, service.protocol)
            known = found.get(key)
            found[key] = dataclasses.replace(known, why=(*known.why, *service.why)) if known else service
    return tuple(found.values())


def _services(fact: ServiceFact, context: Context, stages: Stages) -> t.Iterator[Service]:
    cluster = context.cluster
    vip = vip_of(cluster, fact.vip) if cluster else None
    if cluster is None or vip is None:
        return
    servers = [server for server in cluster.members(fact.role) if server.address(fact.interface)]
    balancer = balancer_of(context.topology, cluster, fact.vip)
    given = given_balancer(context.topology, balancer)
    nat = given.nat if given.nat in fact.nat else fact.nat[0]
    for documented in fact.ports:
        port = _port(fact, cluster, documented)
        member_port = str((cluster.web.port if cluster.web else 0) or fact.member_port or port)
        yield Service(
            id=f"{fact.id}@{cluster.name}:{port}/{fact.protocol}",
            stage=stages.of(fact, context),
            why=(fact.id,),
            cluster=cluster.name,
            role=fact.role,
            interface=fact.interface,
            balancer=balancer,
            vip=str(vip),
            vip_name=fact.vip,
            port=port,
            protocol=fact.protocol,
            members=tuple(server.name for server in servers),
            addresses=tuple(str(server.address(fact.interface)) for server in servers),
            member_port=member_port,
            method=fact.method,
            affinity=fact.affinity,
            nat=nat,
            snat=tuple(str(address) for address in given.snat) if nat == "snat" else (),
            idle_seconds=fact.idle_seconds,
            idle_reset=fact.idle_reset and fact.protocol == "tcp",
            terminate=fact.terminate,
            check_port=str(fact.check_port or member_port),
            purpose=fact.purpose,
        )


def _port(fact: ServiceFact, cluster: Cluster, documented: str) -> str:
    """The documented port, or the one that the inventory gives an Edge service instead."""
    side, _dot, service = fact.vip.partition(".")
    if not fact.movable or not service:
        return documented
    return str(edge_endpoint(cluster, side, service).port or documented)


def plan_balancer_requirements(topology: Topology, stages: Stages) -> tuple[BalancerRequirement, ...]:
    """What each appliance has to meet, for the clusters that it carries."""
    found: dict[tuple[str, str], BalancerRequirement] = {}
    for fact, context in applications(topology, BalancerRequirementFact):
        cluster = context.cluster
        if cluster is None:
            continue
        for balancer in dict.fromkeys(balancer_of(topology, cluster, vip) for vip in vips_of(cluster)):
            key = (balancer, fact.id)
            known = found.get(key)
            item = _requirement(fact, topology, balancer, cluster, stages.of(fact, context))
            if known is None:
                found[key] = item
            else:
                stage = item.stage if stages.rank(item.stage) < stages.rank(known.stage) else known.stage
                found[key] = dataclasses.replace(known, stage=stage, clusters=(*known.clusters, cluster.name))
    return tuple(found[key] for key in sorted(found))


def _requirement(
    fact: BalancerRequirementFact, topology: Topology, balancer: str, cluster: Cluster, stage: str
) -> BalancerRequirement:
    given = given_balancer(topology, balancer)
    return BalancerRequirement(
        id=f"{fact.id}@{balancer or cluster.name}",
        stage=stage,
        why=(fact.id,),
        balancer=balancer,
        appliance=given.appliance,
        kind=given.kind,
        topic=fact.topic,
        level=fact.level,
        requirement=fact.requirement,
        never=fact.never,
        clusters=(cluster.name,),
    )
