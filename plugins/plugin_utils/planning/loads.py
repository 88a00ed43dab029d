# SPDX-License-Identifier: GPL-3.0-or-later
"""Loads: what an inventory has of something, through the shares of the user model.

A row names a measure, and figures of the user model that it is multiplied or divided by. Capacity, bandwidth and
storage are all worked out from loads.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ..catalogue.model import CatalogueError
from ..schema.fields import option
from ..schema.kinds import UserFigure
from ..topology.context import Context
from ..topology.model import Cluster
from ..topology.relations import edge_pool_of, related
from ..topology.user_model import fact_of, figure
from .base import AppliedFact

_PERCENT = "percent"
_HOMES = ("front_end", "standard_edition")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class LoadFact(AppliedFact):
    """A row that is worked out from a measure of the inventory."""

    measure: str = option("What is counted in the inventory", default="one")
    times: tuple[UserFigure, ...] = option("Figures of the user model that it is multiplied by", default=())
    divided_by: UserFigure = option("Figure of the user model that it is divided by", default="")


@dataclasses.dataclass(frozen=True, slots=True)
class Load:
    """A load and how it came about."""

    value: float
    formula: str
    why: tuple[str, ...]


def load_of(fact: LoadFact, context: Context) -> Load:
    """The load of a row in a context."""
    value = measured(fact.measure, context)
    words = [number(value)]
    why = [fact.id]
    for key in fact.times:
        model, given = fact_of(context, key), figure(context, key)
        value *= given / 100 if model.unit == _PERCENT else given
        words.append(f"x {number(given)}{' %' if model.unit == _PERCENT else ''}")
        why.append(model.id)
    if fact.divided_by:
        given = figure(context, fact.divided_by)
        value = value / given if given else 0.0
        words.append(f"/ {number(given)}")
        why.append(fact_of(context, fact.divided_by).id)
    return Load(round(value, 2), " ".join(words), tuple(why))


def number(value: float) -> str:
    """A figure without needless digits."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def subject_of(context: Context) -> str:
    """Name of what a line is about."""
    if context.server:
        return context.server.name
    if context.cluster:
        return context.cluster.name
    return context.population or context.site or "estate"


def measured(name: str, context: Context) -> float:
    """What the inventory has of a measure; a word nobody knows is a fault of the catalogue."""
    family, _dot, argument = name.partition(".")
    if family == "stated":
        return figure(context, argument)
    if family == "servers":
        return float(sum(len(cluster.members(argument)) for cluster in context.topology.with_role(argument)))
    if family == "members":
        return float(len(context.cluster.members(argument))) if context.cluster else 0.0
    if family == "related_users":
        return _related_users(context, argument)
    if name not in _MEASURES:
        raise CatalogueError(f"no measure is called {name!r}")
    return float(_MEASURES[name](context))


def _related_users(context: Context, relation: str) -> float:
    """Users of the pools that the relation leads to."""
    cluster = context.cluster
    if cluster is None:
        return 0.0
    pools = {
        other.name: _pool(other) for role in _HOMES for other in related(context.topology, cluster, relation, role)
    }
    return float(sum(pools.values()))


def _estate_users(context: Context) -> float:
    """Users homed on pools; those said to work at sites where pools say nothing."""
    estate = context.topology.estate
    return sum(pool.users for pool in estate.pools.values()) or sum(site.users for site in estate.sites.values())


def _edge_users(context: Context) -> float:
    cluster = context.cluster
    if cluster is None:
        return 0
    return sum(
        pool.users
        for name, pool in context.topology.estate.pools.items()
        if (homed := context.topology.cluster(name)) and edge_pool_of(context.topology, homed) == cluster.name
    )


def _mediation_users(context: Context) -> float:
    """Users of the pool behind a Mediation Server, shared among those that serve it."""
    estate = context.topology.estate
    mediation = estate.mediation.get(context.cluster.name) if context.cluster else None
    pool = estate.pools.get(mediation.next_hop) if mediation else None
    if mediation is None or pool is None:
        return 0
    return pool.users / sum(1 for other in estate.mediation.values() if other.next_hop == mediation.next_hop)


def _group_chat_users(context: Context) -> float:
    """Users of the pools that Group Chat Servers are associated with; of all pools where none is named."""
    servers = context.topology.of_type("group_chat")
    named = {name for server in servers for name in server.given.associated_pools}
    return sum(
        pool.users for name, pool in context.topology.estate.pools.items() if not named or name in named
    ) or _estate_users(context)


def _web_access_users(context: Context) -> float:
    """Sessions of the virtual servers that a web access server carries, its share of each."""
    name = context.server.name if context.server else ""
    return sum(
        web.users / len(web.members) for web in context.topology.estate.web_access.values() if name in web.members
    )


def _slowest_nic(context: Context) -> float:
    stated = [server.given.nic_gbps for server in context.topology.servers.values() if server.given.nic_gbps]
    return min(stated, default=0)


def _host(attribute: str) -> t.Callable[[Context], float]:
    return lambda context: getattr(context.server.given, attribute) if context.server else 0


def _site(read: t.Callable[[t.Any], float]) -> t.Callable[[Context], float]:
    return lambda context: read(site) if (site := context.topology.estate.sites.get(context.site)) else 0


def _population(context: Context) -> float:
    clients = context.topology.estate.clients.get(context.population)
    return clients.count if clients else 0


def _pool(cluster: Cluster | None) -> float:
    return cluster.pool.users if cluster and cluster.pool else 0


_MEASURES: dict[str, t.Callable[[Context], float]] = {
    "one": lambda context: 1,
    "pool_users": lambda context: _pool(context.cluster),
    "estate_users": _estate_users,
    "edge_users": _edge_users,
    "mediation_users": _mediation_users,
    "group_chat_users": _group_chat_users,
    "web_access_users": _web_access_users,
    "site_users": _site(lambda site: site.users),
    "site_one_way_ms": _site(lambda site: site.link_latency_ms / 2),
    "population": _population,
    "gateway_ports": _host("gateway_ports"),
    "slowest_nic_gbps": _slowest_nic,
}
