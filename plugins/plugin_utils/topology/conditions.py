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
from .relations import sign_in_cluster

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


def _nat(context: Context, service: str) -> bool:
    edge = context.cluster.edge if context.cluster else None
    return edge is not None and edge.nat.get(service, False)


def _pool(context: Context, attribute: str) -> bool:
    pool = context.cluster.pool if context.cluster else None
    return pool is not None and bool(getattr(pool, attribute))


def _partner(context: Context, product: str) -> bool:
    return any(partner.product == product for partner in context.topology.estate.federation.partners)


_WORDS: dict[str, Condition] = {
    "single": lambda context: _members(context) == 1,
    "array": lambda context: _members(context) > 1,
    "has_vip": _has_vip,
    "sign_in": _is_sign_in,
    "automatic_sign_in": lambda context: context.topology.estate.sign_in.automatic,
    "sip_name_target": lambda context: context.topology.estate.sign_in.target == "sip_name",
    "legacy_devices": lambda context: context.topology.estate.legacy_devices,
    "several_sip_domains": lambda context: len(context.topology.estate.sip_domains) > 1,
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
