# SPDX-License-Identifier: GPL-3.0-or-later
"""Capacity: the load on each server type against what is supported, and the servers it takes."""

from __future__ import annotations

import dataclasses
import math
import typing as t

from ..schema.fields import option
from ..topology.context import Context
from ..topology.model import Topology
from .base import Item, Stages, applications
from .loads import LoadFact, load_of, subject_of
from .measures import Measures

Verdict = t.Literal["within", "exceeded", "too_little", "not_stated", "for_information"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CapacityFact(LoadFact):
    """A supported figure, or one to plan with."""

    KIND: t.ClassVar[str] = "capacity"

    figure: str = option("What is counted")
    unit: str = option("Unit of the figures")
    limit: float = option("The most that is supported, however many the servers", default=0.0)
    limit_per_server: float = option("The most that one server takes", default=0.0)
    least: float = option("The least that is supported", default=0.0)
    finding: str = option("Finding where the figure is not kept; none for a figure to plan with", default="")
    path: str = option("Variable a user would change, {subject} being what the line is about", default="")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CapacityLine(Item):
    """A load against its limit. Zero means that there is no such limit, or nothing is known about the load."""

    subject: str
    figure: str
    unit: str
    load: float
    formula: str
    limit: float
    least: float
    servers: int
    servers_needed: int
    verdict: Verdict
    finding: str
    path: str
    host: str


def plan_capacity(topology: Topology, stages: Stages) -> tuple[CapacityLine, ...]:
    """One line for each figure and what it is about."""
    measures = Measures(topology)
    return tuple(_line(fact, context, stages, measures) for fact, context in applications(topology, CapacityFact))


def _line(fact: CapacityFact, context: Context, stages: Stages, measures: Measures) -> CapacityLine:
    load = load_of(fact, context, measures)
    subject = subject_of(context)
    servers = _servers(fact, context)
    limit = _limit(fact, servers)
    return CapacityLine(
        id=f"{fact.id}@{subject}",
        stage=stages.of(fact, context),
        why=load.why,
        subject=subject,
        figure=fact.figure,
        unit=fact.unit,
        load=load.value,
        formula=load.formula,
        limit=limit,
        least=fact.least,
        servers=servers,
        servers_needed=math.ceil(load.value / fact.limit_per_server) if fact.limit_per_server else 0,
        verdict=_verdict(load.value, limit, fact.least),
        finding=fact.finding,
        path=fact.path.format(subject=subject),
        host=context.server.name if context.server else "",
    )


def _servers(fact: CapacityFact, context: Context) -> int:
    """Servers that share the load: of the cluster, or of the whole estate."""
    role = fact.role
    if context.server:
        return 1
    if context.cluster:
        return len(context.cluster.members(role))
    return sum(len(cluster.members(role)) for cluster in context.topology.with_role(role)) if role else 0


def _limit(fact: CapacityFact, servers: int) -> float:
    by_servers = fact.limit_per_server * servers
    limits = [limit for limit in (fact.limit, by_servers) if limit]
    return min(limits, default=0.0)


def _verdict(load: float, limit: float, least: float) -> Verdict:
    if not limit and not least:
        return "for_information"
    if not load:
        return "not_stated"
    if limit and load > limit:
        return "exceeded"
    return "too_little" if load < least else "within"
