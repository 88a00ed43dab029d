# SPDX-License-Identifier: GPL-3.0-or-later
"""Conditions that catalogue rows name in `when`: facts about a topology, never about a product.

A row lists words, all of which must hold; `not ` before a word turns it round, ` or ` joins alternatives. A word with a
dot is of a family (`feature.federation`); each family has one function.
"""

from __future__ import annotations

import dataclasses
import functools
import typing as t

from ..catalogue.model import CatalogueError
from .context import Context
from .model import Cluster, Topology
from .relations import (
    federation_edge,
    first_users_pool,
    related,
    remote_access_edge,
    sign_in_cluster,
    web_entry_cluster,
)
from .user_model import figure

Condition = t.Callable[[Context], bool]


def holds(words: t.Sequence[str], context: Context) -> bool:
    """True when every word holds in the context."""
    return all(condition(word)(context) for word in words)


@functools.cache
def condition(word: str) -> Condition:
    """The test behind a word; a word nobody knows is a fault of the catalogue."""
    if " or " in word:
        alternatives = [condition(part) for part in word.split(" or ")]
        return lambda context: any(alternative(context) for alternative in alternatives)
    if word.startswith("not "):
        positive = condition(word.removeprefix("not "))
        return lambda context: not positive(context)
    if word in _WORDS:
        return _WORDS[word]
    family, dot, argument = word.partition(".")
    if dot and family in _FAMILIES:
        test = _FAMILIES[family]
        return lambda context: test(context, argument)
    raise CatalogueError(f"no condition is called {word!r}")


def _members(context: Context) -> int:
    return len(context.cluster.servers) if context.cluster else 0


def _balancing(context: Context, kind: str) -> bool:
    cluster = context.cluster
    if cluster is None:
        return False
    given = cluster.pool or cluster.edge
    return given is not None and given.balancing == kind


def _has_vip(context: Context) -> bool:
    cluster = context.cluster
    if cluster is None:
        return False
    if cluster.pool:
        return cluster.pool.vip is not None
    if cluster.edge:
        sides = (cluster.edge.internal, cluster.edge.external)
        return any(end.vip is not None for side in sides for end in (side.access, side.web_conferencing, side.av))
    return cluster.web is not None and cluster.web.vip is not None


def _is_sign_in(context: Context) -> bool:
    return context.cluster is not None and sign_in_cluster(context.topology) is context.cluster


def _comes_to_be(context: Context, final: t.Callable[[Topology], Cluster | None]) -> bool:
    """Whether the cluster has a part for good, or as the first pool until the one that has it is deployed."""
    return context.cluster is not None and context.cluster in (
        final(context.topology),
        first_users_pool(context.topology),
    )


def _hosts_updates(context: Context) -> bool:
    pools = context.topology.estate.pools.items()
    first = next((name for name, pool in pools if pool.role == "users" and pool.device_updates), "")
    return context.cluster is not None and context.cluster.name == first


def _publishes_updates(context: Context) -> bool:
    """Whether a reverse proxy publishes the pool that devices get their updates from."""
    cluster = context.cluster
    published = related(context.topology, cluster, "~reverse_proxy", "web_components") if cluster else ()
    return any(
        _hosts_updates(dataclasses.replace(context, cluster=pool))
        for pool in published
        if pool.pool and pool.pool.web_farm.external
    )


def _separate_web_farm(context: Context) -> bool:
    cluster = context.cluster
    return bool(cluster and cluster.pool and cluster.pool.web_farm.internal not in ("", cluster.name))


def _speaks_tls_to_gateways(context: Context) -> bool:
    """A Mediation Server that uses TLS towards its gateways, or a gateway of such a one."""
    given = context.topology.estate.mediation
    cluster = context.cluster
    if cluster is None:
        return False
    serving = [cluster] if cluster.name in given else related(context.topology, cluster, "~gateways", "mediation")
    return any(given[other.name].transport == "tls" for other in serving)


