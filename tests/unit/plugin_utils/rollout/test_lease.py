# SPDX-License-Identifier: GPL-3.0-or-later
"""One run at a time changes an estate."""

from __future__ import annotations

import datetime

import pytest

from ansible_collections.openuc.ocs.plugins.plugin_utils.rollout.lease import (
    HOLDS_FOR,
    HeldError,
    Holder,
    Lease,
    holds,
    lease_from,
    renewed,
    taken,
)

NOW = datetime.datetime(2026, 11, 1, 10, 0, tzinfo=datetime.UTC)
LATER = NOW + HOLDS_FOR + datetime.timedelta(seconds=1)
OURS = Holder("r2", "bob", "desk", 200, "boot/2")
THEIRS = Holder("r1", "ann", "desk", 100, "boot/1")
ELSEWHERE = Holder("r1", "ann", "laptop", 100, "boot/1")


def alive(_holder: Holder) -> bool:
    return True


def dead(_holder: Holder) -> bool:
    return False


def test_a_free_estate_is_taken_for_a_while() -> None:
    held = taken(None, OURS, NOW, alive)
    assert held == Lease(OURS, "2026-11-01T10:00:00Z", "2026-11-01T12:00:00Z")
    assert lease_from(held.as_data()) == held


def test_a_living_run_is_waited_for() -> None:
    with pytest.raises(HeldError) as refused:
        taken(taken(None, THEIRS, NOW, alive), OURS, LATER, alive)
    assert str(refused.value) == (
        "run r1 of ann on desk changes this estate since 2026-11-01T10:00:00Z (process 100). "
        "Wait for it to end, then run again. If you know that it is dead, say so with -e uc_take_over=r1"
    )


def test_a_dead_run_of_this_machine_holds_nothing() -> None:
    assert taken(taken(None, THEIRS, NOW, alive), OURS, NOW, dead).holder == OURS


def test_a_run_elsewhere_holds_until_its_lease_ends_whatever_runs_here() -> None:
    theirs = taken(None, ELSEWHERE, NOW, alive)
    with pytest.raises(HeldError, match="its lease ends by itself at 2026-11-01T12:00:00Z"):
        taken(theirs, OURS, NOW, dead)
    assert taken(theirs, OURS, LATER, dead).holder == OURS


def test_an_administrator_may_end_the_lease_of_the_run_that_is_named() -> None:
    theirs = taken(None, ELSEWHERE, NOW, alive)
    assert taken(theirs, OURS, NOW, alive, take_over="r1").holder == OURS
    with pytest.raises(HeldError):
        taken(theirs, OURS, NOW, alive, take_over="r0")


def test_renewing_keeps_the_beginning_and_moves_the_end() -> None:
    held = renewed(taken(None, OURS, NOW, alive), OURS, NOW + datetime.timedelta(hours=1))
    assert (held.taken_at, held.until) == ("2026-11-01T10:00:00Z", "2026-11-01T13:00:00Z")
    assert taken(held, OURS, NOW, alive).taken_at == "2026-11-01T10:00:00Z"


@pytest.mark.parametrize(("found", "words"), [(None, "nobody holds it"), (THEIRS, "run r1 of ann on desk holds it")])
def test_a_run_that_lost_its_lease_stops(found: Holder | None, words: str) -> None:
    lease = taken(None, found, NOW, alive) if found else None
    with pytest.raises(HeldError, match=words):
        renewed(lease, OURS, NOW)


@pytest.mark.parametrize("content", [None, 7, [], {}, {"holder": {"run": "r"}}, {"holder": {}, "until": "x"}])
def test_what_is_no_lease_holds_nothing(content: object) -> None:
    assert lease_from(content) is None


def test_only_who_may_live_is_under_way() -> None:
    ours, elsewhere = taken(None, OURS, NOW, alive), taken(None, ELSEWHERE, NOW, alive)
    assert holds(ours, "desk", LATER, alive)
    assert not holds(ours, "desk", NOW, dead)
    assert holds(elsewhere, "desk", NOW, dead)
    assert not holds(elsewhere, "desk", LATER, alive)
