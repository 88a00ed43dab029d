# SPDX-License-Identifier: GPL-3.0-or-later
"""Marks of packets: what they are compiled to, and what contradicts itself."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.openuc.ocs.plugins.module_utils.firewall import changing, listing
from ansible_collections.openuc.ocs.plugins.module_utils.firewall.policy import ruleset_of
from ansible_collections.openuc.ocs.plugins.module_utils.firewall.ruleset import Ruleset
from ansible_collections.openuc.ocs.plugins.module_utils.firewall.text import Table, native_text

from .policies import compiled, mark, options

REST: t.Final = {"id": "rest", "stage": "voice", "why": [], "replaces": "", "ingress": "eth1", "egress": "eth0"}


def test_marks_come_before_rules_and_look_at_every_packet() -> None:
    kept = {key: said for key, said in mark("kept", ports="3478", side="destination").items() if key != "dscp"}
    structure = Table(compiled(marks=[mark("audio"), kept, {**REST, "dscp": 0}])).structure
    assert structure["chain marking"] == (
        "type filter hook forward priority mangle; policy accept;",
        "iifname . oifname . meta l4proto . th sport vmap @mark/sport-ranges",
        "iifname . oifname . meta l4proto . th dport vmap @mark/port",
        "iifname . oifname vmap @mark/all",
    )
    assert structure["chain mark_46"] == ("ip dscp set 46", "ip6 dscp set 46")
    assert structure["chain mark_0"] == ("ip dscp set 0", "ip6 dscp set 0")


def test_a_table_without_marks_has_nothing_for_them() -> None:
    assert not [name for name in Table(compiled()).structure if "mark" in name]


def test_what_two_ask_for_alike_stands_there_once_for_both() -> None:
    found = compiled(marks=[mark("a", ports="100-200"), mark("b", ports="150-300")]).marks
    assert [(str(key), put.address, put.names) for key, put in sorted(found.items())] == [
        ("mark eth1 > eth0: udp from port 100-149", "46", ("a",)),
        ("mark eth1 > eth0: udp from port 150-200", "46", ("a", "b")),
        ("mark eth1 > eth0: udp from port 201-300", "46", ("b",)),
    ]


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (
            [mark("a", ports="100-200"), mark("b", ports="150-300", dscp=34)],
            (
                "marks: mark eth1 > eth0: udp from port 150-200 cannot become 34 and 46 at once, as a, b ask(s); "
                "one packet has one mark"
            ),
        ),
        ([mark("a", dscp=64)], "marks[0].dscp: 64 is none of 0-63; leave it out for packets that keep their mark"),
        ([mark("a", dscp=-1)], "marks[0].dscp: -1 is none of 0-63; leave it out for packets that keep their mark"),
        ([mark("a", dscp="46")], "marks[0].dscp: expected int, got '46'"),
        ([mark("a", side="srouce")], "marks[0].side: 'srouce' is none of source, destination; did you mean source?"),
        ([mark("a", ingress="eth2")], "marks[0].ingress: 'eth2' is none of the interfaces; did you mean eth1?"),
        (
            [mark("a", ports="200-100")],
            "marks[0].ports: '200-100' is no port or range of ports, such as 8000-8099, up to 65535",
        ),
        (
            [mark("a", ports="")],
            "marks[0]: protocol, side and ports are given together, or none of them for all that is left",
        ),
        ([mark("a b")], "marks[0].id: 'a b' cannot be kept as a comment; use no spaces, quotes and backslashes"),
    ],
)
def test_what_is_wrong_is_said(given: list[dict[str, t.Any]], problem: str) -> None:
    assert problem in ruleset_of(options(marks=given))[1]


def test_a_changed_mark_is_told_with_its_reason() -> None:
    before, after = compiled(marks=[mark("audio")]), compiled(marks=[mark("audio", dscp=40)])
    (told,) = changing.operations(before, after, {"audio": ["row.audio"]})
    assert (told.action, told.name, told.before, told.after, told.why) == (
        "change",
        "mark eth1 > eth0: udp from port 49152-57499",
        "46 for audio",
        "40 for audio",
        "row.audio",
    )


@pytest.mark.parametrize(
    ("state", "given", "left"),
    [
        ("merged", [mark("video", ports="57501-65534", dscp=34)], {"audio", "video"}),
        ("replaced", [mark("audio", dscp=40)], {"audio"}),
        ("overridden", [mark("video", ports="57501-65534", dscp=34)], {"video"}),
    ],
)
def test_states_mean_for_marks_what_they_mean_for_rules(
    state: str, given: list[dict[str, t.Any]], left: set[str]
) -> None:
    want, problems = changing.wanted(state, compiled(marks=[mark("audio")]), compiled(marks=given), ["audio"], [])
    assert problems == []
    assert isinstance(want, Ruleset)
    assert {name for put in want.marks.values() for name in put.names} == left


@pytest.mark.parametrize(
    ("listed", "number"),
    [
        ("cs0", 0),
        ("cs5", 40),
        ("af11", 10),
        ("af41", 34),
        ("af43", 38),
        ("ef", 46),
        ("0x0b", 11),
        ("63", 63),
        ("be", 0),
    ],
)
def test_names_of_classes_in_listings_are_numbers(listed: str, number: int) -> None:
    text = native_text(compiled(marks=[mark("audio", dscp=46)]))
    found = listing.of_text(text.replace("dscp set 46", f"dscp set {listed}"))
    assert found is not None
    assert found.structure["chain mark_46"] == (f"ip dscp set {number}", f"ip6 dscp set {number}")


def test_a_mark_that_is_none_stays_as_it_is_and_is_none_of_ours() -> None:
    text = native_text(compiled(marks=[mark("audio")]))
    found = listing.of_text(text.replace("ip dscp set 46", "ip dscp set voice"))
    assert found is not None
    assert "ip dscp set voice" in found.structure["chain mark_46"]
