# SPDX-License-Identifier: GPL-3.0-or-later
"""What a product does not have: server types, features, applications."""

from __future__ import annotations

import typing as t

from ...catalogue.facts import ApplicationFact, FeatureFact, ProductFact, server_type_facts
from ...catalogue.model import Catalogue
from ...findings import Violation, violation
from ...schema.problems import join
from ..model import Topology


def _title(catalogue: Catalogue, product: str) -> str:
    return next(fact.title for fact in catalogue.facts(ProductFact) if fact.id.endswith(f".{product}"))


def server_types(topology: Topology) -> t.Iterator[Violation]:
    facts = server_type_facts(topology.catalogue)
    for server in topology.servers.values():
        for name in server.types:
            having = facts[name].products
            if having and server.product not in having:
                yield violation(
                    "finding.type-not-in-product",
                    "groups",
                    host=server.name,
                    value=name,
                    allowed=f"with {name}: {', '.join(having)}",
                    title=facts[name].title,
                    product=_title(topology.catalogue, server.product),
                    why=(facts[name].id,),
                )


def features(topology: Topology) -> t.Iterator[Violation]:
    """A feature is one that some product of the estate has."""
    facts = {fact.id.partition(".")[2]: fact for fact in topology.catalogue.facts(FeatureFact)}
    for index, name in enumerate(topology.estate.features):
        if not set(facts[name].products) & set(topology.catalogues):
            yield violation(
                "finding.feature-not-in-product",
                f"uc_features[{index}]",
                value=name,
                allowed=f"with {name}: {', '.join(facts[name].products)}",
                title=facts[name].title,
                product=_title(topology.catalogue, topology.estate.product),
                why=(facts[name].id,),
            )


def applications(topology: Topology) -> t.Iterator[Violation]:
    facts = {fact.id.partition(".")[2]: fact for fact in topology.catalogue.facts(ApplicationFact)}
    for name, pool in topology.estate.pools.items():
        product = topology.clusters[name].product
        for index, application in enumerate(pool.applications):
            if product not in facts[application].products:
                yield violation(
                    "finding.application-not-in-product",
                    f"{join('uc_pools', name)}.applications[{index}]",
                    value=application,
                    allowed=f"with {application}: {', '.join(facts[application].products)}",
                    title=facts[application].title,
                    product=_title(topology.catalogue, product),
                    why=(facts[application].id,),
                )


CHECKS = (server_types, features, applications)
