# SPDX-License-Identifier: GPL-3.0-or-later
"""Balanced addresses of a cluster, the balancers that hold them, and the rows that say where a balancer belongs."""

from __future__ import annotations

import dataclasses
import typing as t

from ..catalogue.model import Fact
from ..schema.fields import option
from ..schema.problems import join
from .applied import AppliedFact
from .inputs.host import BalancerInput
from .inputs.network import Address
from .model import Cluster, Server, Topology

# A cluster's balanced addresses: a pool's own and its web components', a web access site's, and those of an Edge pool.
VipName = t.Literal[
    "pool",
    "web",
    "site",
    "internal.access",
    "internal.web_conferencing",
    "internal.av",
    "external.access",
    "external.web_conferencing",
    "external.av",
]
Subject = t.Literal["pool", "edge_pool", "web_access"]
EDGE_VIPS: t.Final[tuple[VipName, ...]] = (
    "internal.access",
    "internal.web_conferencing",
    "internal.av",
    "external.access",
    "external.web_conferencing",
    "external.av",
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BalancerNeedFact(AppliedFact):
    """Whether some kind of deployment needs a load balancer, and for which addresses."""

    KIND: t.ClassVar[str] = "balancer_needs"

    need: t.Literal["required", "unneeded", "unsupported"] = option("What the documents say of a balancer there")
    vips: tuple[VipName, ...] = option("Addresses meant")
    always: bool = option("Whether it is unsupported even without a balanced address", default=False)
    deployment: str = option("What it is, in words")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BalancingFact(Fact):
    """How something may be balanced in a product."""

    KIND: t.ClassVar[str] = "balancer_support"

    subject: Subject = option("What is balanced")
    modes: tuple[t.Literal["hardware", "dns"], ...] = option("Ways that are supported")
    kinds: tuple[t.Literal["hardware", "software"], ...] = option("Kinds of balancer that are supported")
    nat: tuple[t.Literal["snat", "dnat"], ...] = option("Address translation that is supported")
    users_per_snat: int = option("Users that one translated source address is good for", default=0)
    own_web_name: tuple[t.Literal["hardware", "dns"], ...] = option(
        "Ways with which the web components need a name other than the pool's", default=()
    )


def subject_of(cluster: Cluster) -> Subject | None:
    """What a cluster is for the rows about balancing."""
    if cluster.pool:
        return "pool"
    if cluster.edge:
        return "edge_pool"
    return "web_access" if cluster.web else None


def vip_of(cluster: Cluster, vip: VipName) -> Address | None:
    """The balanced address of that name; the web components share the pool's unless they have their own."""
    side, _dot, service = vip.partition(".")
    if service:
        endpoint = getattr(getattr(cluster.edge, side), service) if cluster.edge else None
        return endpoint.vip if endpoint else None
    if vip == "site":
        return cluster.web.vip if cluster.web else None
    if cluster.pool is None:
        return None
    return (cluster.pool.web_vip if vip == "web" else None) or cluster.pool.vip


def vips_of(cluster: Cluster) -> dict[VipName, Address]:
    """All balanced addresses of a cluster that the inventory gives."""
    names: dict[Subject | None, tuple[VipName, ...]] = {
        "pool": ("pool", "web"),
        "edge_pool": EDGE_VIPS,
        "web_access": ("site",),
    }
    return {name: address for name in names.get(subject_of(cluster), ()) if (address := vip_of(cluster, name))}


def vip_path(cluster: Cluster, vip: VipName) -> str:
    """Path of the variable that holds the address; a pool balanced by DNS has one for its web components alone."""
    side, _dot, service = vip.partition(".")
    if service:
        return f"{join('uc_edge_pools', cluster.name)}.{side}.{service}.vip"
    if vip == "site":
        return f"{join('uc_web_access', cluster.name)}.vip"
    pool = cluster.pool
    own = vip == "web" and pool is not None and (pool.web_vip is not None or pool.balancing == "dns")
    return f"{join('uc_pools', cluster.name)}.{'web_vip' if own else 'vip'}"


def balancer_path(cluster: Cluster, vip: VipName) -> str:
    """Path of the variable that names the balancer."""
    side, _dot, service = vip.partition(".")
    if service:
        return f"{join('uc_edge_pools', cluster.name)}.balancer.{side}"
    if vip == "site":
        return f"{join('uc_web_access', cluster.name)}.balancer"
    own = vip == "web" and cluster.pool is not None and cluster.pool.web_balancer
    return f"{join('uc_pools', cluster.name)}.{'web_balancer' if own else 'balancer'}"


def balancer_of(topology: Topology, cluster: Cluster, vip: VipName) -> str:
    """Host that holds the address: the one that is named, or the only one of the site."""
    named = _named_balancer(cluster, vip)
    if named:
        return named
    there = [
        server.name
        for server in topology.of_type("load_balancer")
        if server.site == cluster.site and not _said_of(topology, server.name).stands_in_for
    ]
    return there[0] if len(there) == 1 else ""


def _named_balancer(cluster: Cluster, vip: VipName) -> str:
    if cluster.edge:
        return cluster.edge.balancer.get(vip.partition(".")[0], "")
    if cluster.web:
        return cluster.web.balancer
    if cluster.pool:
        return (cluster.pool.web_balancer if vip == "web" else "") or cluster.pool.balancer
    return ""


def given_balancer(topology: Topology, name: str) -> BalancerInput:
    """What the inventory says of a balancer; one that stands in for another is like it but for its cards."""
    given = _said_of(topology, name)
    if not given.stands_in_for:
        return given
    like = _said_of(topology, given.stands_in_for)
    return dataclasses.replace(
        like, interfaces=given.interfaces, stands_in_for=given.stands_in_for, appliance=given.appliance
    )


def _said_of(topology: Topology, name: str) -> BalancerInput:
    server: Server | None = topology.servers.get(name)
    return (server.given.balancer if server else None) or BalancerInput()


def balancing_fact(topology: Topology, cluster: Cluster) -> BalancingFact | None:
    """The row about balancing such a cluster, where its product has one."""
    subject = subject_of(cluster)
    facts = topology.catalogues[cluster.product].facts(BalancingFact)
    return next((fact for fact in facts if fact.subject == subject), None)
