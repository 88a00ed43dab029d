# SPDX-License-Identifier: GPL-3.0-or-later
"""Patterns of dial plans: read as .NET does, applied, and compared exactly."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.numbers import language
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.numbers import patterns as subject
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.numbers.patterns import read_pattern


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (r"^\d*+$", "a quantifier follows a quantifier"),
        (r"^\d{2}{3}$", "a quantifier follows a quantifier"),
        ("(1", "an opening parenthesis has no closing one"),
        ("1)", "a closing parenthesis has no opening one"),
        ("[0-9", "a character class is not closed"),
        ("[9-0]", "the range 9-0 is the wrong way round"),
        ("[0-\\d]", "the range 0-… is the wrong way round"),
        ("*1", "the quantifier * follows nothing that can be repeated"),
        (r"^\d{3,2}$", "the limits of {3,2} are the wrong way round"),
        ("1\\", "it ends in a single backslash"),
        (r"\y", r"there is no escape \y"),
    ],
)
def test_what_dotnet_refuses_is_refused(text: str, reason: str) -> None:
    pattern = read_pattern(text)
    assert pattern.broken == reason
    assert not pattern.usable
    assert pattern.match("1") is None


@pytest.mark.parametrize(
    "text",
    [r"(\d)\1", r"\p{Nd}", "(?i)1", "(?<=1)2", "(?<a-b>1)", "[0-9-[5]]", r"1{100}", r"(?<a>1)(?<a>2)", r"\b1"],
)
def test_what_is_not_understood_is_not_tried(text: str) -> None:
    pattern = read_pattern(text)
    assert pattern.unknown
    assert not pattern.broken
    assert pattern.match("1") is None
    assert subject.example_of(pattern) is None
    assert not subject.is_hidden_by(pattern, (pattern,))
    assert not subject.takes_nothing(pattern)
    assert subject.missing_groups(pattern, "$9") == ()
    assert subject.overlap(pattern, pattern) is None
    assert subject.early_match(pattern, pattern) is None
    assert subject.is_bounded(pattern)


@pytest.mark.parametrize(
    ("text", "number", "other"),
    [
        (r"^(?<area>\d{3})5$", "1235", "123"),
        (r"^(?'area'\d{3})5$", "1235", "123"),
        (r"^a{,3}$|^7$", "7", "8"),
        (r"\A\+1\d+\z", "+15", "15"),
        (r"^1\d*\Z", "1", "21"),
        (r"^[^0-4*#+]\d$", "51", "41"),
        (r"^[\d*]{2}$", "1*", "1#"),
        (r"^[+\-]1$", "+1", "*1"),
        (r"^\D\d$", "#1", "11"),
        (r"^\W\w\S.$", "*1#1", "1111"),
        (r"^(?=1)\d{2}$", "12", "22"),
        (r"^\+?(?!(1900|1411))(\d*)$", "+12005550100", "+19005550100"),
        (r"^(?:12|34)??5$", "345", "35"),
        (r"^[]1]$", "1", "2"),
    ],
)
def test_the_dialect_is_that_of_dotnet(text: str, number: str, other: str) -> None:
    pattern = read_pattern(text)
    assert (pattern.broken, pattern.unknown) == ("", "")
    assert pattern.match(number)
    assert not pattern.match(other)
    assert pattern.numbers is not None
    assert belongs(pattern.numbers, number)
    assert not belongs(pattern.numbers, other)


def belongs(numbers: language.Term, number: str) -> bool:
    for symbol in number:
        numbers = language.after(numbers, symbol)
    return language.holds_empty(numbers)


@pytest.mark.parametrize(
    ("translation", "number"),
    [("+1425555$1", "+14255550100"), ("+${1}0", "+01000"), ("$$1", "$1"), ("<$&>", "<50100>"), ("+$10", "+$10")],
)
def test_translations(translation: str, number: str) -> None:
    assert subject.translate(read_pattern(r"^5(\d{4})$"), translation, "50100") == number


def test_named_groups_can_be_referred_to() -> None:
    pattern = read_pattern(r"^9(?<rest>\d+)$")
    assert subject.translate(pattern, "+1${rest}", "9425") == "+1425"
    assert subject.missing_groups(pattern, "${rest}$1$2${other}$$") == ("$2", "${other}")


def test_a_group_that_took_no_part_is_empty() -> None:
    assert subject.translate(read_pattern(r"^(1)?2$"), "+$1", "2") == "+"


def test_digits_around_an_unbounded_match_stay() -> None:
    assert subject.translate(read_pattern("11"), "x", "9119") == "9x9"


def test_marks_between_digits_do_not_count() -> None:
    assert subject.digits_of("+1 (425) 555-01.00") == "+14255550100"


def test_a_pattern_is_hidden_by_several_together() -> None:
    all_of, low, high = (read_pattern(text) for text in (r"^7\d{2}$", r"^7[0-4]\d$", r"^7[5-9]\d$"))
    assert subject.is_hidden_by(all_of, (low, high))
    assert not subject.is_hidden_by(all_of, (low,))
    found = subject.example_of(all_of, (low,))
    assert found is not None
    assert re.fullmatch(r"7[5-9]\d", found)


def test_an_unusable_pattern_hides_nothing() -> None:
    assert not subject.is_hidden_by(read_pattern("^1$"), (read_pattern("("), read_pattern(r"(\d)\1")))


def test_nested_repetitions_are_told_and_not_tried() -> None:
    for text in (r"^(\d+)+$", r"^(?=(1*)*)2$", r"^(1|(2*)*)$"):
        assert read_pattern(text).nested
        assert not read_pattern(text).usable
    assert not read_pattern(r"^(\d{3}-?)*$").nested


def test_bounds() -> None:
    assert subject.is_bounded(read_pattern(r"^1$|^2$"))
    for text in ("^1", "1$", "1", "^1$|2", ""):
        assert not subject.is_bounded(read_pattern(text))


def test_large_sets_are_left_undecided() -> None:
    wide, same = read_pattern(r"^.*1.{12}$"), read_pattern(r"^.*(1).{12}$")
    assert subject.example_of(wide, (same,)) is None
    assert not subject.is_hidden_by(wide, (same,))


@pytest.mark.parametrize("text", ["(" * 5000, "1" * 5000, "(" * 30 + "1" + ")" * 30])
def test_monsters_are_not_read(text: str) -> None:
    assert read_pattern(text).unknown.startswith("more than")


def test_very_long_numbers_are_not_compared() -> None:
    pattern = read_pattern(r"^((\d{60}){60}){60}$")
    assert pattern.usable
    assert pattern.numbers is None
    assert subject.example_of(read_pattern("^" + "1?" * 90 + "$")) == ""


@pytest.mark.parametrize("text", [r"^1?^2$", r"(^1)*2", r"(?:^)*1"])
def test_anchors_in_odd_places_are_applied_and_not_compared(text: str) -> None:
    pattern = read_pattern(text)
    assert pattern.usable
    assert pattern.numbers is None


ATOMS = st.sampled_from(["1", "2", r"\d", "[1-3]", "[^1]", r"\+", ".", "(12|3)", r"(1\d)", "(?!1)", "(?=2)", "(?:1|)"])
QUANTIFIERS = st.sampled_from(["", "", "", "?", "*", "+", "{2}", "{1,2}"])


@st.composite
def expressions(draw: st.DrawFn) -> str:
    parts = []
    for _time in range(draw(st.integers(1, 4))):
        atom = draw(ATOMS)
        parts.append(atom if atom.startswith(("(?!", "(?=")) else atom + draw(QUANTIFIERS))
    start, end = draw(st.sampled_from(["^", ""])), draw(st.sampled_from(["$", ""]))
    return start + "".join(parts) + end


NUMBERS = st.text(alphabet="0123+#", max_size=7)


@given(expressions(), NUMBERS)
def test_the_set_of_a_pattern_is_what_it_matches(text: str, number: str) -> None:
    pattern = read_pattern(text)
    assert pattern.numbers is not None
    assert belongs(pattern.numbers, number) == bool(re.search(text, number))


@given(expressions(), st.lists(expressions(), max_size=3))
def test_hidden_or_shown_by_an_example(text: str, others: list[str]) -> None:
    pattern = read_pattern(text)
    earlier = [read_pattern(other) for other in others]
    number = subject.example_of(pattern, earlier)
    if subject.is_hidden_by(pattern, earlier):
        assert number is None
    elif number is not None:
        assert re.search(text, number)
        assert not any(re.search(other, number) for other in others)


@given(expressions(), expressions())
def test_an_early_match_is_one(longer: str, shorter: str) -> None:
    number = subject.early_match(read_pattern(longer), read_pattern(shorter))
    if number is not None:
        assert re.search(longer, number)
        assert any(re.search(shorter, number[:end]) for end in range(len(number)))


@given(st.text(max_size=30))
def test_any_text_is_read(text: str) -> None:
    pattern = read_pattern(text)
    assert bool(pattern.broken) + bool(pattern.unknown) + (pattern.syntax is not None) == 1
