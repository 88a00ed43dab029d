# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs that would remove much are stopped, and what stops them says how to let them go on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.openuc.ocs.plugins.module_utils.limits import Changed, Limits, limit_problems, limits_of


def names(count: int) -> list[str]:
    return [f"r{number}" for number in range(count)]


@pytest.mark.parametrize(
    ("own", "removed", "limits", "stopped"),
    [
        (3, 3, Limits(10, 0.3), False),
        (9, 9, Limits(10, 0.3), False),
        (10, 4, Limits(10, 0.3), True),
        (10, 3, Limits(10, 0.3), False),
        (100, 11, Limits(10, 0.3), True),
        (100, 10, Limits(10, 0.3), False),
        (20, 20, Limits(20, 1.0), False),
        (1, 1, Limits(0, 1.0), True),
        (0, 0, Limits(0, 0.0), False),
    ],
)
def test_what_stops_a_run(own: int, removed: int, limits: Limits, stopped: bool) -> None:
    assert bool(limits.refusal(names(removed), own, "rules")) is stopped


def test_both_limits_are_told_at_once_with_what_allows_it() -> None:
    assert Limits(10, 0.3).refusal(names(12), 20, "rules") == (
        "nothing was changed, since 12 of our 20 rules would go (r0, r1, r2, r3, r4, and 7 more), "
        "more than most_deleted (10) and most_deleted_ratio (30%). "
        "If that is meant, set most_deleted: 12 and most_deleted_ratio: 0.6 for this run"
    )


def test_only_what_is_exceeded_is_told() -> None:
    assert Limits(1, 1.0).refusal(["a", "b"], 2, "zones", "would end") == (
        "nothing was changed, since 2 of our 2 zones would end (a, b), more than most_deleted (1). "
        "If that is meant, set most_deleted: 2 for this run"
    )


@given(st.integers(0, 300), st.integers(0, 300), st.integers(0, 50), st.sampled_from([0.0, 0.07, 0.3, 0.35, 0.9]))
def test_what_a_message_names_lets_the_run_go_on(own: int, removed: int, most: int, ratio: float) -> None:
    said = Limits(most, ratio).refusal(names(removed), own, "rules")
    if said:
        settings = said.partition("set ")[2].partition(" for this run")[0].split(" and ")
        values = {name: float(value) for name, value in (setting.split(": ") for setting in settings)}
        more = Limits(int(values.get("most_deleted", most)), values.get("most_deleted_ratio", ratio))
        assert more.refusal(names(removed), own, "rules") == ""


@pytest.mark.parametrize(
    ("most", "ratio", "problems"),
    [
        (0, 0.0, []),
        (10, 1.0, []),
        (-1, 1.5, ["most_deleted: expected 0 or more, got -1", "most_deleted_ratio: expected 0 to 1, got 1.5"]),
    ],
)
def test_limits_that_are_none_are_named(most: int, ratio: float, problems: list[str]) -> None:
    assert limit_problems({"most_deleted": most, "most_deleted_ratio": ratio}) == problems


def test_changes_are_limited_where_a_mechanism_says_so() -> None:
    changed = Changed(names(10), 10, "would differ")
    assert limits_of({"most_deleted": 0, "most_deleted_ratio": 0.0}).refusal([], 10, "rules", changed=changed) == ""
    given = {"most_deleted": 0, "most_deleted_ratio": 0.0, "most_changed_ratio": 0.95}
    assert limits_of(given).refusal([], 10, "rules", changed=changed) == (
        "nothing was changed, since 10 of 10 rules that are there would differ (r0, r1, r2, r3, r4, and 5 more), "
        "more than most_changed_ratio (95%). If that is meant, set most_changed_ratio: 1 for this run"
    )
    assert limit_problems({**given, "most_changed_ratio": 2.0}) == ["most_changed_ratio: expected 0 to 1, got 2.0"]
