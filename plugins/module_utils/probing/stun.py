# SPDX-License-Identifier: GPL-3.0-or-later
"""What a STUN server sees us as (RFC 5389): over UDP, or over TCP as media relays are asked. Private."""

from __future__ import annotations

import dataclasses
import os
import socket
import struct
from collections.abc import Iterable, Mapping
from typing import Any

from ..items import Field
from . import outcomes
from .addresses import family_of
from .lines import datagrams
from .model import Answer, Failed, Probe, Protocol, Target
from .session import Session
from .talk import asked, not_spoken, reached
from .udp import exchange, resent

_COOKIE = 0x2112A442
_HEADER = struct.Struct("!HHI12s")
_REQUEST, _SUCCESS, _ERROR = 0x0001, 0x0101, 0x0111
_MAPPED, _XOR_MAPPED, _ERROR_CODE, _SOFTWARE = 0x0001, 0x0020, 0x0009, 0x8022
_IPV4 = 1


@dataclasses.dataclass(frozen=True)
class StunOptions:
    transport: str
    tries: int
    mapped: str | None


async def run(probe: Probe, target: Target, session: Session, deadline: float) -> Answer:
    options: StunOptions = probe.options
    started = session.loop.time()
    question = _HEADER.pack(_REQUEST, 0, _COOKIE, os.urandom(12))
    remark = ""
    if options.transport == "udp":
        with datagrams(probe, target, session, deadline) as line:
            data, tries = await exchange(line, question, target, options.tries)
            remark = resent(tries)
    else:
        line, _facts = await reached(probe, None, target, session, deadline)
        with line:
            data = await asked(line, question, _is_whole, {}, "STUN answer")
    milliseconds = (session.loop.time() - started) * 1000
    facts = _understood(data, question)
    mapped = str(facts.get("mapped", "")).rpartition(":")[0]
    if options.mapped and mapped != options.mapped:
        raise Failed(outcomes.WRONG_ANSWER, f"seen as {mapped or 'nothing'}; expected {options.mapped}", facts)
    return Answer(outcomes.OPEN, milliseconds, remark, facts)


def _is_whole(data: bytes) -> bool:
    if len(data) < _HEADER.size:
        return bool(data) and data[0] > 3  # the first two bits of every STUN message are naught
    return len(data) >= _HEADER.size + int.from_bytes(data[2:4], "big") or data[0] > 3


def _understood(data: bytes, question: bytes) -> dict[str, Any]:
    """What a success says; an error response shows a STUN server too, one that wants to know who asks."""
    if len(data) < _HEADER.size or data[4:20] != question[4:20]:
        raise not_spoken(data, "STUN answer", {})
    kind, length, _cookie, identifier = _HEADER.unpack_from(data)
    if kind not in (_SUCCESS, _ERROR):
        raise not_spoken(data, "STUN answer", {})
    facts: dict[str, Any] = {"kind": "success" if kind == _SUCCESS else "error"}
    for name, value in _attributes(data[_HEADER.size : _HEADER.size + length]):
        if name in (_MAPPED, _XOR_MAPPED) and len(value) >= 8:
            facts["mapped"] = _address(value, identifier, masked=name == _XOR_MAPPED)
        elif name == _ERROR_CODE and len(value) >= 4:
            facts["error"] = (value[2] & 7) * 100 + value[3]
        elif name == _SOFTWARE:
            facts["server"] = value.decode("utf-8", "replace").rstrip("\0 ")
    return facts


def _attributes(data: bytes) -> Iterable[tuple[int, bytes]]:
    place = 0
    while place + 4 <= len(data):
        name, length = struct.unpack_from("!HH", data, place)
        yield name, data[place + 4 : place + 4 + length]
        place += 4 + (length + 3) // 4 * 4


def _address(value: bytes, identifier: bytes, *, masked: bool) -> str:
    port = int.from_bytes(value[2:4], "big")
    raw = value[4:8] if value[1] == _IPV4 else value[4:20]
    if masked:
        port ^= _COOKIE >> 16
        mask = _COOKIE.to_bytes(4, "big") + identifier
        raw = bytes(byte ^ mask[index] for index, byte in enumerate(raw))
    family = socket.AF_INET if value[1] == _IPV4 else socket.AF_INET6
    try:
        return f"{socket.inet_ntop(family, raw)}:{port}"
    except ValueError:
        return ""


def _problems(where: str, item: Mapping[str, Any]) -> Iterable[str]:
    if "mapped" in item and family_of(item["mapped"]) is None:
        yield f"{where}.mapped: expected an IP address, got {item['mapped']!r}"


def _options(item: Mapping[str, Any]) -> StunOptions:
    return StunOptions(item.get("transport", "udp"), item.get("tries", 2), item.get("mapped"))


STUN = Protocol(
    outcomes=outcomes.CONNECTING | {outcomes.NO_ANSWER, outcomes.SILENT, outcomes.BAD_ANSWER, outcomes.WRONG_ANSWER},
    run=run,
    fields={"transport": Field(str, choices=("udp", "tcp")), "tries": Field(int), "mapped": Field(str)},
    problems=_problems,
    options=_options,
)
