# SPDX-License-Identifier: GPL-3.0-or-later
"""The way out of a documented value: rows that the inventory changes, for a reason."""

from __future__ import annotations

import typing as t

from ..catalogue.facts import FindingFact
from ..catalogue.model import Catalogue, Fact, RawRow
from ..findings import Violation, violation
from ..schema.decode import Reader, decoder_of
from ..schema.fields import options_of
from ..schema.problems import join, nearest
from .inputs.policy import OverrideInput

Catalogues = t.Mapping[str, Catalogue]
_FIXED = frozenset(info.key for info in options_of(Fact))


def overridden(overrides: t.Mapping[str, OverrideInput], catalogues: Catalogues) -> tuple[Catalogues, list[Violation]]:
    """Catalogues with the overrides that can be applied, and what is wrong with the others."""
    if not overrides:
        return catalogues, []
    changes: dict[str, t.Mapping[str, object]] = {}
    found: list[Violation] = []
    for row_id, override in overrides.items():
        path = join("uc_overrides", row_id)
        row = _row(catalogues, row_id)
        if row is None:
            ids = sorted({known.id for catalogue in catalogues.values() for known in _changeable(catalogue)})
            found.append(violation("finding.override-unknown", path, value=row_id, nearest=nearest(row_id, ids)))
            continue
        wrong = list(_problems(catalogues, row, override, path))
        found.extend(wrong)
        if not wrong:
            changes[row_id] = t.cast("t.Mapping[str, object]", override.value)
    return {name: catalogue.changed(changes) for name, catalogue in catalogues.items()}, found


def _changeable(catalogue: Catalogue) -> t.Iterator[RawRow]:
    """Rows that may be overridden: all but the words of findings, which are waived instead."""
    return (row for row in catalogue.all_rows() if row.kind != FindingFact.KIND)


def _row(catalogues: Catalogues, row_id: str) -> RawRow | None:
    for catalogue in catalogues.values():
        row = catalogue.row(row_id)
        if row and row.kind != FindingFact.KIND:
            return row
    return None


def _problems(catalogues: Catalogues, row: RawRow, override: OverrideInput, path: str) -> t.Iterator[Violation]:
    known = _fact_classes().get(row.kind)
    fields = {info.key for info in options_of(known)} - _FIXED if known else set(row.data) - _FIXED
    allowed = ", ".join(sorted(fields))
    if not isinstance(override.value, t.Mapping) or not override.value:
        yield violation(
            "finding.override-not-fields", join(path, "value"), value=override.value, allowed=allowed, row=row.id
        )
        return
    for key, value in override.value.items():
        if key not in fields:
            yield violation(
                "finding.override-unknown-field",
                join(join(path, "value"), key),
                value=value,
                allowed=allowed,
                nearest=nearest(str(key), fields),
                row=row.id,
                field=key,
            )
    if known and set(override.value) <= fields:
        anyone, *_others = catalogues.values()
        reader = Reader(anyone.vocabulary)
        decoder_of(known)({**row.data, **override.value}, join(path, "value"), reader)
        for problem in reader.problems:
            yield violation(
                "finding.override-malformed",
                problem.path,
                value=problem.value,
                allowed=problem.allowed,
                nearest=problem.nearest,
                row=row.id,
            )


def _fact_classes() -> dict[str, type[Fact]]:
    """Every class of facts that is loaded, by the kind of its rows."""
    found: dict[str, type[Fact]] = {}
    waiting: list[type[Fact]] = [Fact]
    while waiting:
        cls = waiting.pop()
        waiting.extend(cls.__subclasses__())
        if cls.KIND:
            found[cls.KIND] = cls
    return found
