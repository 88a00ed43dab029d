# SPDX-License-Identifier: GPL-3.0-or-later
"""Balanced services: a VIP, its port, its members, and how the balancer treats them."""

from __future__ import annotations

import dataclasses
import typing as t

from ..schema.fields import option
from ..schema.kinds import Ports
from ..topology.context import Context
from ..topology.model import Topology
from ..topology.names import edge_endpoint
from .base import AppliedFact, Item, Stages, applications


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ServiceFact(AppliedFact):
    """A port that is balanced."""

    KIND: t.ClassVar[str] = "load_balancing"

    interface: str = option("Interface of the members", default="internal")
    vip: t.Literal["pool", "web", "access", "web_conferencing", "av", "site"] = option("Which of the cluster's VIPs")
    side: t.Literal["internal", "external"] = option("Side of an Edge pool", default="internal")
    protocol: t.Literal["tcp", "udp"] = option("Protocol", default="tcp")
    ports: tuple[Ports, ...] = option("Ports")
    method: t.Literal["least_connections"] = option("How a member is chosen", default="least_connections")
    affinity: t.Literal["tcp", "source", "cookie", "none"] = option("What stays with a member", default="tcp")
    idle_seconds: int = option("Idle time after which the balancer may drop a connection")
    check_port: int = option("Port that health is judged by; the port itself when left out", default=0)
    purpose: str = option("What it carries", default="")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Service(Item):
    """A balanced port of a cluster."""

    cluster: str
    role: str
    interface: str
    balancer: str
    vip: str
    port: str
    protocol: str
    members: tuple[str, ...]
    addresses: tuple[str, ...]
    method: str
    affinity: str
    idle_seconds: int
    check_port: str
    snat: tuple[str, ...] = ()


def plan_services(topology: Topology, stages: Stages) -> tuple[Service, ...]:
    """One service for each balanced port."""
    return tuple(
        service for fact, context in applications(topology, ServiceFact) for service in _services(fact, context, stages)
    )


def _services(fact: ServiceFact, context: Context, stages: Stages) -> t.Iterator[Service]:
    cluster = context.cluster
    vip = _vip(fact, context)
    if cluster is None or not vip:
        return
    servers = [server for server in cluster.members(fact.role) if server.address(fact.interface)]
    for port in fact.ports:
        yield Service(
            id=f"{fact.id}@{cluster.name}:{port}/{fact.protocol}",
            stage=stages.of(fact, context),
            why=(fact.id,),
            cluster=cluster.name,
            role=fact.role,
            interface=fact.interface,
            balancer=_balancer(fact, context),
            vip=vip,
            port=port,
            protocol=fact.protocol,
            members=tuple(server.name for server in servers),
            addresses=tuple(str(server.address(fact.interface)) for server in servers),
            method=fact.method,
            affinity=fact.affinity,
            idle_seconds=fact.idle_seconds,
            check_port=str(fact.check_port or port),
        )


def _vip(fact: ServiceFact, context: Context) -> str:
    cluster = context.cluster
    if cluster is None:
        return ""
    if cluster.edge:
        address = (
            edge_endpoint(cluster, fact.side, fact.vip).vip
            if fact.vip in ("access", "web_conferencing", "av")
            else None
        )
    elif cluster.web:
        address = cluster.web.vip
    elif cluster.pool:
        address = (cluster.pool.web_vip if fact.vip == "web" else None) or cluster.pool.vip
    else:
        address = None
    return str(address) if address else ""


def _balancer(fact: ServiceFact, context: Context) -> str:
    """The balancer that is named, or the only one of the site."""
    cluster = context.cluster
    if cluster is None:
        return ""
    named = ""
    if cluster.edge:
        named = cluster.edge.balancer.get(fact.side, "")
    elif cluster.web:
        named = cluster.web.balancer
    elif cluster.pool:
        named = (cluster.pool.web_balancer if fact.vip == "web" else "") or cluster.pool.balancer
    if named:
        return named
    there = [server.name for server in context.topology.of_type("load_balancer") if server.site == cluster.site]
    return there[0] if len(there) == 1 else ""