def _nat(context: Context, service: str) -> bool:
    edge = context.cluster.edge if context.cluster else None
    return edge is not None and edge.nat.get(service, False)


def _pool(context: Context, attribute: str) -> bool:
    pool = context.cluster.pool if context.cluster else None
    return pool is not None and bool(getattr(pool, attribute))


def _partner(context: Context, product: str) -> bool:
    return any(partner.product == product for partner in context.topology.estate.federation.partners)


def _serves_clients(context: Context, product: str) -> bool:
    topology = context.topology

    def answer() -> frozenset[str]:
        return frozenset(used for clients in topology.estate.clients.values() for used in clients.products)

    return product in topology.once("products of clients", answer)


def _is_active(context: Context, application: str) -> bool:
    return any(application in pool.applications for pool in context.topology.estate.pools.values())


def _gateway(context: Context, trait: str) -> bool:
    """Whether some gateway is of a kind, or has a trait: `pbx`, `refuses_plus`."""
    given = context.topology.estate.voice.gateways.values()
    return any(
        trait == g.kind or (g.pbx and trait == "pbx") or (not g.accepts_plus and trait == "refuses_plus") for g in given
    )


def _is_virtual(context: Context) -> bool:
    return context.cluster is not None and any(server.given.virtual for server in context.cluster.servers)


def _is_multihomed(context: Context) -> bool:
    server = context.server
    return server is not None and (server.given.nics > 1 or len(server.given.addresses.given()) > 1)


def _model_says(context: Context, argument: str) -> bool:
    key, _dot, value = argument.partition(".")
    return figure(context, key) == float(value)


def _has_cores(context: Context, least: str) -> bool:
    return context.server is not None and context.server.given.cores >= int(least)


def _finds_sql_port(context: Context) -> bool:
    sql = context.cluster.pool.sql if context.cluster and context.cluster.pool else None
    return sql is not None and bool(sql.instance) and not sql.port


def _serves_view(context: Context, view: str) -> bool:
    """Whether a DNS server answers in a view; every one does where the inventory declares no zones."""
    zones = context.topology.estate.dns.zones.values()
    cluster = context.cluster
    return cluster is not None and (
        not zones or any(zone.view == view and zone.server == cluster.name for zone in zones)
    )


def _some_virtual(context: Context) -> bool:
    servers = [context.server] if context.server else context.topology.servers.values()
    return any(server.given.virtual for server in servers)


def _pool_users_over(context: Context, limit: str) -> bool:
    """Whether the pool, one whose databases are here, or some pool of the estate has more users."""
    pools = context.topology.estate.pools
    cluster = context.cluster
    if cluster is not None:
        pools = {
            name: pool
            for name, pool in pools.items()
            if name == cluster.name or (pool.sql and pool.sql.host == cluster.name)
        }
    return any(pool.users > int(limit) for pool in pools.values())


def _expanded_pool(context: Context) -> bool:
    pools = [context.cluster.pool] if context.cluster else context.topology.estate.pools.values()
    return any(pool is not None and pool.configuration == "expanded" for pool in pools)


def _decided(context: Context, answer: str) -> bool:
    """`decided.migration:none`: whether people have answered a decision so."""
    word, _colon, option = answer.partition(":")
    return context.topology.estate.decisions.get(word, "") == option


