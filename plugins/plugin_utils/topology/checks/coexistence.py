# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers of different products that would have to work together."""

from __future__ import annotations

import dataclasses
import typing as t

from ...catalogue.facts import ProductFact, server_type_facts
from ...findings import Violation, violation
from ...schema.problems import join
from ..model import Cluster, Topology
from ..relations import related
from ..rules import CoexistenceFact

# Relations along which two clusters talk to each other, the role at the far end, and what of the near one says so.
_RELATIONS = (
    ("next_hop", "", "next_hop"),
    ("edge", "access_edge", "edge_pool"),
    ("archiving", "archiving", "archiving"),
    ("monitoring", "monitoring", "monitoring"),
    ("web_pool", "", "pool"),
    ("associated_pools", "", "uc_associated_pools"),
)


@dataclasses.dataclass(frozen=True, slots=True)
class Meeting:
    """Two clusters of different products that would talk to each other."""

    near: Cluster
    far: Cluster
    key: str


def mixed_products(topology: Topology) -> t.Iterator[Violation]:
    """Only the pairs of products and server types that the documents list work together."""
    if len({cluster.product for cluster in topology.clusters.values()}) < 2:
        return
    seen: set[frozenset[str]] = set()
    for meeting in _meetings(topology):
        pair = frozenset((meeting.near.name, meeting.far.name))
        if pair in seen:
            continue
        seen.add(pair)
        yield from _judged(topology, meeting)


def side_by_side(topology: Topology) -> t.Iterator[Violation]:
    """What holds wherever two products stand side by side."""
    types = server_type_facts(topology.catalogue)
    present = {
        server.product
        for server in topology.servers.values()
        if any(types[name].plane == "uc" for name in server.types)
    }
    titles = {fact.id.partition(".")[2]: fact.title for fact in topology.catalogue.facts(ProductFact)}
    products = [name for name in titles if name in present]
    if len(products) > 1 and topology.catalogues[products[-1]].covers(CoexistenceFact.KIND):
        yield violation("finding.two-products", "uc_product", value=" and ".join(titles[name] for name in products))


def _meetings(topology: Topology) -> t.Iterator[Meeting]:
    types = server_type_facts(topology.catalogue)
    for cluster in topology.clusters.values():
        if not any(types[name].plane == "uc" for server in cluster.servers for name in server.types):
            continue
        for relation, role, key in _RELATIONS:
            for other in _others(topology, cluster, relation, role):
                if other is not cluster and other.product != cluster.product:
                    yield Meeting(cluster, other, key)


def _others(topology: Topology, cluster: Cluster, relation: str, role: str) -> t.Iterator[Cluster]:
    if relation in ("next_hop", "edge") and cluster.kind == "alone" and not cluster.has("mediation"):
        return
    for name in (role,) if role else ("front_end", "director", "access_edge"):
        yield from related(topology, cluster, relation, name)


def _judged(topology: Topology, meeting: Meeting) -> t.Iterator[Violation]:
    facts = list(_speaking(topology, meeting))
    if not _covered(topology, meeting):
        return
    titles = {fact.id.partition(".")[2]: fact.title for fact in topology.catalogue.facts(ProductFact)}
    common = {
        "value": meeting.far.name,
        "near": meeting.near.name,
        "near_product": titles[meeting.near.product],
        "far": meeting.far.name,
        "far_product": titles[meeting.far.product],
        "why": tuple(fact.id for fact in facts),
    }
    host, path = _where(meeting)
    if not facts or not all(fact.allowed for fact in facts):
        yield violation("finding.coexistence-unsupported", path, host=host, **common)


def _covered(topology: Topology, meeting: Meeting) -> bool:
    """The documents of the newer product are those that speak of the older one."""
    ranks = {fact.id.partition(".")[2]: fact.rank for fact in topology.catalogue.facts(ProductFact)}
    newer = max(meeting.near.product, meeting.far.product, key=ranks.__getitem__)
    return topology.catalogues[newer].covers(CoexistenceFact.KIND)


def _speaking(topology: Topology, meeting: Meeting) -> t.Iterator[CoexistenceFact]:
    for own, other in ((meeting.near, meeting.far), (meeting.far, meeting.near)):
        for fact in topology.catalogues[own.product].facts(CoexistenceFact):
            if (
                not fact.without_feature
                and fact.with_product == other.product
                and _types(own) & set(fact.types)
                and _types(other) & set(fact.with_types)
            ):
                yield fact


def _types(cluster: Cluster) -> set[str]:
    """Types of its members; a pool that directs is a Director whatever its servers are called."""
    if cluster.pool and cluster.pool.role == "director":
        return {"director"}
    return {name for server in cluster.servers for name in server.types}


def _where(meeting: Meeting) -> tuple[str, str]:
    """Host and path that a user would edit to part the two."""
    near = meeting.near
    kinds = {"pool": "uc_pools", "edge_pool": "uc_edge_pools", "web_access": "uc_web_access"}
    if near.kind in kinds:
        return "", join(join(kinds[near.kind], near.name), meeting.key)
    if near.has("mediation") and not meeting.key.startswith("uc_"):
        return "", join(join("uc_mediation", near.name), meeting.key)
    return near.name, meeting.key


def feature_gates(topology: Topology) -> t.Iterator[Violation]:
    """Features that need every server of a type to be of the estate's product."""
    for fact in topology.catalogue.facts(CoexistenceFact):
        if fact.allowed or not fact.without_feature or not topology.has_feature(fact.without_feature):
            continue
        for name in fact.with_types:
            for server in topology.of_type(name):
                if server.product == fact.with_product:
                    yield violation(
                        "finding.feature-against-coexistence",
                        "uc_host_product",
                        host=server.name,
                        value=server.product,
                        allowed=topology.estate.product,
                        feature=fact.without_feature,
                        why=(fact.id,),
                    )


CHECKS = (mixed_products, side_by_side, feature_gates)
