# SPDX-License-Identifier: GPL-3.0-or-later
"""Active Directory as the inventory says it: which topology it is, and which domain a server is in."""

from __future__ import annotations

import dataclasses
import typing as t

from ..catalogue.model import Fact
from ..schema.fields import option
from ..schema.kinds import ServerType
from .inputs.directory import DirectoryInput, ForestInput
from .model import Server, Topology

Subject = t.Literal[
    "topology",
    "domain_level",
    "forest_level",
    "container",
    "trust",
    "users_as",
    "no_internal_domain",
    "no_other_domain",
    "joined",
]
WORKGROUP = "workgroup"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryFact(Fact):
    """What the directory may be like for a product."""

    KIND: t.ClassVar[str] = "active_directory"

    about: Subject = option("What of the directory")
    kind: t.Literal["any", "central", "resource"] = option("Topologies that it is about", default="any")
    allowed: tuple[str, ...] = option("What is supported", default=())
    types: tuple[ServerType, ...] = option("Server types whose membership it is about", default=())
    finding: str = option("Finding that names what is not")


def topology_of(directory: DirectoryInput) -> str:
    """The name of a topology, or of what the forests make instead of one."""
    forests = directory.forests
    kinds = [forest.kind for forest in forests.values()]
    hosts = [kind for kind in kinds if kind != "user"]
    if len(hosts) != 1:
        return "no_forest_with_servers" if not hosts else "several_forests_with_servers"
    if hosts[0] in ("central", "resource"):
        return f"multiple_forests_{hosts[0]}_forest" if len(kinds) > 1 else f"{hosts[0]}_forest_without_users"
    if len(kinds) > 1:
        return "user_forests_beside_single_forest"
    domains = next(forest for forest in forests.values()).domains
    if len(domains) <= 1:
        return "single_forest_single_domain"
    root = domains[0].lower()
    one_tree = all(name.lower() == root or name.lower().endswith(f".{root}") for name in domains)
    return (
        "single_forest_single_tree_multiple_domains" if one_tree else "single_forest_multiple_trees_disjoint_namespaces"
    )


def serving_forest(directory: DirectoryInput) -> ForestInput | None:
    """The forest that holds the servers."""
    return next((forest for forest in directory.forests.values() if forest.kind != "user"), None)


def domain_of(topology: Topology, server: Server) -> str:
    """Domain that a server is joined to: what it says, or what its name lies in."""
    if server.given.domain:
        return server.given.domain.lower()
    name = server.name.lower()
    domains = [domain.lower() for forest in topology.estate.ad.forests.values() for domain in forest.domains]
    return max((domain for domain in domains if name.endswith(f".{domain}")), key=len, default="")
