# SPDX-License-Identifier: GPL-3.0-or-later
"""Items as columns: nothing is lost on the way, and values that are written alike stay what they are."""

from __future__ import annotations

import json
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.openuc.ocs.plugins.module_utils.columns import Column, Table, as_text, joined
from ansible_collections.openuc.ocs.plugins.module_utils.items import Field

FIELDS: t.Final = {
    "name": Field(str, required=True),
    "type": Field(str, choices=("A", "SRV")),
    "values": Field(list, elements=str),
}
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(0, 2), st.sampled_from([0.0, 1.0, "", "1", "True"]), st.lists(st.text())
)


def read(text: str) -> Table:
    table = Table.read(json.loads(text))
    assert table is not None
    return table


@given(st.lists(st.dictionaries(st.sampled_from("abc"), VALUES), min_size=1))
def test_items_arrive_as_they_were_sent(items: list[dict[str, t.Any]]) -> None:
    # 1, 1.0 and True are equal, and not the same.
    assert repr([sorted(item.items()) for item in read(as_text(items)).items()]) == repr(
        [sorted(item.items()) for item in items]
    )


def test_a_value_that_many_have_is_sent_once() -> None:
    members = ["fe1.corp.contoso.com", "fe2.corp.contoso.com"]
    text = as_text([{"port": str(port), "members": list(members)} for port in range(100)])
    assert text.count(members[0]) == 1


@pytest.mark.parametrize("items", [[], ["no item"], [{"name": "a"}, None]])
def test_what_are_no_items_is_sent_as_it_is(items: list[t.Any]) -> None:
    assert json.loads(as_text(items)) == items
    assert Table.read(json.loads(as_text(items))) is None


def test_items_without_an_option_have_its_default() -> None:
    table = Table.of([{"a": 1}, {"a": 2, "b": 3}])
    assert table.column("b", 7).listed() == [7, 3]
    assert table.column("a").listed() == [1, 2]
    assert table.column("none of them").listed() == [None, None]
    assert table.column("b", 7).map(str).listed() == ["7", "3"]


def test_columns_are_joined_by_items() -> None:
    both = joined(Column(["a", "b"], [0, 1, 0, 1]), Column([1, 2], [0, 0, 0, 1]))
    assert both.listed() == [("a", 1), ("b", 1), ("a", 1), ("b", 2)]
    assert len(both.values) == 3


@pytest.mark.parametrize(
    ("item", "just"),
    [
        ({"name": "a"}, True),
        ({"name": "a", "type": "A", "values": ["x"]}, True),
        ({"type": "A"}, False),
        ({"name": 1}, False),
        ({"name": "a", "type": "MX"}, False),
        ({"name": "a", "values": ["x", 1]}, False),
        ({"name": "a", "ttl": 60}, False),
    ],
)
def test_a_quick_look_sees_what_has_to_be_looked_into(item: dict[str, t.Any], just: bool) -> None:
    assert Table.of([{"name": "good"}, item]).is_just(FIELDS) is just
