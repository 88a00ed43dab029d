# SPDX-License-Identifier: GPL-3.0-or-later
"""What all plan items have, and how a row becomes items."""

from __future__ import annotations

import dataclasses
import typing as t

from ..catalogue.facts import StageFact
from ..catalogue.model import Catalogue
from ..topology.applied import AppliedFact, applications
from ..topology.context import Context

__all__ = ["AppliedFact", "Item", "Stages", "applications"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A thing planned: `why` holds the ids of the catalogue rows that ask for it."""

    id: str
    stage: str
    why: tuple[str, ...]
    replaces: str = ""


Planned = t.TypeVar("Planned", bound=Item)


def lasting(items: t.Sequence[Planned]) -> t.Iterator[Planned]:
    """Without what later stages replace."""
    replaced = {item.replaces for item in items}
    return (item for item in items if item.id not in replaced)


class Stages:
    """The order of stages."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.names = tuple(
            fact.id.partition(".")[2] for fact in sorted(catalogue.facts(StageFact), key=lambda fact: fact.rank)
        )
        self._rank = {name: rank for rank, name in enumerate(self.names)}

    def rank(self, name: str) -> int:
        return self._rank[name]

    def latest(self, *names: str) -> str:
        """The last of the named stages; empty names do not count."""
        return max((name for name in names if name), key=self._rank.__getitem__, default=self.names[0])

    def of(self, fact: AppliedFact, context: Context) -> str:
        """Stage of an item that a row asks for in a context."""
        return self.latest(fact.stage, context.cluster.stage if context.cluster else "")
