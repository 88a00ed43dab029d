# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows that are applied to parts of a topology."""

from __future__ import annotations

import dataclasses
import typing as t

from ..catalogue.model import Fact
from ..schema.fields import option
from ..schema.kinds import Stage
from .conditions import holds
from .context import Context, Per, contexts
from .model import Topology


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
