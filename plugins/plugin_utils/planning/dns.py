# SPDX-License-Identifier: GPL-3.0-or-later
"""DNS records, per view and zone."""

from __future__ import annotations

import dataclasses
import typing as t

from ..schema.fields import option
from ..topology.context import Context
from ..topology.model import Topology
from ..topology.names import fill
from .base import AppliedFact, Item, Stages, applications

View = t.Literal["internal", "perimeter", "external"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DnsFact(AppliedFact):
    """A documented record; `name` and `values` hold placeholders."""

    KIND: t.ClassVar[str] = "dns"

    views: tuple[View, ...] = option("Views it belongs in")
    name: str = option("Owner name")
    type: t.Literal["A", "CNAME", "SRV"] = option("Type")
    values: tuple[str, ...] = option("Addresses, the alias's target, or the SRV's target")
    port: int = option("Port of an SRV", default=0)
    purpose: str = option("What it is for")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Record(Item):
    """A record set: all values of one name and type in one view."""

    view: str
    zone: str
    name: str
    type: str
    ttl: int
    values: tuple[str, ...]
    purpose: str


def plan_records(topology: Topology, stages: Stages) -> tuple[Record, ...]:
    """All record sets; what several rows ask for is planned once, with every reason."""
    found: dict[tuple[str, str, str], Record] = {}
    for fact, context in applications(topology, DnsFact):
        for record in _records(fact, context, topology, stages):
            key = (record.view, record.name, record.type)
            found[key] = _merged(found[key], record, stages) if key in found else record
    return tuple(found[key] for key in sorted(found))


def _records(fact: DnsFact, context: Context, topology: Topology, stages: Stages) -> t.Iterator[Record]:
    values = tuple(value for text in fact.values for value in fill(text, context))
    if not values:
        return
    if fact.type == "SRV":
        values = tuple(f"0 0 {fact.port} {value}." for value in values)
    elif fact.type == "CNAME":
        values = tuple(f"{value}." for value in values)
    for view in fact.views:
        for name in fill(fact.name, context):
            yield Record(
                id=f"{view}:{name}:{fact.type}",
                stage=stages.of(fact, context),
                why=(fact.id,),
                view=view,
                zone=zone_of(topology, name, view),
                name=name,
                type=fact.type,
                ttl=topology.estate.dns.ttl,
                values=values,
                purpose=fact.purpose,
            )


def _merged(one: Record, other: Record, stages: Stages) -> Record:
    first = one if stages.rank(one.stage) <= stages.rank(other.stage) else other
    return dataclasses.replace(
        one,
        stage=first.stage,
        why=tuple(dict.fromkeys((*one.why, *other.why))),
        values=tuple(dict.fromkeys((*one.values, *other.values))),
    )


def zone_of(topology: Topology, name: str, view: str) -> str:
    """The owned zone of the view that holds the name, or nothing when the estate owns none."""
    zones = [zone.name or key for key, zone in topology.estate.dns.zones.items() if zone.view == view]
    holding = [zone for zone in zones if name == zone or name.endswith("." + zone)]
    return max(holding, key=len, default="")
