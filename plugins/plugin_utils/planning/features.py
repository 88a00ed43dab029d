# SPDX-License-Identifier: GPL-3.0-or-later
"""What the estate is made of, what its users can do with it, and what they do it with: lines of the report."""

from __future__ import annotations

import dataclasses
import typing as t

from ..catalogue.facts import FeatureFact, server_type_facts
from ..catalogue.model import Catalogue
from ..topology.collocation import CollocationFact, companions
from ..topology.composition import CompositionFact
from ..topology.feature_map import complete_choices, required
from ..topology.model import Cluster, Topology
from ..topology.rules import ClientFact, RequiredFact
from ..topology.shapes import fitting
from .base import Item, Stages

_Companions = t.Mapping[tuple[str, str], tuple[str, ...]]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ClusterLine(Item):
    """A pool, an Edge pool, a web access site or a single server: its form, its servers, and who carries what.

    `companions` are the types that may share a computer with a server of each type.
    """

    name: str
    kind: str
    product: str
    site: str
    forms: tuple[str, ...]
    servers: tuple[str, ...]
    roles: t.Mapping[str, tuple[str, ...]]
    companions: t.Mapping[str, tuple[str, ...]]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FeatureLine(Item):
    """A feature, the clusters that give it, and the clients that users have for it."""

    feature: str
    title: str
    roles: tuple[str, ...]
    clusters: tuple[str, ...]
    applications: tuple[str, ...]
    clients: tuple[str, ...]
    settings: tuple[str, ...]
    sites: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ClientLine(Item):
    """A client that a population uses, and what its computers or devices need."""

    population: str
    client: str
    title: str
    release: str
    count: int
    network: str
    needs: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The estate in lines."""

    clusters: tuple[ClusterLine, ...]
    features: tuple[FeatureLine, ...]
    clients: tuple[ClientLine, ...]


def plan_overview(topology: Topology, stages: Stages) -> Overview:
    """Clusters, features and clients of the estate, in the inventory's order."""
    allowed = {
        (product, fact.type): companions(catalogue, fact.type)
        for product, catalogue in topology.catalogues.items()
        for fact in catalogue.facts(CollocationFact)
    }
    return Overview(
        clusters=tuple(_cluster(topology, cluster, allowed) for cluster in topology.clusters.values() if cluster.stage),
        features=tuple(_feature(topology, stages, name) for name in topology.estate.features),
        clients=tuple(_clients(topology, stages)),
    )


def _cluster(topology: Topology, cluster: Cluster, allowed: _Companions) -> ClusterLine:
    forms = fitting(topology, cluster)
    return ClusterLine(
        id=f"cluster:{cluster.name}",
        stage=cluster.stage,
        why=(
            *dict.fromkeys(
                [
                    *(fact.id for fact in forms),
                    *(fact.erratum for fact in forms if fact.erratum),
                    *_composition(topology.catalogues[cluster.product], cluster),
                    *_types(topology.catalogue, cluster),
                    *(fact.id for fact in _collocation(topology, cluster)),
                ]
            ),
        ),
        name=cluster.name,
        kind=cluster.kind,
        product=cluster.product,
        site=cluster.site,
        forms=tuple(fact.summary for fact in forms),
        servers=tuple(server.name for server in cluster.servers),
        companions={fact.type: allowed[cluster.product, fact.type] for fact in _collocation(topology, cluster)},
        roles={role: tuple(server.name for server in members) for role, members in cluster.roles.items()},
    )


def _composition(catalogue: Catalogue, cluster: Cluster) -> t.Iterator[str]:
    types = {name for server in cluster.servers for name in server.types}
    configuration = cluster.pool.configuration if cluster.pool else "any"
    for fact in catalogue.facts(CompositionFact):
        if fact.type in types and fact.configuration in ("any", configuration):
            yield fact.id
            if fact.erratum:
                yield fact.erratum


def _collocation(topology: Topology, cluster: Cluster) -> tuple[CollocationFact, ...]:
    types = {name for server in cluster.servers for name in server.types}
    facts = topology.catalogues[cluster.product].facts(CollocationFact)
    return tuple(fact for fact in facts if fact.type in types)


def _types(catalogue: Catalogue, cluster: Cluster) -> t.Iterator[str]:
    facts = server_type_facts(catalogue)
    for server in cluster.servers:
        yield from (facts[name].id for name in server.types)


def _feature(topology: Topology, stages: Stages, name: str) -> FeatureLine:
    facts = required(topology, name)
    known = {fact.id.partition(".")[2]: fact for fact in topology.catalogue.facts(FeatureFact)}[name]
    roles = _roles(topology, facts)
    clusters = {cluster.name: cluster for role in roles for cluster in topology.with_role(role)}
    used = {client for population in topology.estate.clients.values() for client in population.products}
    wanted = dict.fromkeys(client for fact in facts for client in fact.clients)
    return FeatureLine(
        id=f"feature:{name}",
        stage=stages.latest(*(_first_stage(stages, topology, role) for role in roles)),
        why=(known.id, *(fact.id for fact in facts), *dict.fromkeys(f.erratum for f in facts if f.erratum)),
        feature=name,
        title=known.title,
        roles=roles,
        clusters=tuple(clusters),
        applications=tuple(dict.fromkeys(app for fact in facts for app in fact.applications)),
        clients=tuple(client for client in wanted if client in used),
        settings=tuple(dict.fromkeys(setting for fact in facts for setting in fact.settings)),
        sites=tuple(dict.fromkeys(cluster.site for cluster in clusters.values() if cluster.site)),
    )


def _roles(topology: Topology, facts: t.Sequence[RequiredFact]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for fact in facts:
        found.update(dict.fromkeys(fact.roles))
        for choice in complete_choices(topology, fact):
            found.update(dict.fromkeys(choice))
    return tuple(found)


def _first_stage(stages: Stages, topology: Topology, role: str) -> str:
    """A feature is there as soon as the first server of each role is."""
    given = [cluster.stage for cluster in topology.with_role(role) if cluster.stage]
    return min(given, key=stages.rank, default="")


def _clients(topology: Topology, stages: Stages) -> t.Iterator[ClientLine]:
    facts = {fact.client: fact for fact in topology.catalogue.facts(ClientFact)}
    for name, population in topology.estate.clients.items():
        for client in population.products:
            fact = facts.get(client)
            if fact:
                yield ClientLine(
                    id=f"client:{name}:{client}",
                    stage=stages.latest(fact.stage),
                    why=(fact.id,),
                    population=name,
                    client=client,
                    title=fact.title,
                    release=population.release or topology.estate.product,
                    count=population.count,
                    network=population.network,
                    needs=fact.needs,
                )
