# SPDX-License-Identifier: GPL-3.0-or-later
"""Active Directory: topology, levels, and which servers are joined to what."""

from __future__ import annotations

import typing as t

from ...findings import Violation, violation
from ...schema.problems import join
from ..directory import WORKGROUP, DirectoryFact, Subject, domain_of, serving_forest, topology_of
from ..inputs.directory import ForestInput
from ..model import Server, Topology


def directory_topology(topology: Topology) -> t.Iterator[Violation]:
    """Only some topologies are supported."""
    forests = topology.estate.ad.forests
    if not forests:
        return
    for fact in _facts(topology, "topology"):
        found = topology_of(topology.estate.ad)
        if found not in fact.allowed:
            kinds = ", ".join(f"{name}: {forest.kind}" for name, forest in forests.items())
            yield violation(
                fact.finding,
                "uc_ad.forests",
                value=kinds,
                allowed=", ".join(fact.allowed),
                why=(fact.id,),
                found=found.replace("_", " "),
            )


def levels(topology: Topology) -> t.Iterator[Violation]:
    """Functional levels of forests and domains that are too low, and where global settings are kept."""
    keys: tuple[tuple[Subject, str, t.Callable[[ForestInput], str]], ...] = (
        ("domain_level", "functional_level", lambda forest: forest.functional_level),
        ("forest_level", "forest_level", lambda forest: forest.forest_level),
        ("container", "settings_container", lambda forest: forest.settings_container),
    )
    for name, forest in topology.estate.ad.forests.items():
        if forest.kind == "user":
            continue
        for subject, key, read in keys:
            yield from _judged(topology, subject, "any", name, key, read(forest))


def other_forests(topology: Topology) -> t.Iterator[Violation]:
    """Trusts with forests of users, and what stands for those users where the servers are."""
    serving = serving_forest(topology.estate.ad)
    if serving is None or serving.kind not in ("central", "resource"):
        return
    for name, forest in topology.estate.ad.forests.items():
        if forest.kind == "user":
            yield from _judged(topology, "trust", serving.kind, name, "trust", forest.trust)
        elif forest is serving:
            yield from _judged(topology, "users_as", serving.kind, name, "users_as", forest.users_as)
            if not forest.synchronised:
                yield violation(
                    "finding.forest-not-synchronised", f"{join('uc_ad.forests', name)}.synchronised", value="false"
                )


def _judged(
    topology: Topology, subject: Subject, kind: str, forest: str, key: str, value: str
) -> t.Iterator[Violation]:
    for fact in _facts(topology, subject):
        if fact.kind == kind and value not in fact.allowed:
            yield violation(
                fact.finding,
                f"{join('uc_ad.forests', forest)}.{key}",
                value=value or None,
                allowed=", ".join(fact.allowed),
                why=(fact.id,),
                forest=forest,
                said=value or "not stated",
            )


def _facts(topology: Topology, subject: Subject) -> t.Iterator[DirectoryFact]:
    for catalogue in topology.catalogues.values():
        for fact in catalogue.facts(DirectoryFact):
            if fact.about == subject:
                yield fact


def pools_in_one_domain(topology: Topology) -> t.Iterator[Violation]:
    """The servers of a pool are joined to one domain."""
    for cluster in topology.clusters.values():
        if not cluster.pool:
            continue
        domains = {server.name: domain_of(topology, server) for server in cluster.servers}
        known = list(dict.fromkeys(filter(None, domains.values())))
        if len(known) > 1:
            odd = next((name for name, domain in domains.items() if domain and domain != known[0]), "")
            yield violation(
                "finding.pool-in-two-domains",
                "uc_pool",
                host=odd,
                value=cluster.name,
                domain=domains[odd],
                other=known[0],
            )


def domain_members(topology: Topology) -> t.Iterator[Violation]:
    """Which servers are joined to a domain, and which rather to none; nothing is said where it is not stated."""
    forests = topology.estate.ad.forests.values()
    internal = {domain.lower() for forest in forests for domain in forest.domains}
    serving = serving_forest(topology.estate.ad)
    serving_domains = {domain.lower() for domain in serving.domains} if serving else set()
    for fact, server in _members(topology):
        domain = server.given.domain.lower()
        if fact.about == "joined":
            wrong = bool(serving_domains) and domain not in serving_domains
        else:
            wrong = domain != WORKGROUP and (domain in internal) == (fact.about == "no_internal_domain")
        if wrong:
            yield violation(
                fact.finding,
                "uc_domain",
                host=server.name,
                value=domain,
                allowed=", ".join(sorted(serving_domains)) if fact.about == "joined" else None,
                why=(fact.id,),
            )


def _members(topology: Topology) -> t.Iterator[tuple[DirectoryFact, Server]]:
    for product, catalogue in topology.catalogues.items():
        for fact in catalogue.facts(DirectoryFact):
            found = {server.name: server for kind in fact.types for server in topology.of_type(kind)}
            for server in found.values():
                if server.product == product and server.given.domain:
                    yield fact, server


CHECKS = (
    directory_topology,
    levels,
    other_forests,
    pools_in_one_domain,
    domain_members,
)
