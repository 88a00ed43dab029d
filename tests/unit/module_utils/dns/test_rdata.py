# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of records against those of another library, and against what their types allow."""

from __future__ import annotations

import ipaddress

import dns.rdata
import dns.rdatatype
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.openuc.ocs.plugins.module_utils.dns import rdata

HOSTS = st.from_regex(r"[a-z][a-z0-9-]{0,20}(\.[a-z][a-z0-9]{0,10}){1,3}\.", fullmatch=True)
NUMBER = st.integers(0, 65535)
VALUES = st.one_of(
    st.tuples(st.just("A"), st.ip_addresses(v=4).map(str)),
    st.tuples(st.just("AAAA"), st.ip_addresses(v=6).map(str)),
    st.tuples(st.sampled_from(["CNAME", "PTR", "NS"]), HOSTS),
    st.tuples(st.just("MX"), st.builds("{} {}".format, NUMBER, HOSTS)),
    st.tuples(st.just("SRV"), st.builds("{} {} {} {}".format, NUMBER, NUMBER, NUMBER, HOSTS)),
)


@given(VALUES)
def test_wire_forms_and_texts_are_those_of_another_library(value: tuple[str, str]) -> None:
    kind, text = value
    theirs = dns.rdata.from_text("IN", kind, text)
    code = int(theirs.rdtype)
    wire = rdata.from_text(code, text)
    assert wire == theirs.to_wire()
    assert rdata.to_text(code, wire) == theirs.to_text()


@given(st.lists(st.binary(max_size=255), min_size=1, max_size=4))
def test_quoted_strings_come_back_to_the_octet(strings: list[bytes]) -> None:
    wire = b"".join(bytes((len(each),)) + each for each in strings)
    text = rdata.to_text(rdata.TXT, wire)
    assert rdata.from_text(rdata.TXT, text) == wire
    assert dns.rdata.from_text("IN", "TXT", text).to_wire() == wire


@given(st.text(max_size=700).filter(lambda text: not text.strip().startswith('"')))
def test_text_without_quotes_is_taken_as_it_is_however_long(text: str) -> None:
    wire = rdata.from_text(rdata.TXT, text)
    found, position = b"", 0
    while position < len(wire):
        found += wire[position + 1 : position + 1 + wire[position]]
        position += 1 + wire[position]
    assert found == text.strip().encode()


@pytest.mark.parametrize(
    ("kind", "text", "words"),
    [
        ("A", "10.0.0.256", "'10.0.0.256' is no IPv4 address"),
        ("A", "fe80::1", "is no IPv4 address"),
        ("AAAA", "10.0.0.1", "is no IPv6 address"),
        ("CNAME", "two names", "'two names' is no name"),
        ("CNAME", "a..b", "has an empty label"),
        ("SRV", "0 5061 sip.contoso.com", "is not 'priority weight port target'"),
        ("SRV", "0 0 65536 sip.contoso.com", "with numbers of 0 to 65535"),
        ("SRV", "0 0 x sip.contoso.com", "with numbers of 0 to 65535"),
        ("MX", "mail.contoso.com", "is not 'preference name'"),
        ("TXT", '"open', "a quoted string does not end"),
        ("TXT", '"a" b', "stands outside quotes"),
        ("TXT", '"\\999"', "\\999 is no octet"),
        ("TXT", '"' + "x" * 256 + '"', "a quoted string of 256 octets; at most 255"),
        ("TXT", "x" * 66000, "a record has at most 65535"),
    ],
)
def test_values_that_cannot_be_say_why(kind: str, text: str, words: str) -> None:
    with pytest.raises(rdata.BadValueError) as told:
        rdata.from_text(rdata.TYPES[kind], text)
    assert words in str(told.value)


def test_targets_differ_neither_by_case_nor_by_the_dot() -> None:
    assert rdata.from_text(rdata.SRV, "0 0 5061 SIP.contoso.com") == rdata.from_text(
        rdata.SRV, "0 0 5061 sip.contoso.COM."
    )


def test_types_that_are_not_managed_are_shown_all_the_same() -> None:
    caa = dns.rdata.from_text("IN", "CAA", '0 issue "ca.example"').to_wire()
    assert rdata.type_text(257) == "CAA"
    assert rdata.to_text(257, caa) == '0 issue "ca.example"'


def test_types_are_shown_without_the_library_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rdata.library, "MISSING", "not there")
    assert (rdata.type_text(257), rdata.to_text(257, b"\0\1")) == ("TYPE257", "\\# 2 0001")


def test_addresses_are_those_of_the_standard_library() -> None:
    assert rdata.from_text(rdata.AAAA, "2001:DB8::1") == ipaddress.ip_address("2001:db8::1").packed
