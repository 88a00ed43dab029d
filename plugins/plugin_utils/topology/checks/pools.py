# SPDX-License-Identifier: GPL-3.0-or-later
"""Pools: members, editions, configurations and databases."""

from __future__ import annotations

import typing as t

from ...catalogue.facts import server_type_facts
from ...findings import Violation, violation
from ...schema.problems import join, nearest
from ..inputs.edge import EdgePoolInput
from ..inputs.pools import PoolInput
from ..model import Cluster, Topology
from ..shapes import ShapeFact, about, candidates, forms, kind_of, missing_types, most

_KINDS = {"pool": "pool", "edge_pool": "Edge pool"}
_PATHS = {"pool": "uc_pools", "director": "uc_pools", "edge_pool": "uc_edge_pools", "web_access_site": "uc_web_access"}


def path_of(cluster: Cluster, *rest: str) -> str:
    """Where the inventory declares a cluster, or something of it."""
    path = join(_PATHS.get(kind_of(cluster), "groups"), cluster.name)
    for key in rest:
        path = join(path, key)
    return path


def members_of_pools(topology: Topology) -> t.Iterator[Violation]:
    """Servers that make up pools name one that is declared, and of the right kind."""
    estate = topology.estate
    declared: dict[str, t.Mapping[str, PoolInput] | t.Mapping[str, EdgePoolInput]] = {
        "pool": estate.pools,
        "edge_pool": estate.edge_pools,
    }
    facts = server_type_facts(topology.catalogue)
    for server in topology.servers.values():
        for name in server.types:
            kind = facts[name].clustered
            if kind not in declared:
                continue
            pools, given = declared[kind], server.given.pool
            if not given:
                yield violation(
                    "finding.no-pool",
                    "uc_pool",
                    host=server.name,
                    type=name,
                    kind=_KINDS[kind],
                    allowed=", ".join(sorted(pools)) or "none is declared",
                )
            elif given not in pools:
                yield violation(
                    "finding.missing-reference",
                    "uc_pool",
                    host=server.name,
                    value=given,
                    allowed=", ".join(sorted(pools)) or "none is declared",
                    nearest=nearest(given, pools),
                )


def known_sites(topology: Topology) -> t.Iterator[Violation]:
    """With several sites, every pool and every server of the product says where it is."""
    if len(topology.estate.sites) < 2:
        return
    facts = server_type_facts(topology.catalogue)
    for cluster in topology.clusters.values():
        if cluster.site:
            continue
        if cluster.kind != "alone":
            yield violation("finding.no-site", path_of(cluster, "site"), value=cluster.name, allowed=_sites(topology))
        elif any(facts[name].plane == "uc" for server in cluster.servers for name in server.types):
            yield violation(
                "finding.no-site", "uc_site", host=cluster.name, value=cluster.name, allowed=_sites(topology)
            )


def _sites(topology: Topology) -> str:
    return ", ".join(topology.estate.sites)


def supported_forms(topology: Topology) -> t.Iterator[Violation]:
    """Every pool, Director and Edge pool has a form that its product's documents describe."""
    for cluster in topology.clusters.values():
        known = forms(topology, cluster)
        if not known:
            continue
        facts = [fact for fact in candidates(topology, cluster) if fact in known]
        if not facts:
            yield _unsupported(cluster, known)
            continue
        yield from _least([_misfit(topology, cluster, fact) for fact in facts])
        if facts and not any(fact.preferred for fact in facts):
            yield violation(
                "finding.form-not-preferred",
                path_of(cluster, "configuration"),
                value=cluster.pool.configuration if cluster.pool else "",
                cluster=cluster.name,
                why=tuple(fact.id for fact in facts),
            )


def _unsupported(cluster: Cluster, known: t.Sequence[ShapeFact]) -> Violation:
    pool = cluster.pool
    given = f"{pool.edition} {pool.configuration}" if pool else ""
    return violation(
        "finding.unsupported-form",
        path_of(cluster, "configuration"),
        value=given,
        allowed=", ".join(f"{fact.edition} {fact.configuration}".strip() for fact in known),
        cluster=cluster.name,
        why=tuple(fact.id for fact in known),
    )


def _least(results: t.Sequence[list[Violation]]) -> list[Violation]:
    """What is wrong by the form that the cluster comes nearest to."""
    return min(results, key=len)


