# SPDX-License-Identifier: GPL-3.0-or-later
"""Arithmetic of sets of packets, compared with sets of numbers written out."""

from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.openuc.ocs.plugins.plugin_utils.proof.boxes import Box, Boxes, common, remainder, without
from ansible_collections.openuc.ocs.plugins.plugin_utils.proof.spans import (
    Spans,
    contains,
    intersect,
    of_address,
    of_port,
    spans,
    subtract,
)

LARGEST = 12


def numbers(listed: Spans) -> set[int]:
    return {number for first, last in listed for number in range(first, last + 1)}


@st.composite
def few_spans(draw: st.DrawFn, largest: int = LARGEST) -> Spans:
    pairs = draw(st.lists(st.tuples(st.integers(0, largest), st.integers(0, largest)), max_size=4))
    return spans((min(pair), max(pair)) for pair in pairs)


@given(few_spans(), few_spans())
def test_spans_are_sets(left: Spans, right: Spans) -> None:
    assert numbers(intersect(left, right)) == numbers(left) & numbers(right)
    assert numbers(subtract(left, right)) == numbers(left) - numbers(right)
    assert {number for number in range(LARGEST + 2) if contains(left, number)} == numbers(left)


@given(few_spans(), few_spans())
def test_spans_have_one_form(left: Spans, right: Spans) -> None:
    """So that two are equal when they hold the same."""
    for made in (intersect(left, right), subtract(left, right)):
        assert made == spans((number, number) for number in numbers(made))


def test_spans_of_texts() -> None:
    assert of_address("10.0.0.0/30") == (0x0A000000, 0x0A000003)
    assert of_address("10.0.0.1-10.0.0.9") == (0x0A000001, 0x0A000009)
    assert of_address("10.0.0.1") == (0x0A000001, 0x0A000001)
    assert (of_port("443"), of_port("50000-59999")) == ((443, 443), (50000, 59999))


# --- boxes ------------------------------------------------------------------------------------------------------------

SMALL = 3
Packet = tuple[int, int, int, int]


def packets(box: Box) -> set[Packet]:
    return set(itertools.product(*(numbers(side) for side in box)))  # type: ignore[arg-type]


boxes = st.builds(Box, *([few_spans(SMALL)] * 4))


@settings(max_examples=200, deadline=None)
@given(boxes, boxes)
def test_boxes_are_sets_of_packets(left: Box, right: Box) -> None:
    shared = common(left, right)
    assert (packets(shared) if shared else set()) == packets(left) & packets(right)
    pieces = without(left, right)
    assert set().union(*map(packets, pieces)) == packets(left) - packets(right)
    assert sum(len(packets(piece)) for piece in pieces) == len(packets(left) - packets(right)), "pieces do not overlap"


# More than a few are looked up with an index.
MANY = 30


@settings(max_examples=60, deadline=None)
@given(boxes, st.one_of(st.lists(boxes, max_size=5), st.lists(boxes, min_size=MANY, max_size=MANY)))
def test_what_is_left_of_a_box_is_the_same_with_an_index(box: Box, others: list[Box]) -> None:
    expected = packets(box).difference(*map(packets, others))
    assert set().union(*map(packets, remainder(box, others))) == expected
    assert set().union(*map(packets, Boxes(others).remainder(box))) == expected
    meeting = [index for index, other in enumerate(others) if packets(box) & packets(other)]
    assert list(Boxes(others).meeting(box)) == meeting
