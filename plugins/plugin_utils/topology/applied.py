# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows that are applied to parts of a topology."""

from __future__ import annotations

import dataclasses
import typing as t

from ..catalogue.model import Fact
from ..schema.fields import option
from ..schema.kinds import Stage
from .conditions import condition
from .context import Context, Per, contexts
from .model import Topology


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class AppliedFact(Fact):
    """A row that is applied to parts of the topology: to which, under which conditions, not before which stage."""

    per: Per = option("What the row is applied to")
    role: str = option("Role of the clusters or servers it is applied to", default="")
    roles: tuple[str, ...] = option("The same, where it is applied to several roles", default=())
    when: tuple[str, ...] = option("Conditions, all of which must hold", default=())
    stage: Stage = option("Stage it is not needed before", default="")


A = t.TypeVar("A", bound=AppliedFact)


def applications(topology: Topology, kind: type[A]) -> t.Iterator[tuple[A, Context]]:
    """Rows of a kind, each with every context of its product that it applies to and in which its conditions hold."""
    for product, catalogue in topology.catalogues.items():
        for fact in catalogue.facts(kind):
            found = _contexts(topology, product, fact)
            for holds in map(condition, fact.when):
                found = [context for context in found if holds(context)]
            for context in found:
                yield fact, context


def _contexts(topology: Topology, product: str, fact: AppliedFact) -> t.Iterable[Context]:
    """Contexts of the row's roles; one that has several of them is met once."""
    if not fact.roles:
        return contexts(topology, product, fact.per, fact.role)
    question = ("contexts of roles", product, fact.per, fact.roles)
    return topology.once(question, lambda: tuple(_of_roles(topology, product, fact)))


def _of_roles(topology: Topology, product: str, fact: AppliedFact) -> t.Iterator[Context]:
    met: set[tuple[str, str, str]] = set()
    for role in fact.roles:
        for context in contexts(topology, product, fact.per, role):
            cluster = context.cluster.name if context.cluster else ""
            key = (cluster, context.server.name if context.server else "", context.sip_domain)
            if key not in met:
                met.add(key)
                yield context
