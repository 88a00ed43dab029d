# SPDX-License-Identifier: GPL-3.0-or-later
"""Long lists of options: every problem, with its index and the nearest word."""

from __future__ import annotations

import pytest

from ansible_collections.openuc.ocs.plugins.module_utils.items import (
    Field,
    given_twice,
    one_or_listed,
    problems_of,
    refused,
)

FIELDS = {
    "name": Field(str, required=True),
    "ttl": Field(int),
    "type": Field(str, choices=("A", "SRV")),
    "values": Field(list, elements=str),
}


def test_good_items_have_no_problem() -> None:
    assert problems_of("records", [{"name": "a", "ttl": 60, "type": "A", "values": ["x"]}], FIELDS) == []


@pytest.mark.parametrize(
    ("items", "problem"),
    [
        ("text", "records: expected a list, got str"),
        (["text"], "records[0]: expected a mapping, got 'text'"),
        ([{"nam": "a", "name": "a"}], "records[0].nam: no such option; did you mean name?"),
        ([{"name": 5}], "records[0].name: expected str, got 5"),
        ([{"name": "a", "ttl": True}], "records[0].ttl: expected int, got True"),
        ([{"name": "a", "type": "SVR"}], "records[0].type: 'SVR' is none of A, SRV; did you mean SRV?"),
        ([{"name": "a", "values": ["x", 1]}], "records[0].values: expected a list of str, got ['x', 1]"),
        ([{"ttl": 1}], "records[0].name: is missing"),
    ],
)
def test_each_problem_names_index_and_value(items: object, problem: str) -> None:
    assert problems_of("records", items, FIELDS) == [problem]


def test_all_problems_at_once() -> None:
    assert len(problems_of("records", [{"ttl": "x"}, {"name": 1}], FIELDS)) == 3


def test_options_stand_for_one_or_a_list_of_them() -> None:
    own = {"zone": {}, "server": {}}
    assert one_or_listed({"zone": "a", "server": None, "state": "x"}, "zones", own) == (
        {"": {"zone": "a", "server": None}},
        [],
    )
    listed = [{"zone": "a"}, {"zoen": "b"}, "text"]
    found, problems = one_or_listed({"zones": listed}, "zones", own)
    assert found == {"zones[0].": {"zone": "a"}, "zones[1].": {"zoen": "b"}}
    assert problems == [
        "zones[1].zoen: no such option; did you mean zone?",
        "zones[2]: expected a mapping, got 'text'",
    ]
    assert one_or_listed({"zones": "a"}, "zones", own) == ({}, ["zones: expected a list, got 'a'"])


def test_what_is_given_twice_is_named_by_both_places() -> None:
    assert given_twice("rules", [("a", "A"), ("b", "b"), ("a", "a")]) == [
        "rules[2]: a is given in rules[0] already; leave one"
    ]


def test_many_problems_are_cut() -> None:
    said = refused([f"p{number}" for number in range(105)], "nothing was probed").splitlines()
    assert (said[0], said[1], len(said), said[-1]) == (
        "105 problem(s) with the options; nothing was probed:",
        "p0",
        102,
        "and 5 more",
    )
