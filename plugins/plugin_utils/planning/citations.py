# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands behind a plan: the rows that its items cite, and what the documents say nothing about."""

from __future__ import annotations

import dataclasses
import typing as t

from ..catalogue.model import Source
from ..schema.decode import Reader, decode
from ..topology.model import Topology
from .base import Item


@dataclasses.dataclass(frozen=True, slots=True)
class Citation:
    """A row that some item gives as its reason, and the place in the documents it was read from."""

    id: str
    source: str
    requirements: tuple[str, ...]
    erratum: str


@dataclasses.dataclass(frozen=True, slots=True)
class Coverage:
    """Whether the documents of a product say anything of a kind. What they do not is *not covered*, never passed."""

    product: str
    kind: str
    covered: bool


def cite(topology: Topology, items: t.Iterable[Item]) -> tuple[Citation, ...]:
    """Every row that the items name in `why`, once, in the order of their ids."""
    wanted = sorted({row_id for item in items for row_id in item.why})
    found = (_citation(topology, row_id) for row_id in wanted)
    return tuple(citation for citation in found if citation)


def _citation(topology: Topology, row_id: str) -> Citation | None:
    row = next((row for catalogue in topology.catalogues.values() if (row := catalogue.row(row_id))), None)
    if row is None:
        return None
    source = decode(Source, row.data.get("source"), "source", Reader({}))
    requirements = t.cast("t.Sequence[str]", row.data.get("requirements") or ())
    return Citation(row_id, str(source or ""), tuple(requirements), str(row.data.get("erratum") or ""))


def coverage_of(topology: Topology) -> tuple[Coverage, ...]:
    """For each product of the estate, the kinds of facts that are documented for it or for another."""
    return tuple(
        Coverage(product, kind, covered)
        for product, catalogue in topology.catalogues.items()
        for kind, covered in catalogue.coverage()
    )
