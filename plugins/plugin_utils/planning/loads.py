# SPDX-License-Identifier: GPL-3.0-or-later
"""Loads: what an inventory has of something, through the shares of the user model.

A row names a measure, and figures of the user model that it is multiplied or divided by. Capacity, bandwidth and
storage are all worked out from loads.
"""

from __future__ import annotations

import dataclasses

from ..schema.fields import option
from ..schema.kinds import UserFigure
from ..topology.context import Context
from ..topology.user_model import fact_of, figure
from .base import AppliedFact
from .measures import Measures

_PERCENT = "percent"
_STATED = "stated."


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class LoadFact(AppliedFact):
    """A row that is worked out from a measure of the inventory."""

    measure: str = option("What is counted in the inventory", default="one")
    times: tuple[UserFigure, ...] = option("Figures of the user model that it is multiplied by", default=())
    divided_by: UserFigure = option("Figure of the user model that it is divided by", default="")


@dataclasses.dataclass(frozen=True, slots=True)
class Load:
    """A load and how it came about."""

    value: float
    formula: str
    why: tuple[str, ...]


def load_of(fact: LoadFact, context: Context, measures: Measures) -> Load:
    """The load of a row in a context."""
    value = measures.measured(fact.measure, context)
    words = [number(value)]
    why = [fact.id]
    if fact.measure.startswith(_STATED):
        why.append(fact_of(context, fact.measure.removeprefix(_STATED)).id)
    for key in fact.times:
        model, given = fact_of(context, key), figure(context, key)
        value *= given / 100 if model.unit == _PERCENT else given
        words.append(f"x {number(given)}{' %' if model.unit == _PERCENT else ''}")
        why.append(model.id)
    if fact.divided_by:
        given = figure(context, fact.divided_by)
        value = value / given if given else 0.0
        words.append(f"/ {number(given)}")
        why.append(fact_of(context, fact.divided_by).id)
    return Load(round(value, 2), " ".join(words), tuple(why))


def number(value: float) -> str:
    """A figure without needless digits."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def subject_of(context: Context) -> str:
    """Name of what a line is about."""
    if context.server:
        return context.server.name
    if context.cluster:
        return context.cluster.name
    return context.population or context.site or "estate"
