# SPDX-License-Identifier: GPL-3.0-or-later
# ruff: noqa: RUF009 - `option` makes a field
"""Reading plain values as typed objects: all problems at once, and never an exception for bad input."""

from __future__ import annotations

import dataclasses
import datetime
import ipaddress
import math
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.openuc.ocs.plugins.plugin_utils.schema.decode import Reader, decode, decoder_of
from ansible_collections.openuc.ocs.plugins.plugin_utils.schema.fields import option, options_of
from ansible_collections.openuc.ocs.plugins.plugin_utils.schema.kinds import (
    Name,
    OneOf,
    Ports,
    is_dns_name,
    parse_ports,
)
from ansible_collections.openuc.ocs.plugins.plugin_utils.schema.problems import Problem
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.inputs.estate import EstateInput
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.inputs.host import HostInput

Colour = t.Annotated[str, OneOf("colours")]
Door = t.Annotated[str, OneOf("inventory.doors")]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    SHORTHAND: t.ClassVar[str] = "maker"

    maker: str = option("Who made it", default="")
    keys: int = option("How many keys it has", default=1)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class House:
    name: Name = option("Its name")
    colour: Colour = option("Its colour", default="white")
    front: Door = option("Its front door", default="")
    floors: int = option("Floors", default=1)
    height: float = option("Height", default=2.5)
    inhabited: bool = option("Whether somebody lives there", default=True)
    built: datetime.date | None = option("When it was built", default=None)
    address: ipaddress.IPv4Address | None = option("Address", default=None)
    street: ipaddress.IPv4Network | None = option("Street", default=None)
    kind: t.Literal["cottage", "tower", 7] = option("Kind", default="cottage")
    rooms: tuple[str, ...] = option("Rooms", default=())
    locks: t.Mapping[Name, Lock] = option("Locks by door", default={})
    ports: Ports = option("Ports", default="1")
    owner: str = option("Owner", default="", key="class")
    notes: object = option("Anything", default=None)


VOCABULARY = {"colours": ("white", "red"), "inventory.doors": frozenset({"oak", "steel"})}


def read(value: object) -> tuple[House | None, list[Problem]]:
    reader = Reader(VOCABULARY)
    return decode(House, value, "house", reader), reader.problems


def test_values_become_what_is_declared() -> None:
    house, problems = read(
        {
            "name": "mill",
            "floors": "3",
            "height": "7.25",
            "built": "1899-05-01",
            "address": "192.0.2.1",
            "street": "192.0.2.0/24",
            "kind": 7,
            "rooms": ["hall", 12],
            "locks": {"front": "Yale", "back": {"keys": 2}},
            "class": "Contoso",
            "notes": {"any": ["thing"]},
        }
    )
    assert problems == []
    assert house == House(
        name="mill",
        floors=3,
        height=7.25,
        built=datetime.date(1899, 5, 1),
        address=ipaddress.IPv4Address("192.0.2.1"),
        street=ipaddress.IPv4Network("192.0.2.0/24"),
        kind=7,
        rooms=("hall", "12"),
        locks={"front": Lock(maker="Yale"), "back": Lock(keys=2)},
        owner="Contoso",
        notes={"any": ["thing"]},
    )


@pytest.mark.parametrize(
    ("key", "value", "rule"),
    [
        ("colour", "mauve", "choice"),
        ("front", "glass", "reference"),
        ("floors", "three", "type"),
        ("floors", True, "type"),
        ("floors", -1, "range"),
        ("floors", [], "type"),
        ("height", "tall", "type"),
        ("height", math.nan, "type"),
        ("height", "inf", "type"),
        ("height", True, "type"),
        ("inhabited", "yes", "type"),
        ("built", "yesterday", "malformed"),
        ("address", "192.0.2.300", "malformed"),
        ("address", 3221225985, "malformed"),
        ("street", "192.0.2.1/99", "malformed"),
        ("street", 5, "malformed"),
        ("kind", "quarry", "choice"),
        ("kind", True, "choice"),
        ("rooms", "hall", "type"),
        ("locks", ["front"], "type"),
        ("ports", "0-10", "malformed"),
        ("zzz", "red", "unknown"),
        (5, "red", "unknown"),
    ],
)
def test_a_wrong_value_is_one_problem_and_leaves_the_default(key: object, value: object, rule: str) -> None:
    house, problems = read({"name": "mill", key: value})
    assert [problem.rule for problem in problems] == [rule]
    assert house == House(name="mill")


@pytest.mark.parametrize(
    ("key", "value", "meant"),
    [
        ("colour", "rde", House(name="mill", colour="red")),
        ("kind", "tover", House(name="mill", kind="tower")),
        ("colr", "red", House(name="mill", colour="red")),
        ("street", "192.0.2.1/24", House(name="mill", street=ipaddress.IPv4Network("192.0.2.0/24"))),
    ],
)
def test_what_was_most_likely_meant_takes_the_place_of_a_slip(key: str, value: object, meant: House) -> None:
    """So that nothing else is reported that would not be, were the slip mended."""
    house, problems = read({"name": "mill", key: value})
    assert len(problems) == 1
    assert house == meant


