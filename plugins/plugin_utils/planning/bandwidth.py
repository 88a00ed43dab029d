# SPDX-License-Identifier: GPL-3.0-or-later
"""Bandwidth: what media, sharing and clients need on the links of sites, gateways and clients."""

from __future__ import annotations

import dataclasses
import typing as t

from ..schema.fields import option
from ..topology.context import Context
from ..topology.model import Topology
from .base import Item, Stages, applications
from .loads import LoadFact, load_of, number, subject_of
from .measures import Measures

Use = t.Literal["provision", "average", "maximum", "minimum", "high_quality"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BandwidthFact(LoadFact):
    """What one use takes."""

    KIND: t.ClassVar[str] = "bandwidth"

    figure: str = option("What uses it")
    use: Use = option("What the figure is for: `provision` and `minimum` figures add up to what a link must have")
    each: float = option("What one session, call, user or port takes")
    unit: str = option("Unit of the figure", default="kbit/s")
    streams: int = option("Streams of a session", default=1)
    increase_percent: float = option("Percentage added", default=0.0)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BandwidthLine(Item):
    """What a use needs of a link; `available` is 0 where the inventory does not say."""

    subject: str
    client: str
    figure: str
    use: Use
    sessions: float
    each: float
    total: float
    unit: str
    available: float
    formula: str


def plan_bandwidth(topology: Topology, stages: Stages) -> tuple[BandwidthLine, ...]:
    """One line for each use and link."""
    measures = Measures(topology)
    return tuple(_line(fact, context, stages, measures) for fact, context in applications(topology, BandwidthFact))


def _line(fact: BandwidthFact, context: Context, stages: Stages, measures: Measures) -> BandwidthLine:
    load = load_of(fact, context, measures)
    subject = subject_of(context)
    each = fact.each * fact.streams * (1 + fact.increase_percent / 100)
    words = [f"({load.formula})", f"x {number(fact.each)}"]
    if fact.streams > 1:
        words.append(f"x {fact.streams} streams")
    if fact.increase_percent:
        words.append(f"+ {number(fact.increase_percent)} %")
    return BandwidthLine(
        id=f"{fact.id}@{subject}",
        stage=stages.of(fact, context),
        why=load.why,
        subject=subject,
        client=fact.role if context.population else "",
        figure=fact.figure,
        use=fact.use,
        sessions=load.value,
        each=round(each, 2),
        total=round(load.value * each, 2),
        unit=fact.unit,
        available=_available(context),
        formula=" ".join(words),
    )


def _available(context: Context) -> float:
    estate = context.topology.estate
    if context.population:
        return estate.clients[context.population].link_kbps
    site = estate.sites.get(context.site) if not context.cluster else None
    return site.link_kbps if site else 0
