# SPDX-License-Identifier: GPL-3.0-or-later
"""Which server types may share a computer."""

from __future__ import annotations

import dataclasses
import typing as t

from ..catalogue.model import Catalogue, Fact
from ..schema.fields import option
from ..schema.kinds import ServerType

Verdict = t.Literal["supported", "discouraged", "unsupported", "not_covered"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CollocationFact(Fact):
    """What may stand on a computer beside a server of a type; all else with a row of its own may not."""

    KIND: t.ClassVar[str] = "collocation"

    type: ServerType = option("Server type")
    allowed: tuple[ServerType, ...] = option("Types that may share its computer", default=())
    discouraged: tuple[ServerType, ...] = option("Those of them that the documents advise against", default=())


@dataclasses.dataclass(frozen=True, slots=True)
class Pair:
    """What the documents say about two types on one computer, and the rows that say it."""

    verdict: Verdict
    why: tuple[str, ...]


def judge(catalogue: Catalogue, one: str, other: str) -> Pair:
    """Supported where either type's row says so; not covered where the product has no row for one of them."""
    facts = {fact.type: fact for fact in catalogue.facts(CollocationFact)}
    if one not in facts or other not in facts:
        return Pair("not_covered", ())
    pair = ((facts[one], other), (facts[other], one))
    why = tuple(fact.id for fact, _other in pair)
    if any(name in fact.discouraged for fact, name in pair):
        return Pair("discouraged", why)
    return Pair("supported" if any(name in fact.allowed for fact, name in pair) else "unsupported", why)


def companions(catalogue: Catalogue, server_type: str) -> tuple[str, ...]:
    """Types that may share a computer with one."""
    names = [fact.type for fact in catalogue.facts(CollocationFact)]
    return tuple(name for name in names if judge(catalogue, server_type, name).verdict in ("supported", "discouraged"))
