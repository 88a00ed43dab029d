# SPDX-License-Identifier: GPL-3.0-or-later
"""Who must be made to trust the private authority: clients, devices and servers that do not know it by themselves."""

from __future__ import annotations

import dataclasses
import typing as t

from ..schema.fields import option
from ..topology.context import Context
from ..topology.model import Topology
from .base import AppliedFact, Item, Stages, applications


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class TrustFact(AppliedFact):
    """A documented store that the chain of the authority belongs in, unless a public one issues."""

    KIND: t.ClassVar[str] = "certificate_trust"

    store: str = option("Where it is put")
    purpose: str = option("What needs it")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Trust(Item):
    """A population of clients, or servers, that get the chain of the private authority."""

    population: str
    hosts: tuple[str, ...]
    store: str
    purpose: str


def plan_trust(topology: Topology, stages: Stages) -> tuple[Trust, ...]:
    """Everyone who must be made to trust, in the order of the rows; nobody where a public authority issues."""
    if topology.estate.certificates.internal_ca == "public":
        return ()
    return tuple(_trust(fact, context, stages) for fact, context in applications(topology, TrustFact))


def _trust(fact: TrustFact, context: Context, stages: Stages) -> Trust:
    server = context.server
    return Trust(
        id=f"{fact.id}@{server.name if server else context.population}",
        stage=stages.of(fact, context),
        why=(fact.id,),
        population=context.population,
        hosts=(server.name,) if server else (),
        store=fact.store,
        purpose=fact.purpose,
    )
