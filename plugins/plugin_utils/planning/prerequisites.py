# SPDX-License-Identifier: GPL-3.0-or-later
"""What servers, clients and surroundings must have before a stage, and what keeps them safe afterwards.

One line per row and stage, never per server: `types` says whom it concerns, and `count` how many there are.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ..schema.fields import option
from ..topology.model import Cluster, Topology
from ..topology.prerequisites import PrerequisiteFact
from .base import AppliedFact, Item, Stages, applications


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SafeguardFact(AppliedFact):
    """Something that keeps the deployment secure."""

    KIND: t.ClassVar[str] = "security"

    types: tuple[str, ...] = option("Roles that it concerns", default=())
    title: str = option("What must be so")
    verify: str = option("How one sees that it is", default="")
    recommended: bool = option("Whether it is advice rather than a rule", default=False)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Prerequisite(Item):
    """A prerequisite, for all that it concerns in its stage."""

    subject: str
    types: tuple[str, ...]
    count: int
    title: str
    verify: str
    windows: tuple[str, ...]
    memory_gb: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Safeguard(Item):
    """A safeguard, from the stage in which there is something to guard."""

    types: tuple[str, ...]
    title: str
    verify: str
    recommended: bool


def plan_prerequisites(topology: Topology, stages: Stages) -> tuple[Prerequisite, ...]:
    """Prerequisites of what the inventory holds, first stage first."""
    found = (
        Prerequisite(
            id=f"{fact.id}@{stage}",
            stage=stage,
            why=(fact.id,),
            subject=fact.subject,
            types=fact.types,
            count=count,
            title=fact.title,
            verify=fact.verify,
            windows=fact.windows,
            memory_gb=fact.memory_gb,
        )
        for fact, stage, count in _concerned(topology, PrerequisiteFact, stages)
    )
    return tuple(sorted(found, key=lambda item: stages.rank(item.stage)))


def plan_safeguards(topology: Topology, stages: Stages) -> tuple[Safeguard, ...]:
    """Safeguards of what the inventory holds, first stage first."""
    found = (
        Safeguard(
            id=f"{fact.id}@{stage}",
            stage=stage,
            why=(fact.id,),
            types=fact.types,
            title=fact.title,
            verify=fact.verify,
            recommended=fact.recommended,
        )
        for fact, stage, _count in _concerned(topology, SafeguardFact, stages)
    )
    return tuple(sorted(found, key=lambda item: stages.rank(item.stage)))


C = t.TypeVar("C", PrerequisiteFact, SafeguardFact)


def _concerned(topology: Topology, kind: type[C], stages: Stages) -> t.Iterator[tuple[C, str, int]]:
    """Rows that hold, each with the first stage that has somebody concerned, and the number of servers."""
    first: dict[str, tuple[C, str]] = {}
    servers: dict[str, int] = {}
    for fact, context in applications(topology, kind):
        clusters = [context.cluster] if context.cluster else _clusters(topology, fact, context.product)
        if fact.types and not clusters:
            continue
        earliest = min((cluster.stage for cluster in clusters), key=stages.rank, default="")
        stage = stages.latest(fact.stage, earliest)
        known = first.get(fact.id)
        if known is None or stages.rank(stage) < stages.rank(known[1]):
            first[fact.id] = (fact, stage)
        roles = fact.types or ((fact.role,) if fact.role else ())
        names = {server.name for cluster in clusters for role in roles for server in cluster.members(role)}
        servers[fact.id] = servers.get(fact.id, 0) + len(names)
    for name, (fact, stage) in first.items():
        yield fact, stage, servers[name]


def _clusters(topology: Topology, fact: C, product: str) -> list[Cluster]:
    candidates = (cluster for role in fact.types for cluster in topology.with_role(role))
    return list({cluster.name: cluster for cluster in candidates if cluster.product == product}.values())
