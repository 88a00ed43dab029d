# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done to a registry, by state; what is ours; and the way back."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.openuc.ocs.plugins.module_utils.limits import Limits
from ansible_collections.openuc.ocs.plugins.module_utils.registry import engine
from ansible_collections.openuc.ocs.plugins.module_utils.registry.engine import (
    Change,
    LiveKey,
    Owned,
    Planned,
    Previous,
    Wanted,
)
from ansible_collections.openuc.ocs.plugins.module_utils.registry.values import Value, raw_of

KEY, OTHER = r"SOFTWARE\Contoso", r"SOFTWARE\Contoso\Other"


def number(name: str, data: int, key: str = KEY) -> Value:
    return Value("HKLM", key, name, 4, raw_of(4, data))


def wanted(*listed: Value) -> list[Wanted]:
    return [Wanted(value) for value in listed]


def live(*listed: Value, subkeys: int = 0) -> list[LiveKey]:
    keys = dict.fromkeys(value.key for value in listed)
    return [LiveKey("HKLM", key, tuple(v for v in listed if v.key == key), subkeys) for key in keys]


def done(planned: Planned) -> list[tuple[str, str]]:
    return [(change.operation.action, change.name or change.key) for change in planned.changes]


A1, A2, B1 = number("A", 1), number("A", 2), number("B", 1)
C_OTHER = number("C", 1, OTHER)


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("merged", [("change", "A")]),
        ("replaced", [("change", "A"), ("remove", "B")]),
        ("overridden", [("change", "A"), ("remove", "B"), ("remove", "C")]),
        ("deleted", []),
    ],
)
def test_states_differ_in_what_of_ours_they_remove(state: str, expected: list[tuple[str, str]]) -> None:
    """Of A, that was changed by others, and of B and C in another key, which are still as we wrote them."""
    owned = Owned((number("A", 9), B1, C_OTHER))
    assert done(engine.plan(state, wanted(A2), live(A1, B1, C_OTHER), owned)) == expected


@pytest.mark.parametrize("state", ["merged", "replaced", "overridden", "deleted"])
def test_nothing_of_others_is_ever_removed_and_all_of_it_is_told(state: str) -> None:
    planned = engine.plan(state, [], live(A1, C_OTHER), Owned())
    assert planned.changes == ()
    assert planned.foreign == (A1.path, C_OTHER.path)


def test_deleted_removes_ours_of_the_list_or_all_of_ours() -> None:
    owned = Owned((A1, B1))
    assert done(engine.plan("deleted", wanted(A2), live(A1, B1), owned)) == [("remove", "A")]
    assert done(engine.plan("deleted", [], live(A1, B1), owned)) == [("remove", "A"), ("remove", "B")]


def test_a_run_under_way_owns_a_value_as_it_was_and_as_it_shall_be() -> None:
    owned = engine.intended(Owned((A1,)), [Change("HKLM", KEY, "A", A1, A2)], [("HKLM", KEY)])
    for there in (A1, A2):
        assert done(engine.plan("deleted", [], live(there), owned))[0] == ("remove", "A")
    assert owned.keys == (("HKLM", KEY),)


def test_keys_that_we_made_go_with_what_was_in_them_from_below() -> None:
    owned = Owned((C_OTHER,), (("HKLM", KEY), ("HKLM", OTHER)))
    have = [LiveKey("HKLM", KEY, (), 1), LiveKey("HKLM", OTHER, (C_OTHER,), 0)]
    planned = engine.plan("overridden", [], have, owned)
    assert done(planned) == [("remove", "C"), ("remove", OTHER), ("remove", KEY)]
    assert planned.changes[-1].operation.before == "key, empty and made by us"


@pytest.mark.parametrize(
    "have",
    [
        [LiveKey("HKLM", KEY, (A1,), 1)],
        [LiveKey("HKLM", KEY, (A1, B1), 0)],
    ],
    ids=["a key of others is below", "a value of others is in it"],
)
def test_keys_that_hold_what_is_not_ours_stay(have: list[LiveKey]) -> None:
    owned = Owned((A1,), (("HKLM", KEY),))
    assert done(engine.plan("overridden", [], have, owned)) == [("remove", "A")]


def test_keys_that_we_did_not_make_stay() -> None:
    assert done(engine.plan("overridden", [], live(A1), Owned((A1,)))) == [("remove", "A")]


def test_a_key_that_a_stopped_run_emptied_goes_with_the_next() -> None:
    owned = Owned((), (("HKLM", KEY),))
    assert done(engine.plan("overridden", [], [LiveKey("HKLM", KEY)], owned)) == [("remove", KEY)]
    assert done(engine.plan("merged", [], [LiveKey("HKLM", KEY)], owned)) == []


