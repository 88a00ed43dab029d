# SPDX-License-Identifier: GPL-3.0-or-later
"""What all plan items have, and how a row becomes items."""

from __future__ import annotations

import dataclasses
import typing as t

from ..catalogue.facts import StageFact
from ..catalogue.model import Catalogue, Fact
from ..schema.fields import option
from ..schema.kinds import Stage
from ..topology.conditions import holds
from ..topology.context import Context, Per, contexts
from ..topology.model import Topology


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A thing planned: `why` holds the ids of the catalogue rows that ask for it."""

    id: str
    stage: str
    why: tuple[str, ...]
    replaces: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class AppliedFact(Fact):
    """A row that is applied to parts of the topology: to which, under which conditions, not before which stage."""

    per: Per = option("What the row is applied to")
    role: str = option("Role of the clusters or servers it is applied to", default="")
    when: tuple[str, ...] = option("Conditions, all of which must hold", default=())
    stage: Stage = option("Stage it is not needed before", default="")


A = t.TypeVar("A", bound=AppliedFact)


def applications(topology: Topology, kind: type[A]) -> t.Iterator[tuple[A, Context]]:
    """Rows of a kind, each with every context of its product that it applies to and in which its conditions hold."""
    for product, catalogue in topology.catalogues.items():
        for fact in catalogue.facts(kind):
            for context in contexts(topology, product, fact.per, fact.role):
                if holds(fact.when, context):
                    yield fact, context


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
