# SPDX-License-Identifier: GPL-3.0-or-later
"""Values as arguments have them and as bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.openuc.ocs.plugins.module_utils.registry import values
from ansible_collections.openuc.ocs.plugins.module_utils.registry.values import TYPES, Value

PLACE = ("HKLM", r"SOFTWARE\Contoso", "Name")
TEXT = st.text(st.characters(blacklist_characters="\0", blacklist_categories=["Cs"]))
NAMED = st.sampled_from(sorted(TYPES))


def item(**changes: object) -> dict[str, object]:
    return {"hive": "HKLM", "key": r"SOFTWARE\Contoso", "name": "N", "type": "REG_DWORD", "data": 1, **changes}


@pytest.mark.parametrize(
    ("kind", "data", "raw"),
    [
        ("REG_DWORD", 46, "2e000000"),
        ("REG_DWORD_BIG_ENDIAN", 46, "0000002e"),
        ("REG_QWORD", 1, "0100000000000000"),
        ("REG_SZ", "ä", "e4000000"),
        ("REG_SZ", "", "0000"),
        ("REG_EXPAND_SZ", "%", "25000000"),
        ("REG_MULTI_SZ", ["a", "b"], "610000006200000000" + "00"),
        ("REG_MULTI_SZ", [], "0000"),
        ("REG_BINARY", {"hex": "00ff"}, "00ff"),
        ("REG_NONE", {"hex": ""}, ""),
    ],
)
def test_bytes_are_those_that_windows_keeps(kind: str, data: object, raw: str) -> None:
    assert values.raw_of(TYPES[kind], data).hex() == raw
    assert values.data_of(TYPES[kind], bytes.fromhex(raw)) == data


@given(kind=st.integers(0, 15), raw=st.binary(max_size=40))
def test_any_bytes_survive_the_way_to_arguments_and_back_in_meaning(kind: int, raw: bytes) -> None:
    value = Value(*PLACE, kind, raw)
    if values.type_name(kind) in TYPES:
        made, problems = values.value_of("values[0]", values.item_of(value))
        assert problems == []
        assert value.same_as(made)


@given(TEXT)
def test_text_survives(text: str) -> None:
    assert values.data_of(values.SZ, values.raw_of(values.SZ, text)) == text


@given(st.lists(TEXT.filter(bool)))
def test_lists_of_texts_survive(texts: list[str]) -> None:
    assert values.data_of(values.MULTI_SZ, values.raw_of(values.MULTI_SZ, texts)) == texts


@pytest.mark.parametrize(
    ("kind", "data", "message"),
    [
        ("REG_DWORD", "46", "expected a whole number, got '46'; write it without quotes"),
        ("REG_DWORD", True, "expected a whole number, got True"),
        ("REG_DWORD", -1, "-1 is not in 0-4294967295"),
        ("REG_DWORD", 2**32, "4294967296 is not in 0-4294967295"),
        ("REG_SZ", 46, "expected text, got 46; write it in quotes"),
        ("REG_SZ", "a\0b", "holds a NUL character"),
        ("REG_MULTI_SZ", "a", "expected a list of texts"),
        ("REG_MULTI_SZ", ["a", ""], "none of them empty"),
        ("REG_BINARY", "00ff", "expected a mapping with hex"),
        ("REG_BINARY", {"hex": "0g"}, "'0g' is no sequence of hexadecimal bytes"),
        ("REG_BINARY", {"hex": "00", "x": 1}, "expected a mapping with hex alone"),
    ],
)
def test_data_that_a_type_cannot_hold_is_said_to_be_so(kind: str, data: object, message: str) -> None:
    _value, problems = values.value_of("values[3]", item(type=kind, data=data))
    assert len(problems) == 1
    assert problems[0].startswith(f"values[3].data: {kind} N: ")
    assert message in problems[0]


def test_an_unknown_type_names_the_nearest() -> None:
    _value, problems = values.value_of("values[0]", item(type="REG_DWROD"))
    assert problems == ["values[0].type: 'REG_DWROD' is no type; did you mean REG_DWORD?"]


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("", "expected a path below the hive"),
        (r"HKLM\SOFTWARE", "begins with a hive, which belongs into hive"),
        (r"HKEY_LOCAL_MACHINE\SOFTWARE", "begins with a hive"),
        ("\\SOFTWARE", "has an empty part"),
        ("SOFTWARE\\\\X", "has an empty part"),
        ("SOFTWARE\tX", "holds a control character"),
        ("A" * 256, "is longer than 255 characters"),
    ],
)
def test_paths_that_windows_does_not_know_are_refused(key: str, message: str) -> None:
    assert message in values.key_problem(key)


def test_all_problems_of_an_item_are_told_at_once() -> None:
    _value, problems = values.value_of("values[1]", item(key="", name="a\n", data="x"))
    assert [problem.split(":")[0] for problem in problems] == ["values[1].key", "values[1].name", "values[1].data"]


def test_names_too_long_are_refused() -> None:
    assert values.name_problem("x" * 16384) == "is longer than 16383 characters"
    assert values.name_problem("x" * 16383) == ""
    assert "expected text" in values.name_problem(7)


@pytest.mark.parametrize(("one", "other"), [("straße", "STRAßE"), ("ǆ", "Ǆ"), ("Äpfel", "äPFEL")])
def test_names_are_compared_character_by_character(one: str, other: str) -> None:
    assert values.folded(one) == values.folded(other)


def test_sharp_s_is_no_double_s() -> None:
    assert values.folded("STRASSE") != values.folded("straße")


def test_long_data_is_cut_for_people() -> None:
    shown = Value(*PLACE, TYPES["REG_BINARY"], bytes(1000)).shown
    assert shown.startswith("REG_BINARY hex 0000")
    assert shown.endswith("… (1000 bytes)")
    assert len(shown) < 120


def test_the_default_value_of_a_key_has_a_name_for_people() -> None:
    assert Value("HKLM", "SOFTWARE", "", 1, b"").path == r"HKLM\SOFTWARE:(default)"


def test_a_type_nobody_knows_has_its_number() -> None:
    assert values.type_name(0x12345) == "REG_74565"
