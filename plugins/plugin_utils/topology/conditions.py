# SPDX-License-Identifier: GPL-3.0-or-later
"""Conditions that catalogue rows name in `when`: facts about a topology, never about a product.

A row lists words, all of which must hold; `not ` before a word turns it round. A word with a dot is of a family
(`feature.federation`); each family has one function.
"""

from __future__ import annotations

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

Condition = t.Callable[[Context], bool]


def holds(words: t.Sequence[str], context: Context) -> bool:
    """True when every word holds in the context."""
    return all(condition(word)(context) for word in words)


@functools.cache
def condition(word: str) -> Condition:
    """The test behind a word; a word nobody knows is a fault of the catalogue."""
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
    return any(product in clients.products for clients in context.topology.estate.clients.values())


def _is_virtual(context: Context) -> bool:
    return context.cluster is not None and any(server.given.virtual for server in context.cluster.servers)


def _is_multihomed(context: Context) -> bool:
    server = context.server
    return server is not None and (server.given.nics > 1 or len(server.given.addresses.given()) > 1)


def _has_cores(context: Context, least: str) -> bool:
    return context.server is not None and context.server.given.cores >= int(least)


_WORDS: dict[str, Condition] = {
    "single": lambda context: _members(context) == 1,
    "array": lambda context: _members(context) > 1,
    "has_vip": _has_vip,
    "sign_in": _is_sign_in,
    "distributes_sign_in": lambda context: _comes_to_be(context, sign_in_cluster),
    "web_entry": lambda context: _comes_to_be(context, web_entry_cluster),
    "hosts_updates": _hosts_updates,
    "separate_web_farm": _separate_web_farm,
    "gateway_tls": _speaks_tls_to_gateways,
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
    "feature": lambda context, name: name in context.topology.estate.features,
    "application": lambda context, name: bool(
        context.cluster and context.cluster.pool and name in context.cluster.pool.applications
    ),
    "role": lambda context, name: bool(context.topology.with_role(name)),
    "type": lambda context, name: bool(context.topology.of_type(name)),
    "has_role": lambda context, name: context.cluster is not None and context.cluster.has(name),
    "kind": lambda context, name: context.cluster is not None and context.cluster.kind == name,
    "edition": lambda context, name: bool(
        context.cluster and context.cluster.pool and context.cluster.pool.edition == name
    ),
    "configuration": lambda context, name: bool(
        context.cluster and context.cluster.pool and context.cluster.pool.configuration == name
    ),
    "client": _serves_clients,
    "cores": _has_cores,
    "balancing": _balancing,
    "nat": _nat,
    "pool": _pool,
    "web": lambda context, name: bool(
        context.cluster and context.cluster.web and name in (context.cluster.web.kind, context.cluster.web.scheme)
    ),
    "public_im": lambda context, name: name in context.topology.estate.federation.public_im,
    "partner": _partner,
    "unknown_partners": lambda context, name: context.topology.estate.federation.unknown_partners == name,
    "product": lambda context, name: name in context.topology.catalogues,
}
