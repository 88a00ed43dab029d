# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures: what an inventory has of something that load is worked out from.

Sums over the whole estate are made once for each plan, so that a large estate is not summed up for each of its servers.
"""

from __future__ import annotations

import functools
import math
import typing as t
from collections import Counter

from ..catalogue.model import CatalogueError
from ..topology.context import Context
from ..topology.model import Server, Topology
from ..topology.relations import RELATIONS
from ..topology.user_model import figure

Measure = t.Callable[[Context], float]


class Measures:
    """The measures of a topology, by the words that rows use."""

    def __init__(self, topology: Topology) -> None:
        self._topology = topology
        self._served: dict[str, Counter[str]] = {}
        self._named: dict[str, Measure] = {
            "one": lambda _context: 1,
            "pool_users": lambda context: self._pool_users(context.cluster.name) if context.cluster else 0,
            "estate_users": lambda _context: self.estate_users,
            "mediation_users": self._mediation_users,
            "group_chat_users": lambda _context: self.group_chat_users,
            "web_access_users": lambda context: self.web_sessions[context.server.name] if context.server else 0,
            "site_users": lambda context: self._site(context, "users"),
            "site_one_way_ms": lambda context: self._site(context, "link_latency_ms") / 2,
            "gateway_ports": lambda context: context.server.given.gateway_ports if context.server else 0,
            "slowest_nic_gbps": lambda _context: self._slowest_nic(),
        }
        self._families: dict[str, t.Callable[[Context, str], float]] = {
            "stated": figure,
            "servers": lambda _context, role: self._carriers(role),
            "served_users": self._users_served,
        }

    def measured(self, word: str, context: Context) -> float:
        """What there is of a measure; a word nobody knows is a fault of the catalogue."""
        family, dot, argument = word.partition(".")
        if dot and family in self._families:
            return float(self._families[family](context, argument))
        if word in self._named:
            return float(self._named[word](context))
        raise CatalogueError(f"no measure is called {word!r}")

    @functools.cached_property
    def estate_users(self) -> float:
        """Users homed on pools; those said to work at sites where pools say nothing."""
        estate = self._topology.estate
        return sum(pool.users for pool in estate.pools.values()) or sum(site.users for site in estate.sites.values())

    @functools.cached_property
    def group_chat_users(self) -> float:
        """Users of the pools that Group Chat Servers are associated with; of all pools where none is named."""
        servers = self._topology.of_type("group_chat")
        named = {name for server in servers for name in server.given.associated_pools}
        return sum(map(self._pool_users, named)) or self.estate_users

    @functools.cached_property
    def web_sessions(self) -> Counter[str]:
        """Sessions by web access server, each virtual server's shared evenly among its members."""
        found: Counter[str] = Counter()
        for web in self._topology.estate.web_access.values():
            for member in web.members:
                found[member] += math.ceil(web.users / len(web.members))
        return found

    @functools.cached_property
    def _mediation_of_pool(self) -> Counter[str]:
        return Counter(mediation.next_hop for mediation in self._topology.estate.mediation.values())

    def _mediation_users(self, context: Context) -> float:
        """Users of the pool behind a Mediation Server, shared among those that serve it."""
        mediation = self._topology.estate.mediation.get(context.cluster.name) if context.cluster else None
        if mediation is None:
            return 0
        return self._pool_users(mediation.next_hop) / self._mediation_of_pool[mediation.next_hop]

    def _users_served(self, context: Context, relation: str) -> float:
        """Users of the pools from which the relation leads to the cluster."""
        if relation not in self._served:
            self._served[relation] = self._sum_by(relation)
        return self._served[relation][context.cluster.name] if context.cluster else 0

    def _sum_by(self, relation: str) -> Counter[str]:
        found: Counter[str] = Counter()
        for name, pool in self._topology.estate.pools.items():
            cluster = self._topology.cluster(name)
            for target in dict.fromkeys(RELATIONS[relation](self._topology, cluster)) if cluster else ():
                found[target] += pool.users
        return found

    def _pool_users(self, name: str) -> float:
        pool = self._topology.estate.pools.get(name)
        return pool.users if pool else 0

    def _site(self, context: Context, attribute: str) -> float:
        site = self._topology.estate.sites.get(context.site)
        return float(getattr(site, attribute)) if site else 0

    def _carriers(self, role: str) -> float:
        return sum(len(cluster.members(role)) for cluster in self._topology.with_role(role))

    def _slowest_nic(self) -> float:
        servers: t.Iterable[Server] = self._topology.servers.values()
        return min((server.given.nic_gbps for server in servers if server.given.nic_gbps), default=0)