_WORDS: dict[str, Condition] = {
    "some_virtual": _some_virtual,
    "expanded_pool": _expanded_pool,
    "several_editions": lambda context: len({pool.edition for pool in context.topology.estate.pools.values()}) > 1,
    "terminated": lambda context: bool(context.cluster and context.cluster.web and context.cluster.web.terminate),
    "single": lambda context: _members(context) == 1,
    "array": lambda context: _members(context) > 1,
    "has_vip": _has_vip,
    "sign_in": _is_sign_in,
    "distributes_sign_in": lambda context: _comes_to_be(context, sign_in_cluster),
    "web_entry": lambda context: _comes_to_be(context, web_entry_cluster),
    "hosts_updates": _hosts_updates,
    "publishes_updates": _publishes_updates,
    "separate_web_farm": _separate_web_farm,
    "gateway_tls": _speaks_tls_to_gateways,
    "pbx_integration": lambda context: any(
        policy.pbx_integration for policy in context.topology.estate.voice.policies.values()
    ),
    "remote_access_edge": lambda context: bool(
        context.cluster and context.cluster.name == remote_access_edge(context.topology, context.sip_domain)
    ),
    "federation_edge": lambda context: bool(
        context.cluster and context.cluster.name == federation_edge(context.topology)
    ),
    "automatic_sign_in": lambda context: context.topology.estate.sign_in.automatic,
    "sip_name_target": lambda context: context.topology.estate.sign_in.target == "sip_name",
    "legacy_devices": lambda context: context.topology.estate.legacy_devices,
    "several_sip_domains": lambda context: len(context.topology.estate.sip_domains) > 1,
    "virtual": _is_virtual,
    "multihomed": _is_multihomed,
    "qos": lambda context: context.topology.estate.qos.enabled,
    "sql_browser": _finds_sql_port,
    "remote_users": lambda context: bool(
        context.cluster and context.cluster.edge and context.cluster.edge.remote_users
    ),
    "plain_web": lambda context: bool(
        context.cluster and context.cluster.pool and context.cluster.pool.web_farm.scheme == "http"
    ),
    "federation_av": lambda context: context.topology.estate.federation.av,
    "federation_discovery": lambda context: context.topology.estate.federation.discovery,
    "monitored": lambda context: _pool(context, "monitoring"),
    "archived": lambda context: _pool(context, "archiving"),
    "allow_tcp": lambda context: _pool(context, "allow_tcp"),
    "device_updates": lambda context: _pool(context, "device_updates"),
    "external_web_farm": lambda context: bool(
        context.cluster and context.cluster.pool and context.cluster.pool.web_farm.external
    ),
}

_FAMILIES: dict[str, t.Callable[[Context, str], bool]] = {
    "pool_users_over": _pool_users_over,
    "decided": _decided,
    "serves": _serves_view,
    "feature": lambda context, name: name in context.topology.estate.features,
    "application": lambda context, name: bool(
        context.cluster and context.cluster.pool and name in context.cluster.pool.applications
    ),
    "role": lambda context, name: bool(context.topology.with_role(name)),
    "type": lambda context, name: bool(context.topology.of_type(name)),
    "has_role": lambda context, name: context.cluster is not None and context.cluster.has(name),
    "several": lambda context, role: context.cluster is not None and len(context.cluster.members(role)) > 1,
    "kind": lambda context, name: context.cluster is not None and context.cluster.kind == name,
    "edition": lambda context, name: bool(
        context.cluster and context.cluster.pool and context.cluster.pool.edition == name
    ),
    "configuration": lambda context, name: bool(
        context.cluster and context.cluster.pool and context.cluster.pool.configuration == name
    ),
    "any_feature": lambda context, names: any(name in context.topology.estate.features for name in names.split("+")),
    "client": _serves_clients,
    "model": _model_says,
    "active": _is_active,
    "gateway": _gateway,
    "voice": lambda context, name: bool(getattr(context.topology.estate.voice, name)),
    "web_access": lambda context, name: any(web.kind == name for web in context.topology.estate.web_access.values()),
    "cores": _has_cores,
    "balancing": _balancing,
    "nat": _nat,
    "pool": _pool,
    "web": lambda context, name: bool(
        context.cluster
        and (web := context.cluster.web)
        and (name in (web.kind, web.scheme) or bool(getattr(web, name, None)))
    ),
    "public_im": lambda context, name: name in context.topology.estate.federation.public_im,
    "partner": _partner,
    "unknown_partners": lambda context, name: context.topology.estate.federation.unknown_partners == name,
    "product": lambda context, name: name in context.topology.catalogues,
}
