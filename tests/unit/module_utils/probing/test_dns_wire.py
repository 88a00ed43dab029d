# SPDX-License-Identifier: GPL-3.0-or-later
"""Our reading of DNS messages beside dnspython's, and of bytes that are none."""

from __future__ import annotations

import contextlib
import ipaddress
import socket

import dns.flags
import dns.message
import dns.rdatatype
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.openuc.ocs.plugins.module_utils.probing import dns_wire

LABEL = st.from_regex(r"[a-z0-9_]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)
NAME = st.lists(LABEL, min_size=1, max_size=6).map(".".join)
NUMBER = st.integers(0, 0xFFFF)
VALUES = {
    "A": st.ip_addresses(v=4).map(str),
    "AAAA": st.ip_addresses(v=6).map(str),
    "CNAME": NAME.map("{}.".format),
    "NS": NAME.map("{}.".format),
    "PTR": NAME.map("{}.".format),
    "MX": st.tuples(NUMBER, NAME).map(lambda value: "{} {}.".format(*value)),
    "SRV": st.tuples(NUMBER, NUMBER, NUMBER, NAME).map(lambda value: "{} {} {} {}.".format(*value)),
    "SOA": st.tuples(NAME, NAME, NUMBER).map(lambda value: "{}. {}. {} 1 2 3 4".format(*value)),
}
RECORD = st.sampled_from(sorted(VALUES)).flatmap(lambda kind: st.tuples(NAME, st.just(kind), VALUES[kind]))


def same_address(text: str) -> str:
    """An address of IPv6 as the system writes it: Python writes mapped ones otherwise."""
    return socket.inet_ntop(socket.AF_INET6, ipaddress.IPv6Address(text).packed)


@given(name=NAME, kind=st.sampled_from(sorted(dns_wire.TYPES)), identifier=NUMBER)
def test_questions_are_those_that_dnspython_reads(name: str, kind: str, identifier: int) -> None:
    message = dns.message.from_wire(dns_wire.query(identifier, name, kind))
    assert message.id == identifier
    assert message.flags == dns.flags.RD
    assert [question.to_text() for question in message.question] == [f"{name}. IN {kind}"]


@given(records=st.lists(RECORD, max_size=8), name=NAME)
def test_answers_are_read_as_dnspython_wrote_them(records: list[tuple[str, str, str]], name: str) -> None:
    reply = dns.message.make_response(dns.message.make_query(name, "A"))
    for owner, kind, value in records:
        reply.answer.append(dns.rrset.from_text(f"{owner}.", 60, "IN", kind, value))
    read = dns_wire.parse(reply.to_wire(max_size=65535))
    expected = [
        (owner, kind, same_address(value) if kind == "AAAA" else value.replace(". ", " ").removesuffix("."))
        for owner, kind, value in records
    ]
    assert [(record.name, record.type, record.value) for record in read.records] == expected
    assert read.question == (name, "A")
    assert read.is_answer
    assert not read.truncated


def test_unknown_types_are_shown_in_hexadecimal() -> None:
    reply = dns.message.make_response(dns.message.make_query("a.test", "A"))
    reply.answer.append(dns.rrset.from_text("a.test.", 60, "IN", "TYPE65280", r"\# 2 beef"))
    assert dns_wire.parse(reply.to_wire()).records == (dns_wire.Record("a.test", "TYPE65280", 60, "beef"),)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_a_bad_one(data: bytes) -> None:
    with contextlib.suppress(dns_wire.BadMessageError):
        dns_wire.parse(data)


@given(st.data())
def test_a_damaged_answer_is_a_message_or_a_bad_one(data: st.DataObject) -> None:
    reply = dns.message.make_response(dns.message.make_query("a.test", "SRV"))
    reply.answer.append(dns.rrset.from_text("a.test.", 60, "IN", "SRV", "1 2 3 b.test."))
    wire = bytearray(reply.to_wire())
    wire[data.draw(st.integers(0, len(wire) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(dns_wire.BadMessageError):
        dns_wire.parse(bytes(wire))


def test_a_name_that_points_at_itself_ends() -> None:
    header = b"\0\0\x80\0\0\1\0\0\0\0\0\0"
    with pytest.raises(dns_wire.BadMessageError, match="never ends"):
        dns_wire.parse(header + b"\xc0\x0c\0\1\0\1")
