# SPDX-License-Identifier: GPL-3.0-or-later
"""Kinds of rows that the topology itself is read with.

Kinds that only a planner uses are declared beside the planner.
"""

from __future__ import annotations

import dataclasses
import functools
import typing as t

from ..schema.fields import option
from ..schema.kinds import Product, Stage
from .model import Catalogue, Fact


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ProductFact(Fact):
    """A product whose servers can be planned."""

    KIND: t.ClassVar[str] = "products"

    title: str = option("Name for people")
    rank: int = option("Order of release, for rules such as `older than`")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FeatureFact(Fact):
    """Something users can do, once the servers and clients it needs are there."""

    KIND: t.ClassVar[str] = "features"

    title: str = option("Name for people")
    products: tuple[Product, ...] = option("Products that have the feature")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationFact(Fact):
    """An application that can be active in a pool."""

    KIND: t.ClassVar[str] = "applications"

    title: str = option("Name for people")
    products: tuple[Product, ...] = option("Products that have the application")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ServerTypeFact(Fact):
    """A server type: the inventory group of the same name."""

    KIND: t.ClassVar[str] = "server_types"

    title: str = option("Name for people")
    plane: t.Literal["uc", "support", "network"] = option(
        "uc: Microsoft's servers; support: what they lean on; network: what is around them"
    )
    products: tuple[Product, ...] = option("Products that have the type; empty for all", default=())
    clustered: t.Literal["pool", "edge_pool", "web_access", "alone"] = option(
        "What its servers are members of", default="alone"
    )
    zone: t.Literal["internal", "perimeter", "any"] = option("Network zone of its addresses", default="internal")
    interfaces: tuple[str, ...] = option("Names of its addresses; the first one is the default", default=("internal",))
    required_interfaces: tuple[str, ...] = option("Addresses without which nothing can be planned", default=())
    stage: Stage = option("Stage in which the first server of the type is deployed")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class StageFact(Fact):
    """A stage of the roll-out."""

    KIND: t.ClassVar[str] = "stages"

    title: str = option("Name for people")
    rank: int = option("Place in the order")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FindingFact(Fact):
    """The words of a finding; the check that reports it fills the placeholders."""

    KIND: t.ClassVar[str] = "findings"

    severity: t.Literal["error", "warning", "advice"] = option("How bad it is")
    message: str = option("What is wrong, with placeholders in braces")
    remedy: str = option("How to mend it, with placeholders in braces")
    waivable: bool = option("Whether an inventory may waive it with a reason", default=True)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ErratumFact(Fact):
    """A place where the documents contradict themselves or one another, and the reading taken."""

    KIND: t.ClassVar[str] = "errata"

    title: str = option("The contradiction in a line")
    printed: str = option("What is printed")
    reading: str = option("What this collection takes")
    reason: str = option("Why")
    also: tuple[str, ...] = option("Further places, as document:line", default=())


@functools.lru_cache(maxsize=8)
def server_type_facts(catalogue: Catalogue) -> t.Mapping[str, ServerTypeFact]:
    """Server types by the name of their inventory group."""
    return {fact.id.partition(".")[2]: fact for fact in catalogue.facts(ServerTypeFact)}
