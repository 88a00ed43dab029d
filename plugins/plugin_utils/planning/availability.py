# SPDX-License-Identifier: GPL-3.0-or-later
"""Availability: what keeps the service up, and whether there are servers enough for it."""

from __future__ import annotations

import dataclasses
import typing as t

from ..topology.applied import applications
from ..topology.model import Topology
from ..topology.redundancy import AvailabilityFact, counted_servers
from .base import Item, Stages


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Availability(Item):
    """A rule of availability, for the whole estate where it names no cluster."""

    cluster: str
    topic: str
    level: str
    statement: str
    counted: str
    servers: tuple[str, ...]
    least: int
    met: t.Literal["yes", "no", ""]


def plan_availability(topology: Topology, stages: Stages) -> tuple[Availability, ...]:
    """All rules that concern what the inventory holds."""
    found = []
    for fact, context in applications(topology, AvailabilityFact):
        servers = counted_servers(fact, context) if fact.counted else ()
        name = context.cluster.name if context.cluster else ""
        found.append(
            Availability(
                id=f"{fact.id}@{name}" if name else fact.id,
                stage=stages.of(fact, context),
                why=(fact.id,),
                cluster=name,
                topic=fact.topic,
                level=fact.level,
                statement=fact.statement,
                counted=fact.counted,
                servers=servers,
                least=fact.least,
                met=("yes" if len(servers) >= fact.least else "no") if fact.least else "",
            )
        )
    return tuple(found)
