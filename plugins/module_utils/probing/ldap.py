# SPDX-License-Identifier: GPL-3.0-or-later
"""What a directory says of itself to anybody: its root (RFC 4512). Private to the collection."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from . import outcomes
from .model import Answer, Failed, Probe, Protocol, Target
from .session import Session
from .talk import OUTCOMES, asked, not_spoken, reached

_SEQUENCE, _SET, _INTEGER, _OCTETS, _BOOLEAN, _ENUMERATED = 0x30, 0x31, 0x02, 0x04, 0x01, 0x0A
_SEARCH, _ENTRY, _DONE, _PRESENT = 0x63, 0x64, 0x65, 0x87
_ASKED = ("defaultNamingContext", "dnsHostName", "schemaNamingContext", "isGlobalCatalogReady", "isSynchronized")


async def run(probe: Probe, target: Target, session: Session, deadline: float) -> Answer:
    started = session.loop.time()
    line, _none = await reached(probe, None, target, session, deadline)
    with line:
        data = await asked(line, question(), _is_whole, {}, "LDAP answer")
        milliseconds = (session.loop.time() - started) * 1000
    facts = _understood(data)
    return Answer(outcomes.OPEN, milliseconds, "", facts)


def question() -> bytes:
    """A search of the root alone for what it says of itself."""
    whole = b"".join(
        (
            _part(_OCTETS, b""),
            _part(_ENUMERATED, b"\0"),
            _part(_ENUMERATED, b"\0"),
            _part(_INTEGER, b"\0"),
            _part(_INTEGER, b"\0"),
            _part(_BOOLEAN, b"\0"),
            _part(_PRESENT, b"objectClass"),
            _part(_SEQUENCE, b"".join(_part(_OCTETS, name.encode()) for name in _ASKED)),
        )
    )
    return _part(_SEQUENCE, _part(_INTEGER, b"\1") + _part(_SEARCH, whole))


def _part(tag: int, content: bytes) -> bytes:
    length = len(content)
    if length < 0x80:
        return bytes((tag, length)) + content
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(size))) + size + content


def _parts(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The elements of a stretch of BER; what is cut short ends it."""
    place = 0
    while place + 2 <= len(data):
        tag, length, place = data[place], data[place + 1], place + 2
        if length & 0x80:
            count = length & 0x7F
            length = int.from_bytes(data[place : place + count], "big")
            place += count
        if place + length > len(data):
            return
        yield tag, data[place : place + length]
        place += length


def _messages(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Kind and content of each message."""
    for tag, message in _parts(data):
        parts = list(_parts(message))
        if tag == _SEQUENCE and len(parts) >= 2:
            yield parts[1]


def _is_whole(data: bytes) -> bool:
    return bool(data) and (data[0] != _SEQUENCE or any(kind != _ENTRY for kind, _content in _messages(data)))


def _understood(data: bytes) -> dict[str, Any]:
    if data[0] != _SEQUENCE:
        raise not_spoken(data, "LDAP answer", {})
    facts: dict[str, Any] = {}
    for kind, content in _messages(data):
        parts = list(_parts(content))
        if kind == _ENTRY and len(parts) > 1:
            facts.update(_attributes(parts[1][1]))
        elif kind == _DONE and parts:
            facts["result"] = int.from_bytes(parts[0][1], "big")
            if facts["result"]:
                raise Failed(outcomes.BAD_ANSWER, f"the directory answers with code {facts['result']}", facts)
    return facts


def _attributes(data: bytes) -> Mapping[str, str]:
    found = {}
    for _tag, attribute in _parts(data):
        parts = list(_parts(attribute))
        values = [value.decode("utf-8", "replace") for _kind, value in _parts(parts[1][1])] if len(parts) > 1 else []
        found[parts[0][1].decode("utf-8", "replace")] = ", ".join(values)
    return found


LDAP = Protocol(outcomes=OUTCOMES - outcomes.CERTIFICATE | {outcomes.SILENT}, run=run, port=None)
