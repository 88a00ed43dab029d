# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions and answers of DNS as bytes. Private to the collection.

A probe asks one question and shows a handful of types. That is little enough to have here, so that a vantage point
needs no DNS library and a run does not pay for loading one; the tests compare it with dnspython.
"""

from __future__ import annotations

import dataclasses
import socket
import struct
from collections.abc import Mapping
from typing import Callable

DNS_PORT = 53
TYPES: Mapping[str, int] = {
    "A": 1,
    "NS": 2,
    "CNAME": 5,
    "SOA": 6,
    "PTR": 12,
    "MX": 15,
    "TXT": 16,
    "AAAA": 28,
    "SRV": 33,
}
_TYPE_NAMES = {number: name for name, number in TYPES.items()}
_CODES = {0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED", 9: "NOTAUTH"}
_INTERNET = 1
_RECURSION_DESIRED = 0x0100
_HEADER = struct.Struct("!HHHHHH")
_RECORD = struct.Struct("!HHIH")
_MOST_JUMPS = 64


class BadMessageError(ValueError):
    """Bytes that are no message of DNS."""


@dataclasses.dataclass(frozen=True)
class Record:
    name: str
    type: str
    ttl: int
    value: str


@dataclasses.dataclass(frozen=True)
class Message:
    """An answer; names are in lower case and without the last dot."""

    identifier: int
    is_answer: bool
    authoritative: bool
    truncated: bool
    code: str
    question: tuple[str, str]
    records: tuple[Record, ...]


def canonical(name: str) -> str:
    return name.lower().rstrip(".")


def query(identifier: int, name: str, kind: str) -> bytes:
    """One question, recursion wished for."""
    labels = [label.encode("ascii") for label in name.rstrip(".").split(".") if label]
    encoded = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    header = _HEADER.pack(identifier, _RECURSION_DESIRED, 1, 0, 0, 0)
    return header + encoded + struct.pack("!HH", TYPES[kind], _INTERNET)


def parse(data: bytes) -> Message:
    """The header, question and answer section of a message; BadMessageError when it is none."""
    try:
        return _parse(data)
    except (struct.error, IndexError, OSError) as error:
        raise BadMessageError(f"ends in the middle ({error})") from None


def _parse(data: bytes) -> Message:
    identifier, flags, questions, answers, _authority, _additional = _HEADER.unpack_from(data)
    position = _HEADER.size
    question = ("", "")
    for _question in range(questions):
        name, position = _name(data, position)
        kind, _class = struct.unpack_from("!HH", data, position)
        question = (name, _TYPE_NAMES.get(kind, f"TYPE{kind}"))
        position += 4
    records = []
    for _answer in range(answers):
        name, position = _name(data, position)
        kind, _class, ttl, length = _RECORD.unpack_from(data, position)
        position += _RECORD.size
        if position + length > len(data):
            raise BadMessageError("a record is longer than the message")
        kind_name = _TYPE_NAMES.get(kind, f"TYPE{kind}")
        show = _VALUES.get(kind_name, _hex)
        records.append(Record(name, kind_name, ttl, show(data, position, position + length)))
        position += length
    return Message(
        identifier,
        bool(flags & 0x8000),
        bool(flags & 0x0400),
        bool(flags & 0x0200),
        _CODES.get(flags & 0xF, f"RCODE{flags & 0xF}"),
        question,
        tuple(records),
    )


def _name(data: bytes, position: int) -> tuple[str, int]:
    """A name and the position behind it, following compression, which may be a loop."""
    labels: list[str] = []
    behind = -1
    for _step in range(_MOST_JUMPS * 2):
        length = data[position]
        if length & 0xC0 == 0xC0:
            behind = position + 2 if behind < 0 else behind
            position = struct.unpack_from("!H", data, position)[0] & 0x3FFF
        elif length & 0xC0:
            raise BadMessageError(f"a label of an unknown kind ({length:#x})")
        elif length:
            label = data[position + 1 : position + 1 + length]
            if len(label) < length:
                raise BadMessageError("a label ends in the middle")
            labels.append(label.decode("ascii", "backslashreplace").lower())
            position += 1 + length
        else:
            return ".".join(labels), position + 1 if behind < 0 else behind
    raise BadMessageError("a name never ends")


def _hex(data: bytes, start: int, end: int) -> str:
    return data[start:end].hex()


def _address(family: int) -> Callable[[bytes, int, int], str]:
    def show(data: bytes, start: int, end: int) -> str:
        try:
            return socket.inet_ntop(family, data[start:end])
        except ValueError:
            raise BadMessageError(f"an address of {end - start} bytes") from None

    return show


def _target(data: bytes, start: int, _end: int) -> str:
    return _name(data, start)[0]


def _srv(data: bytes, start: int, _end: int) -> str:
    priority, weight, port = struct.unpack_from("!HHH", data, start)
    return f"{priority} {weight} {port} {_name(data, start + 6)[0]}"


def _mx(data: bytes, start: int, _end: int) -> str:
    return f"{struct.unpack_from('!H', data, start)[0]} {_name(data, start + 2)[0]}"


def _soa(data: bytes, start: int, _end: int) -> str:
    primary, position = _name(data, start)
    contact, position = _name(data, position)
    return " ".join([primary, contact, *map(str, struct.unpack_from("!IIIII", data, position))])


def _txt(data: bytes, start: int, end: int) -> str:
    text = b""
    while start < end:
        text += data[start + 1 : min(start + 1 + data[start], end)]
        start += 1 + data[start]
    return text.decode("utf-8", "backslashreplace")


_VALUES: Mapping[str, Callable[[bytes, int, int], str]] = {
    "A": _address(socket.AF_INET),
    "AAAA": _address(socket.AF_INET6),
    "NS": _target,
    "CNAME": _target,
    "PTR": _target,
    "SRV": _srv,
    "MX": _mx,
    "SOA": _soa,
    "TXT": _txt,
}