def _misfit(topology: Topology, cluster: Cluster, fact: ShapeFact) -> list[Violation]:
    return [*_wrong_members(topology, cluster, fact), *_wrong_count(cluster, fact), *_wrong_database(cluster, fact)]


def _wrong_members(topology: Topology, cluster: Cluster, fact: ShapeFact) -> t.Iterator[Violation]:
    facts = server_type_facts(topology.catalogue)
    for missing in missing_types(fact, cluster):
        yield violation(
            "finding.pool-without-type", path_of(cluster), cluster=cluster.name, type=missing, why=(fact.id,)
        )
    for server in cluster.servers:
        joined = [name for name in server.types if facts[name].clustered in (cluster.kind, "web_access")]
        if fact.types and not set(server.types) & set(fact.types):
            yield violation(
                "finding.wrong-member-type",
                "groups",
                host=server.name,
                value=", ".join(joined or server.types),
                allowed=", ".join(fact.types),
                cluster=cluster.name,
                why=(fact.id,),
            )


def _wrong_count(cluster: Cluster, fact: ShapeFact) -> t.Iterator[Violation]:
    count = len(cluster.servers)
    if count > most(fact):
        yield violation(
            "finding.too-many-servers",
            path_of(cluster),
            value=count,
            allowed=f"at most {fact.max_servers}",
            cluster=cluster.name,
            names=", ".join(server.name for server in cluster.servers),
            why=(fact.id,),
        )


def _wrong_database(cluster: Cluster, fact: ShapeFact) -> t.Iterator[Violation]:
    if cluster.pool is None:
        return
    if fact.sql == "required" and cluster.pool.sql is None:
        yield violation("finding.no-back-end", path_of(cluster, "sql"), cluster=cluster.name, why=(fact.id,))
    if fact.sql == "none" and cluster.pool.sql is not None:
        yield violation(
            "finding.back-end-not-used",
            path_of(cluster, "sql"),
            value=cluster.pool.sql.host,
            cluster=cluster.name,
            why=(fact.id,),
        )


def estate_limits(topology: Topology) -> t.Iterator[Violation]:
    """Of some roles an estate has one only."""
    counted: dict[ShapeFact, list[Cluster]] = {}
    for cluster in topology.clusters.values():
        for fact in about(topology, cluster):
            if fact.max_in_estate:
                counted.setdefault(fact, []).append(cluster)
    for fact, clusters in counted.items():
        if len(clusters) > fact.max_in_estate:
            yield violation(
                "finding.too-many-in-estate",
                "groups",
                host=clusters[-1].name,
                value=len(clusters),
                allowed=f"at most {fact.max_in_estate}",
                role=fact.of,
                names=", ".join(cluster.name for cluster in clusters),
                why=(fact.id,),
            )


def one_instance_a_pool(topology: Topology) -> t.Iterator[Violation]:
    """No two pools keep their databases in one SQL Server instance; a Director's is a pool's in this."""
    used: dict[tuple[str, str], str] = {}
    for name, pool in topology.estate.pools.items():
        if pool.sql is None:
            continue
        key = (pool.sql.host, pool.sql.instance.casefold())
        if key in used:
            yield violation(
                "finding.shared-instance",
                join(join("uc_pools", name), "sql"),
                value=f"{pool.sql.host}\\{pool.sql.instance}".rstrip("\\"),
                pool=name,
                other=used[key],
            )
        used.setdefault(key, name)


def standard_edition_names(topology: Topology) -> t.Iterator[Violation]:
    """A Standard Edition server is a pool of its own name."""
    for name, pool in topology.estate.pools.items():
        members = topology.clusters[name].servers
        if pool.edition == "standard" and len(members) == 1 and members[0].name != name:
            yield violation(
                "finding.standard-edition-name",
                join("uc_pools", name),
                value=name,
                allowed=members[0].name,
                server=members[0].name,
            )


def one_sign_in_pool(topology: Topology) -> t.Iterator[Violation]:
    """Clients that sign in automatically reach one pool or Director first."""
    marked = [name for name, pool in topology.estate.pools.items() if pool.sign_in]
    for name in marked[1:]:
        yield violation(
            "finding.several-sign-in-pools", join(join("uc_pools", name), "sign_in"), value=name, other=marked[0]
        )


CHECKS = (
    members_of_pools,
    known_sites,
    supported_forms,
    estate_limits,
    one_instance_a_pool,
    standard_edition_names,
    one_sign_in_pool,
)
