# SPDX-License-Identifier: GPL-3.0-or-later
"""What each state makes of the rules that are there, and what it tells about it."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.openuc.ocs.plugins.module_utils.contract import Operation
from ansible_collections.openuc.ocs.plugins.module_utils.firewall.changing import operations, too_many, wanted
from ansible_collections.openuc.ocs.plugins.module_utils.firewall.ruleset import Ruleset
from ansible_collections.openuc.ocs.plugins.module_utils.limits import Limits

from .policies import Options, compiled, rule

A, B, C = (rule(name, destination="media", ports=[port]) for name, port in (("a", "1"), ("b", "2"), ("c", "3")))
B_ELSEWHERE = rule("b", destination="media", ports=["9"])
BY_HAND = rule("by-hand", destination="media", ports=["22"])
KNOWN = ("a", "b")


def made(state: str, have: Ruleset | None, *rules: Options, replaced: tuple[str, ...] = ()) -> Ruleset | None:
    ruleset, problems = wanted(state, have, compiled(*rules), KNOWN, replaced)
    assert problems == []
    return ruleset


@pytest.mark.parametrize(
    ("state", "result"),
    [
        ("merged", compiled(A, B, B_ELSEWHERE, C)),
        ("replaced", compiled(A, B_ELSEWHERE, C)),
        ("overridden", compiled(B_ELSEWHERE, C)),
        ("deleted", compiled(A)),
    ],
)
def test_what_states_make_of_rules(state: str, result: Ruleset) -> None:
    assert made(state, compiled(A, B), B_ELSEWHERE, C) == result


@pytest.mark.parametrize("state", ["merged", "replaced", "overridden"])
def test_at_first_every_state_makes_what_is_given(state: str) -> None:
    assert made(state, None, A, C) == compiled(A, C)


def test_deleting_without_rules_is_to_delete_the_table() -> None:
    assert wanted("deleted", compiled(A, B), Ruleset(), KNOWN, ()) == (None, [])


def test_deleting_the_last_rules_deletes_the_table() -> None:
    assert made("deleted", compiled(A, B), A, B) is None


def test_what_was_put_in_by_hand_goes() -> None:
    assert made("replaced", compiled(A, BY_HAND), B) == compiled(A, B)


def test_a_rule_goes_that_another_replaces() -> None:
    assert made("replaced", compiled(A, B), C, replaced=("a",)) == compiled(B, C)


def test_the_part_of_a_rule_that_another_asks_for_too_stays() -> None:
    shared = rule("b", destination="media", ports=["1"])
    assert made("deleted", compiled(A, shared), A) == compiled(shared)


def test_rules_that_stay_may_contradict_new_ones() -> None:
    def translated(name: str, private: str) -> Options:
        return rule(name, nat=[{"kind": "dnat", "public": "203.0.113.1", "private": private}])

    have, given = compiled(translated("a", "10.31.0.31")), compiled(translated("c", "10.31.0.32"))
    _want, problems = wanted("replaced", have, given, KNOWN, ())
    assert len(problems) == 1
    assert "cannot become 10.31.0.31 and 10.31.0.32 at once, as a, c ask(s)" in problems[0]


def leaving(name: str, public: str) -> Options:
    out: dict[str, Any] = {"ingress": "eth1", "egress": "eth0", "source": "media", "destination": "world"}
    return rule(name, **out, nat=[{"kind": "snat", "public": public, "private": "10.31.0.41"}])


def test_sources_of_rules_that_stay_and_of_new_ones_are_translated() -> None:
    both = made("replaced", compiled(leaving("a", "203.0.113.1")), leaving("c", "203.0.113.1"))
    assert both is not None
    assert [found.names for found in both.outwards.values()] == [("a", "c")]


def test_a_source_cannot_leave_as_two_others() -> None:
    have, given = compiled(leaving("a", "203.0.113.1")), compiled(leaving("c", "203.0.113.2"))
    (problem,) = wanted("merged", have, given, KNOWN, ())[1]
    assert "cannot become 203.0.113.1 and 203.0.113.2 at once" in problem


# --- operations -------------------------------------------------------------------------------------------------------

WHY = {"a": ["row.a"], "b": ["row.b", "row.c"]}


def test_what_differs_is_told_entry_by_entry_with_its_reason() -> None:
    assert operations(compiled(A, B), compiled(A, B_ELSEWHERE), WHY) == [
        Operation("remove", "eth0 > eth1: any to 10.31.0.41, tcp port 2", "accept for b", "", "row.b row.c"),
        Operation("add", "eth0 > eth1: any to 10.31.0.41, tcp port 9", "", "accept for b", "row.b row.c"),
    ]


def test_an_entry_that_stands_for_other_rules_is_changed() -> None:
    both = rule("b", destination="media", ports=["1"])
    (only,) = operations(compiled(A), compiled(A, both), WHY)
    assert (only.action, only.before, only.after) == ("change", "accept for a", "accept for a, b")


def test_protection_and_enforcing_are_told() -> None:
    before = compiled(A, enforce="observe", protected=["10.31.0.31"])
    after = compiled(A, protected=["10.31.0.41"], guarded=[])
    assert [(each.action, each.name) for each in operations(before, after, WHY)] == [
        ("change", "enforce"),
        ("remove", "guard eth0 > eth1"),
        ("remove", "guard eth1 > eth0"),
        ("remove", "protect 10.31.0.31"),
        ("add", "protect 10.31.0.41"),
    ]


def test_translations_are_told() -> None:
    nat = {"kind": "dnat", "public": "203.0.113.1", "private": "10.31.0.41"}
    moved = {**nat, "private": "10.31.0.31"}
    (change,) = operations(compiled({**A, "nat": [nat]}), compiled({**A, "nat": [moved]}), WHY)
    assert change == Operation(
        "change", "eth0 >: to 203.0.113.1, tcp port 1", "10.31.0.41 for a", "10.31.0.31 for a", "row.a"
    )


def test_the_same_is_no_operation() -> None:
    assert operations(compiled(A, B), compiled(B, A), WHY) == []


@pytest.mark.parametrize(
    ("have", "want", "action"), [(None, Ruleset(), "add"), (Ruleset(), None, "remove"), (None, None, "")]
)
def test_an_empty_table_is_something_else_than_none(have: Ruleset | None, want: Ruleset | None, action: str) -> None:
    assert [each.action for each in operations(have, want, WHY)] == ([action] if action else [])


def test_what_was_changed_by_hand_is_told() -> None:
    assert operations(compiled(A), compiled(A), WHY, ["chain forward: drop"]) == [
        Operation("remove", "by hand", "chain forward: drop")
    ]


# --- thresholds -------------------------------------------------------------------------------------------------------


def many(count: int) -> Ruleset:
    return compiled(
        *(rule(f"r{number:02}", destination="media", ports=[str(number)]) for number in range(1, count + 1))
    )


def test_few_removals_are_let_pass() -> None:
    assert too_many(many(20), many(14), Limits(10, 0.3)) == ""


def test_too_large_a_share_stops() -> None:
    assert too_many(many(20), many(13), Limits(10, 0.3)) == (
        "nothing was changed, since 7 of our 20 rules would go (r14, r15, r16, r17, r18, and 2 more), "
        "more than most_deleted_ratio (30%). "
        "If that is meant, set most_deleted_ratio: 0.35 for this run"
    )


def test_too_many_stop() -> None:
    assert too_many(many(12), None, Limits(10, 1.0)) == (
        "nothing was changed, since 12 of our 12 rules would go (r01, r02, r03, r04, r05, and 7 more), "
        "more than most_deleted (10). "
        "If that is meant, set most_deleted: 12 for this run"
    )


def test_of_few_rules_a_share_says_nothing() -> None:
    assert too_many(many(9), None, Limits(10, 0.3)) == ""
