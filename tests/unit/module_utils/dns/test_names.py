# SPDX-License-Identifier: GPL-3.0-or-later
"""Names against those of another library, and against what RFC 1035 allows."""

from __future__ import annotations

import dns.name
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.openuc.ocs.plugins.module_utils.dns import names

LABELS = st.lists(st.binary(min_size=1, max_size=30), min_size=1, max_size=6)


@given(LABELS)
def test_wire_forms_and_texts_are_those_of_another_library(labels: list[bytes]) -> None:
    name = dns.name.Name([*labels, b""])
    wire = name.canonicalize().to_wire()
    assert names.from_text(name.to_text()) == wire
    assert dns.name.from_text(names.to_text(wire)).canonicalize() == name.canonicalize()
    assert names.from_text(names.to_text(wire)) == wire


def test_case_and_the_dot_at_the_end_make_no_difference() -> None:
    assert names.from_text("SIP.Contoso.COM.") == names.from_text("sip.contoso.com") == b"\3sip\7contoso\3com\0"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "a name is empty"),
        ("a..b", "has an empty label"),
        ("a.b..", "has an empty label"),
        (".a", "has an empty label"),
        ("bücher.example", "xn--"),
        ("x" * 64 + ".example", "has a label of 64 octets; at most 63"),
        (".".join(["x" * 60] * 5), "is 306 octets long; at most 255"),
        ("a\\", "ends with a backslash"),
        ("a\\999b", "\\999 is no octet"),
    ],
)
def test_what_cannot_be_a_name_says_why(text: str, words: str) -> None:
    with pytest.raises(names.BadNameError) as told:
        names.from_text(text)
    assert words in str(told.value)


@pytest.mark.parametrize(
    ("name", "zone", "expected"),
    [
        ("sip.contoso.com", "contoso.com", True),
        ("contoso.com", "contoso.com", True),
        ("xcontoso.com", "contoso.com", False),
        ("contoso.com", "sip.contoso.com", False),
        ("a\\007contoso.com", "contoso.com", False),
        ("anything", ".", True),
    ],
)
def test_a_name_is_within_a_zone_by_labels(name: str, zone: str, expected: bool) -> None:
    assert names.within(names.from_text(name), names.from_text(zone)) is expected


def test_parents_end_at_the_zone() -> None:
    found = names.parents(names.from_text("_sip._tls.contoso.com"), names.from_text("contoso.com"))
    assert [names.to_text(name) for name in found] == ["_tls.contoso.com", "contoso.com"]


def test_the_root_is_a_dot() -> None:
    assert (names.to_text(names.from_text(".")), names.target_text(b"\0")) == (".", ".")
    assert names.target_text(names.from_text("a.example")) == "a.example."
