# SPDX-License-Identifier: GPL-3.0-or-later
"""Which flows a poster of a workload shows: rows of the catalogue, since a workload is what its documents call so."""

from __future__ import annotations

import dataclasses
import typing as t

from ...catalogue.model import Fact
from ...schema.fields import option


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class WorkloadFact(Fact):
    """What users or administrators do, and the flows that carry it."""

    KIND: t.ClassVar[str] = "workloads"

    title: str = option("Name for people")
    order: int = option("Place among the posters")
    summary: str = option("What it is about, in a sentence")
    flows: tuple[str, ...] = option("Rows of its flows, in the order in which they tell its story")
