# SPDX-License-Identifier: GPL-3.0-or-later
"""What the features of an estate need, and what of it is there."""

from __future__ import annotations

import typing as t

from .conditions import holds
from .context import Context
from .model import Topology
from .rules import RequiredFact


def required(topology: Topology, feature: str) -> tuple[RequiredFact, ...]:
    """Rows about a feature that speak of this estate."""
    context = Context(topology, topology.estate.product)
    return tuple(
        fact
        for fact in topology.catalogue.facts(RequiredFact)
        if fact.feature == feature and not fact.of_site and holds(fact.when, context)
    )


def missing_roles(topology: Topology, fact: RequiredFact) -> tuple[str, ...]:
    return tuple(role for role in fact.roles if not topology.with_role(role))


def complete_choices(topology: Topology, fact: RequiredFact) -> t.Iterator[tuple[str, ...]]:
    for choice in fact.any_of:
        roles = tuple(choice.split("+"))
        if all(topology.with_role(role) for role in roles):
            yield roles
