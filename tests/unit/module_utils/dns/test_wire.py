# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages taken apart and put together, against another library."""

from __future__ import annotations

import contextlib

import dns.message
import dns.name
import dns.opcode
import dns.rdata
import dns.rdatatype
import dns.rrset
import dns.update
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.openuc.ocs.plugins.module_utils.dns import names, rdata, wire
from ansible_collections.openuc.ocs.plugins.module_utils.dns.errors import TruncatedError

from .test_rdata import HOSTS, VALUES

RECORDS = st.lists(st.tuples(HOSTS, st.integers(0, 2**31 - 1), VALUES), max_size=30)


def answer_of(records: list[tuple[str, int, tuple[str, str]]]) -> dns.message.Message:
    message = dns.message.make_response(dns.message.make_query("contoso.com", "AXFR"))
    for name, ttl, (kind, text) in records:
        message.answer.append(dns.rrset.from_text(name, ttl, "IN", kind, text))
    return message


@given(RECORDS)
def test_answers_with_compressed_names_are_read_as_another_library_wrote_them(
    records: list[tuple[str, int, tuple[str, str]]],
) -> None:
    read = wire.Reader(answer_of(records).to_wire(max_size=65535)).message()
    assert read.answers == [
        (names.from_text(name), rdata.TYPES[kind], wire.IN, ttl, rdata.from_text(rdata.TYPES[kind], text))
        for name, ttl, (kind, text) in records
    ]


@given(RECORDS.filter(bool), st.data())
def test_a_message_that_is_cut_anywhere_says_so(
    records: list[tuple[str, int, tuple[str, str]]], data: st.DataObject
) -> None:
    whole = answer_of(records).to_wire(max_size=65535)
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(TruncatedError):
        wire.Reader(whole[:cut]).message()


@given(st.binary(max_size=200))
def test_no_octets_whatever_make_it_fall_over(octets: bytes) -> None:
    with contextlib.suppress(TruncatedError):
        assert wire.Reader(octets).message().header == wire.header_of(octets)


def test_a_name_that_points_at_itself_is_no_name() -> None:
    looping = wire.HEADER.pack(1, 0x8000, 0, 1, 0, 0) + b"\xc0\x0c" + bytes(10)
    with pytest.raises(TruncatedError):
        wire.Reader(looping).message()


@given(RECORDS.filter(bool))
def test_updates_are_read_by_another_library_as_they_were_meant(
    records: list[tuple[str, int, tuple[str, str]]],
) -> None:
    zone = "zone.example"
    writer = wire.Writer(names.from_text(zone))
    owners = [(names.from_text(f"{name}{zone}"), rdata.TYPES[kind], ttl, text) for name, ttl, (kind, text) in records]
    for owner, code, _ttl, _text in owners:
        writer.require(owner, code, wire.NONE)
    for owner, code, ttl, text in owners:
        writer.update(owner, code, wire.IN, ttl, rdata.from_text(code, text))
    made = writer.wire(77)
    assert len(made) == len(writer)
    read = dns.message.from_wire(made, one_rr_per_rrset=True)
    assert isinstance(read, dns.update.UpdateMessage)
    assert (read.id, read.opcode(), read.zone[0].name.to_text()) == (77, dns.opcode.UPDATE, "zone.example.")
    assert [(rrset.name.to_text(), rrset.ttl, rrset[0].to_text()) for rrset in read.update] == [
        (f"{name}{zone}.", ttl, dns.rdata.from_text("IN", kind, text).to_text()) for name, ttl, (kind, text) in records
    ]
    assert [rrset.rdtype.name for rrset in read.prerequisite] == [kind for _name, _ttl, (kind, _text) in records]


def test_that_a_name_is_unused_is_asked_once() -> None:
    writer = wire.Writer(names.from_text("contoso.com"))
    for _time in range(2):
        writer.require_unused(names.from_text("sip.contoso.com"))
    read = dns.message.from_wire(writer.wire(1))
    assert isinstance(read, dns.update.UpdateMessage)
    assert [rrset.name.to_text() for rrset in read.prerequisite] == ["sip.contoso.com."]


def test_names_far_into_a_message_are_not_pointed_at() -> None:
    writer = wire.Writer(names.from_text("contoso.com"))
    listed = [f"host{number}.contoso.com" for number in range(1500)]
    for _time in range(2):
        for name in listed:
            writer.update(names.from_text(name), rdata.A, wire.IN, 60, bytes(4))
    read = dns.message.from_wire(writer.wire(1), one_rr_per_rrset=True)
    assert isinstance(read, dns.update.UpdateMessage)
    assert [rrset.name.to_text(omit_final_dot=True) for rrset in read.update] == listed * 2


def test_numbers_of_a_soa() -> None:
    text = "ns1.contoso.com. hostmaster.contoso.com. 4294967295 3600 600 86400 300"
    soa = dns.rdata.from_text("IN", "SOA", text).to_wire()
    assert (wire.serial_of(soa), wire.lowest_ttl(soa)) == (4294967295, 300)
