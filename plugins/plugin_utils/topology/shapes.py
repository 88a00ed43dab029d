# SPDX-License-Identifier: GPL-3.0-or-later
"""Which forms pools and other clusters may have."""

from __future__ import annotations

import dataclasses
import typing as t

from ..catalogue.model import Fact
from ..schema.fields import option
from ..schema.kinds import ServerType
from .model import Cluster, Topology


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ShapeFact(Fact):
    """A form of a cluster. A cluster must fit one of the rows that speak of its kind, edition and configuration."""

    KIND: t.ClassVar[str] = "topologies"

    of: str = option("`pool`, `director`, `edge_pool`, or a role that the cluster carries")
    summary: str = option("The form in a line, for reports")
    edition: t.Literal["enterprise", "standard", ""] = option("Edition of the pool", default="")
    configuration: t.Literal["consolidated", "expanded", ""] = option("Configuration of the pool", default="")
    types: tuple[ServerType, ...] = option("Types that its members may be of; any when left out", default=())
    required: tuple[ServerType, ...] = option("Types of which it has at least one member", default=())
    min_servers: int = option("Fewest members", default=0)
    max_servers: int = option("Most members; no limit when 0", default=0)
    max_in_estate: int = option("Most clusters of the kind in an estate; no limit when 0", default=0)
    sql: t.Literal["required", "none", "any"] = option("Whether it names a Back-End", default="any")
    preferred: bool = option("False for a form that the documents advise against", default=True)


def kind_of(cluster: Cluster) -> str:
    """What rows call a cluster that is no single server."""
    if cluster.pool:
        return "director" if cluster.pool.role == "director" else "pool"
    return "web_access_site" if cluster.web else cluster.kind


def about(topology: Topology, cluster: Cluster) -> tuple[ShapeFact, ...]:
    """Rows of the cluster's product that speak of clusters of its kind, whatever their edition."""
    facts = topology.catalogues[cluster.product].facts(ShapeFact)
    return tuple(fact for fact in facts if fact.of == kind_of(cluster) or cluster.has(fact.of))


def forms(topology: Topology, cluster: Cluster) -> tuple[ShapeFact, ...]:
    """Forms that a cluster of this kind may have; none where the product's documents are silent about the kind."""
    return tuple(fact for fact in about(topology, cluster) if fact.of == kind_of(cluster))


def candidates(topology: Topology, cluster: Cluster) -> tuple[ShapeFact, ...]:
    """Those rows that speak of its edition and configuration too."""
    return tuple(fact for fact in about(topology, cluster) if _speaks_of(fact, cluster))


def fitting(topology: Topology, cluster: Cluster) -> tuple[ShapeFact, ...]:
    """Rows that the cluster fits in every respect that can be counted."""
    return tuple(
        fact
        for fact in candidates(topology, cluster)
        if not missing_types(fact, cluster) and fact.min_servers <= len(cluster.servers) <= most(fact)
    )


def missing_types(fact: ShapeFact, cluster: Cluster) -> tuple[str, ...]:
    present = {name for server in cluster.servers for name in server.types}
    return tuple(name for name in fact.required if name not in present)


def most(fact: ShapeFact) -> int:
    return fact.max_servers or 1 << 30


def _speaks_of(fact: ShapeFact, cluster: Cluster) -> bool:
    if cluster.pool is None:
        return not fact.edition and not fact.configuration
    return fact.edition in ("", cluster.pool.edition) and fact.configuration in ("", cluster.pool.configuration)
