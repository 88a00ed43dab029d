# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan as it stands after a stage: everything up to it, without what it has replaced by then."""

from __future__ import annotations

import dataclasses
import typing as t

from .base import Item, Stages
from .plan import Plan, items_of

P = t.TypeVar("P")


def until(plan: Plan, stages: Stages, last: str) -> Plan:
    """The union of all stages up to `last`. A stage only ever adds or corrects, so a later one keeps what this has."""
    rank = stages.rank(last)
    there = [item for item in items_of(plan) if stages.rank(item.stage) <= rank]
    replaced = {item.replaces for item in there if item.replaces}

    def holds(element: object) -> bool:
        return not isinstance(element, Item) or (stages.rank(element.stage) <= rank and element.id not in replaced)

    return _filtered(plan, holds)


def _filtered(part: P, holds: t.Callable[[object], bool]) -> P:
    """The same part with only those elements of its lists that hold."""
    changes: dict[str, t.Any] = {}
    for field in dataclasses.fields(t.cast("t.Any", part)):
        value = getattr(part, field.name)
        if isinstance(value, tuple):
            changes[field.name] = tuple(element for element in value if holds(element))
        elif dataclasses.is_dataclass(value) and not isinstance(value, Item):
            changes[field.name] = _filtered(value, holds)
    return t.cast("P", dataclasses.replace(t.cast("t.Any", part), **changes))
