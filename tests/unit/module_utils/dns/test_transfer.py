# SPDX-License-Identifier: GPL-3.0-or-later
"""Transfers that are not what they should be."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.openuc.ocs.plugins.module_utils.dns import names, rdata, transfer, wire
from ansible_collections.openuc.ocs.plugins.module_utils.dns.errors import (
    ChangedError,
    DnsError,
    RefusedError,
    TruncatedError,
    UnreachableError,
)

ZONE = names.from_text("contoso.com")


def soa(serial: int, owner: bytes = ZONE) -> wire.Record:
    return owner, rdata.SOA, wire.IN, 60, b"\0\0" + serial.to_bytes(4, "big") + bytes(16)


def address(name: str, *octets: int) -> wire.Record:
    return names.from_text(name), rdata.A, wire.IN, 60, bytes(octets)


class Connection:
    """Answers a transfer with given messages; an error among them is raised."""

    key_name = "openuc"

    def __init__(self, *messages: list[wire.Record] | DnsError) -> None:
        self.messages, self.finished = messages, False

    def number(self) -> int:
        return 1

    def transfer(self, _question: bytes) -> t.Iterator[wire.Message]:
        for each in self.messages:
            if isinstance(each, DnsError):
                raise each
            yield wire.Message(b"", wire.Header(1, 0x8400, 1, len(each), 0, 0), each, [], None)

    def finish(self) -> None:
        self.finished = True


def read(*messages: list[wire.Record] | DnsError) -> transfer.Live:
    connection = Connection(*messages)
    live = transfer.transfer(t.cast("t.Any", connection), ZONE)
    assert connection.finished
    return live


def test_a_zone_of_several_messages() -> None:
    first = [soa(7), address("a.contoso.com", 10, 0, 0, 2)]
    second = [address("a.contoso.com", 10, 0, 0, 1), address("b.contoso.com", 10, 0, 0, 3), soa(7)]
    live = read(first, second)
    assert live.serial == 7
    assert live.records == {
        (names.from_text("a.contoso.com"), rdata.A): (60, (b"\n\0\0\1", b"\n\0\0\2")),
        (names.from_text("b.contoso.com"), rdata.A): (60, (b"\n\0\0\3",)),
    }


@pytest.mark.parametrize(
    ("messages", "error", "words"),
    [
        ([[]], RefusedError, "the server does no transfers"),
        ([[address("a.contoso.com", 10, 0, 0, 1)]], TruncatedError, "does not begin with the zone's SOA"),
        ([[soa(7, names.from_text("fabrikam.com"))]], TruncatedError, "is of another zone"),
        ([[soa(7)], [soa(8)]], ChangedError, "the zone changed while it was transferred"),
        ([[soa(7), address("a.contoso.com", 10, 0, 0, 1)], []], TruncatedError, "ended after 1 records"),
        ([[soa(7)]], TruncatedError, "ended after 0 records without the closing SOA"),
        ([UnreachableError("silent", "wait")], UnreachableError, "silent"),
        ([[soa(7)], UnreachableError("silent", "wait")], TruncatedError, "was cut off after 0 records: silent"),
    ],
)
def test_what_is_no_whole_zone_says_so(messages: list[t.Any], error: type[DnsError], words: str) -> None:
    with pytest.raises(error, match=words):
        read(*messages)
