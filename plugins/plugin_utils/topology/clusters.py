# SPDX-License-Identifier: GPL-3.0-or-later
"""Grouping servers into the units that act as one."""

from __future__ import annotations

import typing as t

from ..catalogue.facts import ServerTypeFact, StageFact
from ..catalogue.model import Catalogue
from .composition import roles_of
from .inputs.estate import EstateInput
from .model import Cluster, Server

Catalogues = t.Mapping[str, Catalogue]
TypesOf = t.Callable[[Server], t.Sequence[str]]


def build_clusters(estate: EstateInput, servers: t.Mapping[str, Server], catalogues: Catalogues) -> dict[str, Cluster]:
    """All clusters by name: pools and Edge pools first, then single servers, then web access virtual servers."""
    types = {fact.id.partition(".")[2]: fact for fact in catalogues[estate.product].facts(ServerTypeFact)}
    members = _members_by_pool(servers)
    clusters: dict[str, Cluster] = {}
    first_pool = next((name for name, pool in estate.pools.items() if pool.role == "users"), "")
    for name, pool in estate.pools.items():
        stage = "director" if pool.role == "director" else "first_pool" if name == first_pool else "further_pools"
        site = pool.site or only(estate.sites)
        product = pool.product or estate.product
        roles = _roles(members.get(name, ()), catalogues[product], pool.configuration, _as_member_of(name, types))
        clusters[name] = Cluster(name, "pool", product, site, stage, members.get(name, ()), roles, pool=pool)
    for name, edge in estate.edge_pools.items():
        product = edge.product or estate.product
        roles = _roles(members.get(name, ()), catalogues[product], "any", _as_member_of(name, types))
        site = edge.site or only(estate.sites)
        clusters[name] = Cluster(
            name, "edge_pool", product, site, "external_access", members.get(name, ()), roles, edge=edge
        )
    for server in servers.values():
        own = tuple(name for name in server.types if types[name].clustered in ("alone", "web_access"))
        if not own or server.name in clusters:
            continue
        roles = _roles((server,), catalogues[server.product], "any", _always(own))
        stage = min((types[name].stage for name in own), key=_ranks(catalogues[estate.product]).__getitem__)
        clusters[server.name] = Cluster(server.name, "alone", server.product, server.site, stage, (server,), roles)
    for name, web in estate.web_access.items():
        carriers = tuple(servers[host] for host in web.members if host in servers)
        product = carriers[0].product if carriers else estate.product
        site = web.site or (carriers[0].site if carriers else only(estate.sites))
        stage = "internal_addons" if web.kind == "internal" else "external_access"
        clusters.setdefault(
            name, Cluster(name, "web_access", product, site, stage, carriers, {"web_access_site": carriers}, web=web)
        )
    return clusters


def _always(types: t.Sequence[str]) -> TypesOf:
    return lambda _server: types


def only(names: t.Collection[str]) -> str:
    """The one name there is, or nothing: what may be left out where there is no choice."""
    return next(iter(names)) if len(names) == 1 else ""


def _ranks(catalogue: Catalogue) -> dict[str, int]:
    return {fact.id.partition(".")[2]: fact.rank for fact in catalogue.facts(StageFact)}


def _members_by_pool(servers: t.Mapping[str, Server]) -> dict[str, tuple[Server, ...]]:
    found: dict[str, list[Server]] = {}
    for server in servers.values():
        if server.given.pool:
            found.setdefault(server.given.pool, []).append(server)
    return {name: tuple(members) for name, members in found.items()}


def _as_member_of(cluster: str, types: t.Mapping[str, ServerTypeFact]) -> TypesOf:
    """Types that a server has as a member of a pool.

    What stands alone, such as a Mediation Server on a Front End, is a cluster of its own unless the server is the pool.
    """

    def types_of(server: Server) -> t.Sequence[str]:
        if server.name == cluster:
            return server.types
        return [name for name in server.types if types[name].clustered in ("pool", "edge_pool")]

    return types_of


def _roles(
    servers: t.Sequence[Server], catalogue: Catalogue, configuration: str, types_of: TypesOf
) -> dict[str, tuple[Server, ...]]:
    found: dict[str, list[Server]] = {}
    for server in servers:
        roles: dict[str, None] = {}
        for server_type in types_of(server):
            roles.update(dict.fromkeys(roles_of(catalogue, server_type, configuration)))
        for role in roles:
            found.setdefault(role, []).append(server)
    return {role: tuple(carriers) for role, carriers in found.items()}
