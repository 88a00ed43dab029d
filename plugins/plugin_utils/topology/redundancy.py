# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows about keeping the service up: what is advised, and how many servers of a kind that takes."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ..schema.fields import option
from .applied import AppliedFact
from .context import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class AvailabilityFact(AppliedFact):
    """Something that keeps the service up, or that stops it."""

    KIND: t.ClassVar[str] = "availability"

    topic: str = option("What it is about, in a word or two")
    statement: str = option("What is so, or should be, in words")
    level: t.Literal["must", "should", "info"] = option("How strongly", default="should")
    counted: str = option("Role or server type whose servers are counted", default="")
    edition: t.Literal["", "enterprise"] = option("Only servers of pools of this edition are counted", default="")
    least: int = option("How many there should be", default=0)
    advise: bool = option("Whether it is reported as advice wherever it applies", default=False)


def counted_servers(fact: AvailabilityFact, context: Context) -> tuple[str, ...]:
    """Servers that a row counts: those of its cluster, or of the whole estate."""
    clusters = (context.cluster,) if context.cluster else context.topology.with_role(fact.counted)
    return tuple(
        dict.fromkeys(
            server.name
            for cluster in clusters
            if not fact.edition or (cluster.pool and cluster.pool.edition == fact.edition)
            for server in cluster.members(fact.counted)
        )
    )