@pytest.mark.parametrize(
    ("ours", "removed", "limits", "refused"),
    [
        (9, 9, Limits(10, 0.3), False),
        (100, 11, Limits(10, 0.3), True),
        (20, 7, Limits(10, 0.3), True),
        (20, 6, Limits(10, 0.3), False),
    ],
)
def test_limits(ours: int, removed: int, limits: Limits, refused: bool) -> None:
    listed = [number(f"V{index}", index) for index in range(ours)]
    planned = engine.plan("overridden", wanted(*listed[removed:]), live(*listed), Owned(tuple(listed)), limits)
    assert bool(planned.refusal) is refused
    if refused:
        assert f"{removed} of our {ours} values would go (HKLM\\SOFTWARE\\Contoso:V0, " in planned.refusal


def test_the_keys_that_steps_will_make_are_known_before() -> None:
    absent = [("HKLM", OTHER), ("HKLM", KEY), ("HKLM", r"SOFTWARE\Contoso\Unused")]
    changes = [Change("HKLM", OTHER.upper(), "C", after=C_OTHER)]
    assert engine.made_by(changes, absent) == absent[:2]


def test_each_key_is_read_once() -> None:
    owned = Owned((number("A", 1, KEY.upper()),), (("HKLM", KEY.lower()), ("HKLM", OTHER)))
    assert len(engine.keys_of(wanted(A1, B1), owned)) == 2


# --- the way back ---

NAMES = st.sampled_from("ABCD")
REGISTRY = st.dictionaries(NAMES, st.integers(0, 3)).map(lambda found: [number(*pair) for pair in found.items()])


@given(before=REGISTRY, want=REGISTRY, owned=REGISTRY, state=st.sampled_from(["merged", "replaced", "overridden"]))
def test_applying_is_idempotent_and_undoing_it_leads_back(
    before: list[Value], want: list[Value], owned: list[Value], state: str
) -> None:
    planned = engine.plan(state, wanted(*want), live(*before), Owned(tuple(owned)))
    after = carried_out(before, planned)
    again = Owned(tuple(engine.owned_after(Owned(tuple(owned)), planned.changes, ()).values))
    assert engine.plan(state, wanted(*want), live(*after), again).changes == ()
    back = engine.restore(engine.previous_of(planned.changes), (), live(*after))
    assert by_name(carried_out(after, back)) == by_name(before)


def carried_out(before: list[Value], planned: Planned) -> list[Value]:
    there = {value.id: value for value in before}
    for change in planned.changes:
        if change.after:
            there[change.after.id] = change.after
        elif change.before:
            del there[change.before.id]
    return list(there.values())


def by_name(listed: list[Value]) -> list[tuple[str, bytes]]:
    return sorted((value.name, value.raw) for value in listed)


def test_a_part_that_was_not_done_needs_no_undoing() -> None:
    places = [Previous("HKLM", KEY, "A", A1, A2), Previous("HKLM", KEY, "B", None, B1)]
    assert done(engine.restore(places, (), live(A1))) == []


def test_what_others_wrote_since_stops_all_of_the_undoing() -> None:
    places = [Previous("HKLM", KEY, "A", A1, A2), Previous("HKLM", KEY, "B", None, B1)]
    planned = engine.restore(places, (), live(number("A", 7), B1))
    assert planned.changes == ()
    assert planned.refusal.startswith(
        r"changed since that run: HKLM\SOFTWARE\Contoso:A was left as REG_DWORD 2 and is REG_DWORD 7. "
    )


def test_undoing_removes_the_keys_that_the_run_made() -> None:
    places = [Previous("HKLM", OTHER, "C", None, C_OTHER)]
    have = [LiveKey("HKLM", KEY, (), 1), LiveKey("HKLM", OTHER, (C_OTHER,))]
    planned = engine.restore(places, [("HKLM", OTHER), ("HKLM", KEY)], have)
    assert done(planned) == [("remove", "C"), ("remove", OTHER), ("remove", KEY)]


def test_after_undoing_a_run_what_other_runs_made_is_still_ours() -> None:
    places = [Previous("HKLM", KEY, "A", A1, A2)]
    removed = [Change("HKLM", OTHER)]
    now = Owned((A2, B1), (("HKLM", KEY), ("HKLM", OTHER)))
    found = engine.owned_restored(now, Owned((A1,)), places, removed)
    assert {value.shown + value.name for value in found.values} == {"REG_DWORD 1B", "REG_DWORD 1A"}
    assert found.keys == (("HKLM", KEY),)


def test_what_is_done_becomes_ours_and_what_is_removed_no_longer_is() -> None:
    changes = [
        Change("HKLM", KEY, "A", A1, A2),
        Change("HKLM", KEY, "B", before=B1),
        Change("HKLM", OTHER),
    ]
    after = engine.owned_after(Owned((A1, B1), (("HKLM", OTHER),)), changes, [("HKLM", KEY)])
    assert after == Owned((A2,), (("HKLM", KEY),))


def test_finishing_what_was_begun_is_shown_and_is_no_place() -> None:
    change = Change("", "", unfinished="version 2 here, 1 there")
    assert dataclasses.astuple(change.operation)[:3] == ("change", "version", "version 2 here, 1 there")
    assert engine.previous_of([change]) == []
    assert engine.owned_after(Owned((A1,)), [change], ()) == Owned((A1,))
