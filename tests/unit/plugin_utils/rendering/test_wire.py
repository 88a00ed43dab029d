# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates that listeners showed, with the days that are left."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.openuc.ocs.plugins.plugin_utils.rendering.report import wire
from ansible_collections.openuc.ocs.plugins.plugin_utils.verification.verdicts import Verdict, verdicts_of

AT = "2026-11-01 02:00 UTC"


def shown(vantage: str, address: str, end: str, sha256: str = "a") -> list[Verdict]:
    probe = {"id": address, "kind": "flow", "stage": "", "host": "h", "address": address, "port": 443, "expect": "open",
             "certificate": "c1", "why": ["row"]}  # fmt: skip
    certificate: dict[str, t.Any] = {"subject": "CN=x", "sans": ["x", "y"], "not_after": end, "sha256": sha256}
    return list(
        verdicts_of(vantage, [probe], [{"id": address, "outcome": "open", "facts": {"certificate": certificate}}])
    )


@pytest.mark.parametrize(
    ("end", "days"),
    [("2026-11-02T02:00:00Z", 1), ("2026-11-02T01:59:00Z", 0), ("2026-10-31T02:00:00Z", -1), ("", "")],
)
def test_whole_days_are_counted(end: str, days: int | str) -> None:
    assert wire.days_left(AT, end) == days


def test_what_ends_first_stands_first_and_each_place_once_with_all_who_saw_it() -> None:
    verdicts = [
        *shown("v1", "10.0.0.2", "2027-01-01T00:00:00Z"),
        *shown("v2", "10.0.0.2", "2027-01-01T00:00:00Z"),
        *shown("v1", "10.0.0.1", "", "b"),
        *shown("v1", "10.0.0.3", "2026-11-11T02:00:00Z", "c"),
    ]
    found = wire.rows(AT, verdicts)
    assert [cells[0] for cells, _why in found] == [10, 60, ""]
    cells, why = found[1]
    assert dict(zip(wire.COLUMNS, cells, strict=True))["seen from"] == ("v1", "v2")
    assert why == ("row",)


def test_what_was_not_seen_is_not_listed() -> None:
    assert wire.rows(AT, []) == []