@pytest.mark.parametrize(("name", "rule"), [("a b", "malformed"), (["mill"], "type")])
def test_a_wrong_value_of_a_required_option_is_one_problem(name: object, rule: str) -> None:
    house, problems = read({"name": name})
    assert [problem.rule for problem in problems] == [rule]
    assert house == House(name="")


def test_the_nearest_word_is_named() -> None:
    assert [problem.nearest for problem in read({"name": "mill", "colour": "rde", "kind": "tover", "colr": 1})[1]] == [
        "red",
        "tower",
        "colour",
    ]


def test_problems_say_where_they_are() -> None:
    _house, problems = read(
        {"name": "mill", "rooms": ["hall", None], "locks": {"front.left": {"keys": "x"}, "b c": {}}}
    )
    assert [problem.path for problem in problems] == [
        "house.rooms[1]",
        "house.locks['front.left'].keys",
        "house.locks['b c']",
    ]


def test_what_is_required_is_asked_for_with_its_meaning() -> None:
    house, problems = read({"floors": 2})
    assert house == House(name="", floors=2)
    assert [(p.rule, p.path, p.allowed) for p in problems] == [("missing", "house.name", "Its name")]


def test_nothing_at_all_is_an_empty_mapping() -> None:
    assert [problem.rule for problem in read(None)[1]] == ["missing"]
    assert [problem.rule for problem in read("mill")[1]] == ["type"]


def test_null_leaves_an_option_out() -> None:
    assert read({"name": "mill", "floors": None, "locks": {"front": None}}) == (
        House(name="mill", locks={"front": Lock()}),
        [],
    )


def test_a_time_of_day_is_cut_off_a_date() -> None:
    house, _problems = read({"name": "mill", "built": datetime.datetime(2026, 11, 1, 12, 30)})  # noqa: DTZ001
    assert house is not None
    assert not isinstance(house.built, datetime.datetime)
    assert house.built == datetime.date(2026, 11, 1)


def test_long_lists_of_choices_are_cut() -> None:
    reader = Reader({"colours": [f"c{number:02}" for number in range(30)]})
    decode(House, {"name": "mill", "colour": "x"}, "", reader)
    assert reader.problems[0].allowed.endswith("c19 and 10 more")


def test_a_vocabulary_that_is_empty_says_so() -> None:
    reader = Reader({"inventory.doors": ()})
    decode(House, {"name": "mill", "front": "oak"}, "", reader)
    assert reader.problems[0].allowed == "none is declared"


def test_declarations_that_cannot_be_read_fail_early() -> None:
    with pytest.raises(TypeError):
        decoder_of(set)
    with pytest.raises(TypeError):
        decoder_of(int | str)


def test_options_carry_what_documentation_needs() -> None:
    infos = {info.key: info for info in options_of(House)}
    assert (infos["name"].required, infos["class"].name, infos["locks"].default) == (True, "owner", {})
    assert infos["floors"].doc == "Floors"


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("pool1.corp.contoso.com", True),
        ("pool_1", True),
        ("a" * 63, True),
        ("a" * 64, False),
        ("-a", False),
        ("a-", False),
        ("a..b", False),
        ("", False),
        ("a b", False),
        ("bücher.example", False),
        (".".join(["a" * 63] * 4), False),
    ],
)
def test_names(text: str, good: bool) -> None:
    assert is_dns_name(text) is good


@pytest.mark.parametrize(
    ("text", "ports"),
    [
        ("5061", (5061, 5061)),
        ("50000-59999", (50000, 59999)),
        ("0", None),
        ("65536", None),
        ("9-5", None),
        ("50,000", None),
        ("", None),
    ],
)
def test_ports(text: str, ports: tuple[int, int] | None) -> None:
    assert parse_ports(text) == ports


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.dates()
    | st.datetimes()
    | st.binary(max_size=4)
    | st.sampled_from(["pool1", "10.0.0.1", "10.0.0.0/24", "5061", "front_end", "2026-01-01", "true", "{{ x }}"])
)
KEYS = st.text(max_size=8) | st.integers() | st.booleans() | st.none()


def values(keys: st.SearchStrategy[t.Any]) -> st.SearchStrategy[t.Any]:
    return st.recursive(
        SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3), max_leaves=12
    )


def junk(cls: type) -> st.SearchStrategy[t.Any]:
    """Mappings whose keys are often right and whose values mostly are not."""
    words = [info.key for info in options_of(cls)]
    inner = st.sampled_from(["internal", "external", "vip", "name", "cidr", "host", "site", "members", "partners"])
    return st.dictionaries(st.sampled_from(words) | KEYS, values(inner | KEYS), max_size=6)


@given(junk(House) | values(KEYS))
def test_bad_input_never_raises(value: object) -> None:
    house, problems = read(value)
    assert house is not None or problems


@given(junk(EstateInput) | values(KEYS))
def test_no_estate_raises(value: object) -> None:
    decode(EstateInput, value, "", Reader({"inventory.pools": ("pool1",)}))


@given(junk(HostInput) | values(KEYS))
def test_no_host_raises(value: object) -> None:
    decode(HostInput, value, "", Reader({}))
