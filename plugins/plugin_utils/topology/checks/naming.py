# SPDX-License-Identifier: GPL-3.0-or-later
"""Names: their characters and labels, and whether one name stands for two things."""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ...catalogue.facts import ServerTypeFact
from ...catalogue.model import Catalogue, Fact
from ...findings import Violation, violation
from ...schema.fields import option
from ...schema.problems import join
from ..model import Cluster, Topology
from ..names import edge_name

Subject = t.Literal["fqdn", "ad_domain", "sip_domain", "edge_names", "simple_url"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class NameRuleFact(Fact):
    """A documented rule about names of a kind."""

    KIND: t.ClassVar[str] = "naming"

    of: Subject = option("What the names are of; `fqdn` is of servers, pools and Edge pools")
    pattern: str = option("Regular expression that the whole name matches", default="")
    finding: str = option("Finding that reports a name which does not")
    allowed: str = option("What is allowed, in words", default="")


@dataclasses.dataclass(frozen=True, slots=True)
class _Named:
    """A name and where the inventory says it."""

    name: str
    path: str
    host: str = ""


def patterns(topology: Topology) -> t.Iterator[Violation]:
    """Every name has the form that the product's documents ask for."""
    for catalogue in topology.catalogues.values():
        for fact in catalogue.facts(NameRuleFact):
            if not fact.pattern:
                continue
            pattern = re.compile(fact.pattern, re.IGNORECASE)
            for named in _subjects(topology, catalogue, fact.of):
                if not pattern.fullmatch(named.name):
                    yield violation(
                        fact.finding,
                        named.path,
                        host=named.host,
                        value=named.name,
                        allowed=fact.allowed,
                        why=(fact.id,),
                    )


def _subjects(topology: Topology, catalogue: Catalogue, of: Subject) -> t.Iterator[_Named]:
    estate = topology.estate
    if of == "fqdn":
        yield from _own_names(topology, catalogue.product)
    elif catalogue.product != estate.product:
        return
    elif of == "sip_domain":
        yield from (_Named(name, join("uc_sip_domains", name)) for name in estate.sip_domains)
    elif of == "simple_url":
        yield from _simple_urls(topology)
    elif of == "ad_domain":
        for key, forest in estate.ad.forests.items():
            for index, domain in enumerate(forest.domains):
                yield _Named(domain, join(join("uc_ad.forests", key), "domains") + f"[{index}]")


def _simple_urls(topology: Topology) -> t.Iterator[_Named]:
    given = topology.estate.simple_urls
    yield from (_Named(name, join("uc_simple_urls.meet", domain)) for domain, name in given.meet.items())
    yield from (_Named(getattr(given, of), f"uc_simple_urls.{of}") for of in ("dialin", "admin") if getattr(given, of))


def _own_names(topology: Topology, product: str) -> t.Iterator[_Named]:
    for cluster in topology.clusters.values():
        if cluster.product == product and (cluster.pool or cluster.edge) and cluster.name not in topology.servers:
            yield _Named(cluster.name, join("uc_pools" if cluster.pool else "uc_edge_pools", cluster.name))
    ours = {fact.id.partition(".")[2] for fact in topology.catalogue.facts(ServerTypeFact) if fact.plane == "uc"}
    for server in topology.servers.values():
        if server.product == product and not ours.isdisjoint(server.types):
            yield _Named(server.name, "inventory_hostname", server.name)


def edge_names(topology: Topology) -> t.Iterator[Violation]:
    """Each interface of an Edge pool has a name of its own."""
    for cluster in topology.clusters.values():
        facts = topology.catalogues[cluster.product].facts(NameRuleFact) if cluster.edge else ()
        for fact in (fact for fact in facts if fact.of == "edge_names"):
            yield from _twice(cluster, fact)


def _twice(cluster: Cluster, fact: NameRuleFact) -> t.Iterator[Violation]:
    base = join("uc_edge_pools", cluster.name)
    met = {name.lower(): f"{base}.internal" for name in edge_name(cluster, "internal", "access")}
    for service in ("access", "web_conferencing", "av"):
        for name in edge_name(cluster, "external", service):
            path = f"{base}.external.{service}"
            other = met.setdefault(name.lower(), path)
            if other != path:
                yield violation(fact.finding, path, value=name, why=(fact.id,), other=other)


def simple_urls(topology: Topology) -> t.Iterator[Violation]:
    """A simple URL is no SIP domain, and neither a pool's name nor one below it."""
    estate = topology.estate
    domains = {name.lower(): join("uc_sip_domains", name) for name in estate.sip_domains}
    pools = {name.lower(): join("uc_pools", name) for name in estate.pools}
    apart = [fact for fact in topology.catalogue.facts(NameRuleFact) if fact.of == "simple_url" and not fact.pattern]
    for fact in apart:
        for named in _simple_urls(topology):
            name = named.name.lower()
            other = domains.get(name) or next((pools[each] for each in pools if f".{name}".endswith(f".{each}")), "")
            if other:
                yield violation(fact.finding, named.path, value=named.name, why=(fact.id,), other=other)


def duplicates(topology: Topology) -> t.Iterator[Violation]:
    """A pool, an Edge pool, a web access site and a server cannot have the same name, unless one is the other."""
    met: dict[str, _Named] = {}
    for named in _everything(topology):
        other = met.setdefault(named.name.lower(), named)
        if other is not named:
            yield violation(
                "finding.duplicate-name", named.path, host=named.host, value=named.name, other=other.host or other.path
            )


def _everything(topology: Topology) -> t.Iterator[_Named]:
    estate = topology.estate
    lists: tuple[tuple[str, t.Iterable[str]], ...] = (
        ("uc_pools", estate.pools),
        ("uc_edge_pools", estate.edge_pools),
        ("uc_web_access", estate.web_access),
    )
    for variable, names in lists:
        yield from (_Named(name, join(variable, name)) for name in names)
    for server in topology.servers.values():
        if server.given.pool.lower() != server.name.lower():
            yield _Named(server.name, "inventory_hostname", server.name)


def remote_access_edges(topology: Topology) -> t.Iterator[Violation]:
    """Where there are several Edge pools, each SIP domain says which one its users sign in through."""
    estate = topology.estate
    if "remote_access" not in estate.features or len(estate.edge_pools) < 2:
        return
    for name, domain in estate.sip_domains.items():
        if not domain.remote_access:
            yield violation(
                "finding.remote-access-edge-unknown",
                f"{join('uc_sip_domains', name)}.remote_access",
                allowed=", ".join(estate.edge_pools),
                domain=name,
            )


CHECKS = (patterns, edge_names, simple_urls, duplicates, remote_access_edges)
