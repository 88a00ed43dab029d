# SPDX-License-Identifier: GPL-3.0-or-later
"""Features without the servers, applications and clients they need."""

from __future__ import annotations

import typing as t

from ...catalogue.facts import ApplicationFact, FeatureFact, ProductFact
from ...catalogue.model import Catalogue
from ...findings import Violation, violation
from ..feature_map import missing_roles, required
from ..model import Topology
from ..rules import ClientFact, RequiredFact


def needs(topology: Topology) -> t.Iterator[Violation]:
    """Every feature has what its rows ask for."""
    titles = {fact.id.partition(".")[2]: fact.title for fact in topology.catalogue.facts(FeatureFact)}
    for index, feature in enumerate(topology.estate.features):
        for fact in required(topology, feature):
            subject = {"value": feature, "title": fact.summary or titles[feature], "why": (fact.id,)}
            path = f"uc_features[{index}]"
            yield from _servers(topology, fact, path, subject)
            yield from _applications(topology, fact, path, subject)
            yield from _clients(topology, fact, path, subject)


def _servers(
    topology: Topology, fact: RequiredFact, path: str, subject: t.Mapping[str, t.Any]
) -> t.Iterator[Violation]:
    missing = missing_roles(topology, fact)
    if missing:
        yield violation("finding.feature-without-server", path, missing=", ".join(missing), **subject)
    kinds = {web.kind for web in topology.estate.web_access.values()}
    if fact.web_access and topology.of_type("web_access") and fact.web_access not in kinds:
        yield violation("finding.feature-without-site", path, kind=fact.web_access, **subject)


def _applications(
    topology: Topology, fact: RequiredFact, path: str, subject: t.Mapping[str, t.Any]
) -> t.Iterator[Violation]:
    active = {name for pool in topology.estate.pools.values() for name in pool.applications}
    titles = {row.id.partition(".")[2]: row.title for row in topology.catalogue.facts(ApplicationFact)}
    for name in fact.applications:
        if name not in active:
            yield violation("finding.feature-without-application", path, application=titles[name], name=name, **subject)


def _clients(
    topology: Topology, fact: RequiredFact, path: str, subject: t.Mapping[str, t.Any]
) -> t.Iterator[Violation]:
    used = {name for population in topology.estate.clients.values() for name in population.products}
    if used and fact.clients and not used & set(fact.clients):
        yield violation("finding.feature-without-client", path, allowed=", ".join(fact.clients), **subject)


def clients(topology: Topology) -> t.Iterator[Violation]:
    """Clients are of a release and on a Windows version that the servers' product knows."""
    for name, population in topology.estate.clients.items():
        home = topology.catalogues[topology.estate.product]
        facts = {fact.client: fact for fact in home.facts(ClientFact)}
        for index, product in enumerate(population.products):
            path = f"uc_clients.{name}.products[{index}]"
            fact = facts.get(product)
            if fact is None:
                if facts:
                    yield violation(
                        "finding.client-not-in-product",
                        path,
                        value=product,
                        allowed=", ".join(facts),
                        product=_title(home),
                    )
                continue
            yield from _release(name, population.release or home.product, fact)
            if population.windows and fact.windows and population.windows not in fact.windows:
                yield violation(
                    "finding.client-windows",
                    f"uc_clients.{name}.windows",
                    value=population.windows,
                    allowed=", ".join(fact.windows),
                    title=fact.title,
                    why=(fact.id,),
                )


def _title(catalogue: Catalogue) -> str:
    return next(fact.title for fact in catalogue.facts(ProductFact) if fact.id.endswith(f".{catalogue.product}"))


def _release(name: str, release: str, fact: ClientFact) -> t.Iterator[Violation]:
    path = f"uc_clients.{name}.release"
    if fact.releases and release not in fact.releases:
        yield violation(
            "finding.client-release",
            path,
            value=release,
            allowed=", ".join(fact.releases),
            title=fact.title,
            why=(fact.id,),
        )
    elif release in fact.limited:
        yield violation(
            "finding.client-limited",
            path,
            value=release,
            title=fact.title,
            limit=fact.limited[release],
            why=(fact.id,),
        )


CHECKS = (needs, clients)
