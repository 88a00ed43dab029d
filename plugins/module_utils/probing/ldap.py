# SPDX-License-Identifier: GPL-3.0-or-later
"""What a directory says of itself to anybody: its root (RFC 4512). Private to the collection."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from . import outcomes
from .model import Answer, Failed, Probe, Protocol, Target
from .session import Session
from .talk import OUTCOMES, asked, not_spoken, reached

SEQUENCE, INTEGER, OCTETS, BOOLEAN, ENUMERATED = 0x30, 0x02, 0x04, 0x01, 0x0A
SEARCH, ENTRY, DONE, PRESENT = 0x63, 0x64, 0x65, 0x87
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
            part(OCTETS, b""),
            part(ENUMERATED, b"\0"),
            part(ENUMERATED, b"\0"),
            part(INTEGER, b"\0"),
            part(INTEGER, b"\0"),
            part(BOOLEAN, b"\0"),
            part(PRESENT, b"objectClass"),
            part(SEQUENCE, b"".join(part(OCTETS, name.encode()) for name in _ASKED)),
        )
    )
    return part(SEQUENCE, part(INTEGER, b"\1") + part(SEARCH, whole))


def part(tag: int, content: bytes) -> bytes:
    length = len(content)
    if length < 0x80:
        return bytes((tag, length)) + content
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(size))) + size + content


def parts_of(data: bytes) -> Iterator[tuple[int, bytes]]:
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


def messages_of(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Kind and content of each message."""
    for tag, message in parts_of(data):
        parts = list(parts_of(message))
        if tag == SEQUENCE and len(parts) >= 2:
            yield parts[1]


def _is_whole(data: bytes) -> bool:
    return bool(data) and (data[0] != SEQUENCE or any(kind != ENTRY for kind, _content in messages_of(data)))


def _understood(data: bytes) -> dict[str, Any]:
    if data[0] != SEQUENCE:
        raise not_spoken(data, "LDAP answer", {})
    facts: dict[str, Any] = {}
    for kind, content in messages_of(data):
        parts = list(parts_of(content))
        if kind == ENTRY and len(parts) > 1:
            facts.update(attributes_of(parts[1][1]))
        elif kind == DONE and parts:
            facts["result"] = int.from_bytes(parts[0][1], "big")
            if facts["result"]:
                raise Failed(outcomes.BAD_ANSWER, f"the directory answers with code {facts['result']}", facts)
    return facts


def attributes_of(data: bytes) -> Mapping[str, str]:
    found = {}
    for _tag, attribute in parts_of(data):
        parts = list(parts_of(attribute))
        values = [value.decode("utf-8", "replace") for _kind, value in parts_of(parts[1][1])] if len(parts) > 1 else []
        found[parts[0][1].decode("utf-8", "replace")] = ", ".join(values)
    return found


LDAP = Protocol(outcomes=OUTCOMES - outcomes.CERTIFICATE | {outcomes.SILENT}, run=run, port=None)
