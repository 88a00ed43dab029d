# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates as listeners showed them: each once for each place, those that end soonest first."""

from __future__ import annotations

import datetime
import typing as t

from ...verification.verdicts import Verdict
from ..tables import Cell

COLUMNS: t.Final = (
    "days left", "status", "host", "address", "port", "subject", "names", "issuer", "ends", "seen from", "plan items"
)  # fmt: skip
_AT: t.Final = "%Y-%m-%d %H:%M UTC"
_ENDS: t.Final = "%Y-%m-%dT%H:%M:%SZ"
Row = tuple[tuple[Cell, ...], tuple[str, ...]]


def rows(at: str, verdicts: t.Iterable[Verdict]) -> list[Row]:
    """The cells of each row, and the catalogue rows behind it; `at` is when it was seen."""
    places: dict[tuple[str, int, str, str], list[Verdict]] = {}
    for verdict in verdicts:
        shown = verdict.facts.get("certificate") or {}
        if verdict.kind == "certificate" and shown:
            key = (verdict.address, verdict.port, str(shown.get("sha256")), verdict.status)
            places.setdefault(key, []).append(verdict)
    found = [_row(at, seen) for seen in places.values()]
    return sorted(found, key=lambda row: (not isinstance(row[0][0], int), row[0][0], row[0][2:5]))


def _row(at: str, seen: t.Sequence[Verdict]) -> Row:
    first = seen[0]
    shown = first.facts["certificate"]
    end = str(shown.get("not_after") or "")
    cells: tuple[Cell, ...] = (
        days_left(at, end),
        *(first.status, first.host, first.address, first.port, str(shown.get("subject", ""))),
        *(tuple(shown.get("sans") or ()), str(shown.get("issuer", "")), end),
        *(tuple(dict.fromkeys(verdict.vantage for verdict in seen)), first.items),
    )
    return cells, first.why


def days_left(at: str, end: str) -> int | str:
    """Whole days from one to the other, fewer than none where it is over; nothing where the end is not known."""
    if not end:
        return ""
    return (datetime.datetime.strptime(end, _ENDS) - datetime.datetime.strptime(at, _AT)).days  # noqa: DTZ007 - both UTC
