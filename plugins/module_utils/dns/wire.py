# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages of the DNS, taken apart and put together without an object per record. Private to the collection."""

from __future__ import annotations

import dataclasses
import struct
from typing import Callable

from .errors import TruncatedError
from .rdata import CNAME, DNAME, MX, NS, PTR, SOA, SRV

HEADER = struct.Struct("!6H")
_FIXED = struct.Struct("!HHIH")
QUESTION_TAIL = struct.Struct("!HH")
IN, NONE, ANY_CLASS, TSIG, AXFR, ANY = 1, 254, 255, 250, 252, 255
UPDATE = 5
_POINTER = 0xC0

REMEDY_BROKEN = "Look at the server's log, and for a device between that meddles with DNS over TCP; then run again"


@dataclasses.dataclass(frozen=True)
class Header:
    id: int
    flags: int
    questions: int
    answers: int
    authority: int
    additional: int

    @property
    def code(self) -> int:
        return self.flags & 0xF

    @property
    def authoritative(self) -> bool:
        return bool(self.flags & 0x0400)


# Owner, type, class, time to live, value; names in lower case and uncompressed.
Record = tuple[bytes, int, int, int, bytes]


@dataclasses.dataclass(frozen=True)
class Message:
    """An answer. `signature` is where its TSIG begins, with the owner and the value of that."""

    wire: bytes
    header: Header
    answers: list[Record]
    authority: list[Record]
    signature: tuple[int, bytes, bytes] | None


def header_of(wire: bytes) -> Header:
    if len(wire) < HEADER.size:
        raise TruncatedError(f"a message of {len(wire)} octets is none", REMEDY_BROKEN)
    return Header(*HEADER.unpack_from(wire))


class Reader:
    """Takes messages apart; what it learned of names in one message serves only there."""

    def __init__(self, wire: bytes) -> None:
        self._wire = wire
        self._names: dict[int, tuple[bytes, int]] = {}

    def message(self) -> Message:
        wire = self._wire
        header = header_of(wire)
        try:
            position = HEADER.size
            for _question in range(header.questions):
                position = self.name(position)[1] + QUESTION_TAIL.size
            answers, position = self._records(position, header.answers)
            authority, position = self._records(position, header.authority)
            signature = None
            for _record in range(header.additional):
                begin = position
                (record,), position = self._records(position, 1)
                signature = (begin, record[0], record[4]) if record[1] == TSIG else None
        except (IndexError, struct.error):
            raise TruncatedError("a message ends in the middle of a record", REMEDY_BROKEN) from None
        return Message(wire, header, answers, authority, signature)

    def _records(self, position: int, count: int) -> tuple[list[Record], int]:
        wire, fixed, name_at = self._wire, _FIXED.unpack_from, self.name
        found: list[Record] = []
        for _record in range(count):
            owner, position = name_at(position)
            kind, class_, ttl, length = fixed(wire, position)
            position += 10
            end = position + length
            if end > len(wire):
                raise IndexError
            expand = _WITH_NAMES.get(kind)
            value = expand(self, position, end) if expand and length else wire[position:end]
            found.append((owner, kind, class_, ttl, value))
            position = end
        return found, position

    def name(self, position: int) -> tuple[bytes, int]:
        """The name at a place, and where it ends there."""
        known = self._names.get(position)
        if known:
            return known
        wire = self._wire
        here = position
        length = wire[here]
        while length and length < _POINTER:
            here += 1 + length
            length = wire[here]
        start = wire[position:here].lower()
        if not length:
            found = start + b"\0", here + 1
        else:
            target = ((length & 0x3F) << 8) | wire[here + 1]
            if target >= position:
                raise IndexError
            found = start + self.name(target)[0], here + 2
        self._names[position] = found
        return found


def _expand(prefix: int) -> Callable[[Reader, int, int], bytes]:
    def expand(reader: Reader, position: int, end: int) -> bytes:
        name, after = reader.name(position + prefix)
        if after > end:
            raise IndexError
        return reader._wire[position : position + prefix] + name  # noqa: SLF001 - of the same module

    return expand


def _expand_soa(reader: Reader, position: int, end: int) -> bytes:
    primary, after = reader.name(position)
    mailbox, after = reader.name(after)
    return primary + mailbox + reader._wire[after:end]  # noqa: SLF001 - of the same module


_WITH_NAMES: dict[int, Callable[[Reader, int, int], bytes]] = {
    CNAME: _expand(0),
    DNAME: _expand(0),
    MX: _expand(2),
    NS: _expand(0),
    PTR: _expand(0),
    SOA: _expand_soa,
    SRV: _expand(6),
}


def question(number: int, name: bytes, kind: int, recurse: bool = False) -> bytes:
    flags = 0x0100 if recurse else 0
    return HEADER.pack(number, flags, 1, 0, 0, 0) + name + QUESTION_TAIL.pack(kind, IN)


def serial_of(soa: bytes) -> int:
    """The serial number of a SOA's value, which ends with five numbers."""
    return int.from_bytes(soa[-20:-16], "big")


def lowest_ttl(soa: bytes) -> int:
    return int.from_bytes(soa[-4:], "big")


class Writer:
    """An UPDATE for one zone, whose names are written once and pointed at afterwards."""

    # Of 65,535 octets of a message over TCP, less room for a signature.
    MOST = 64_000

    def __init__(self, zone: bytes) -> None:
        self._zone = zone
        self._places: dict[bytes, int] = {zone: HEADER.size}
        self._body = bytearray(zone + QUESTION_TAIL.pack(SOA, IN))
        self._counts = [0, 0]
        self._unused: set[bytes] = set()

    def __len__(self) -> int:
        return HEADER.size + len(self._body)

    def require(self, owner: bytes, kind: int, class_: int, value: bytes = b"") -> None:
        """A prerequisite. All of them come before the first update."""
        self._add(0, owner, kind, class_, 0, value)

    def require_unused(self, owner: bytes) -> None:
        """That a name has no records at all; said once however often it is asked for."""
        if owner not in self._unused:
            self._unused.add(owner)
            self.require(owner, ANY, NONE)

    def update(self, owner: bytes, kind: int, class_: int, ttl: int, value: bytes) -> None:
        self._add(1, owner, kind, class_, ttl, value)

    def _add(self, section: int, owner: bytes, kind: int, class_: int, ttl: int, value: bytes) -> None:
        self._counts[section] += 1
        self._body += self._written(owner)
        self._body += _FIXED.pack(kind, class_, ttl, len(value))
        self._body += value

    def _written(self, owner: bytes) -> bytes:
        place = self._places.get(owner)
        if place is not None:
            return bytes((_POINTER | place >> 8, place & 0xFF))
        here = len(self)
        if here < 0x4000:
            self._places[owner] = here
        return owner[: -len(self._zone)] + b"\xc0\x0c" if self._zone != b"\0" else owner

    def wire(self, number: int) -> bytes:
        return HEADER.pack(number, UPDATE << 11, 1, *self._counts, 0) + bytes(self._body)
