# SPDX-License-Identifier: GPL-3.0-or-later
"""How users behave: the documented user model, and what an inventory knows better about its own users."""

from __future__ import annotations

import dataclasses
import typing as t

from ..catalogue.model import CatalogueError, Fact
from ..schema.fields import option
from .context import Context


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class UserModelFact(Fact):
    """A figure of the user model; an inventory may give another for the estate, a site or a pool."""

    KIND: t.ClassVar[str] = "user_model"

    title: str = option("What it says about users")
    value: float = option("The documented figure; 0 where there is none", default=0.0)
    unit: t.Literal["percent", "number"] = option("What it counts", default="number")


def fact_of(context: Context, key: str) -> UserModelFact:
    """The row of a figure; a key nobody knows is a fault of the catalogue."""
    for fact in context.topology.catalogue.facts(UserModelFact):
        if fact.id.partition(".")[2] == key:
            return fact
    raise CatalogueError(f"no figure of the user model is called {key!r}")


def figure(context: Context, key: str) -> float:
    """A figure as the nearest of pool, site and estate gives it; otherwise the documented one."""
    estate = context.topology.estate
    cluster = context.cluster
    site = estate.sites.get(context.site)
    for given in (
        cluster.pool.user_model if cluster and cluster.pool else {},
        site.user_model if site else {},
        estate.user_model,
    ):
        if key in given:
            return given[key]
    return fact_of(context, key).value
