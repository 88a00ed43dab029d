# SPDX-License-Identifier: GPL-3.0-or-later
"""Datagrams sent, and what comes back. Private to the collection.

Silence after a datagram proves nothing: it may have been let through and ignored, or dropped. Only an answer, or an
ICMP message, is proof.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any, Callable

from ..items import Field
from . import outcomes
from .lines import Line, datagrams
from .model import Answer, Failed, Probe, Protocol, Target
from .refusals import failure
from .session import Session

MOST_BYTES = 64 * 1024
_SHOWN_BYTES = 64


@dataclasses.dataclass(frozen=True)
class UdpOptions:
    payload: bytes
    tries: int


async def run(probe: Probe, target: Target, session: Session, deadline: float) -> Answer:
    started = session.loop.time()
    with datagrams(probe, target, session, deadline) as line:
        reply, tries = await exchange(line, probe.options.payload, target, probe.options.tries)
        milliseconds = (session.loop.time() - started) * 1000
    return Answer(outcomes.OPEN, milliseconds, resent(tries), {"reply_bytes": len(reply), "reply": _shown(reply)})


async def exchange(
    line: Line, payload: bytes, target: Target, tries: int, fits: Callable[[bytes], bool] = lambda _data: True
) -> tuple[bytes, int]:
    """The first datagram that fits as an answer, and how often ours was sent, since one may be lost."""
    loop = line.loop
    ends_at = line.deadline
    pause = max(ends_at - loop.time(), 0) / tries
    try:
        for turn in range(1, tries + 1):
            line.deadline = ends_at if turn == tries else loop.time() + pause
            try:
                await line.attempt(line.sock.send, payload, writing=True)
                while True:
                    data = await line.receive(MOST_BYTES)
                    if fits(data):
                        return data, turn
            except TimeoutError:
                continue
    except OSError as error:
        raise failure(error.errno or 0, line.sock, target) from None
    times = "once" if tries == 1 else f"{tries} times"
    raise Failed(outcomes.NO_ANSWER, f"sent {times}, and nothing came back; silence after UDP proves nothing")


def resent(tries: int) -> str:
    return "" if tries == 1 else f"answered when sent {tries} times"


def _shown(reply: bytes) -> str:
    return reply[:_SHOWN_BYTES].decode("ascii", "backslashreplace")


def _problems(where: str, item: Mapping[str, Any]) -> Iterable[str]:
    if ("payload" in item) + ("payload_hex" in item) != 1:
        yield f"{where}: needs either payload or payload_hex: what is sent"
    if "payload_hex" in item:
        try:
            bytes.fromhex(item["payload_hex"])
        except ValueError:
            yield f"{where}.payload_hex: expected pairs of hexadecimal digits, got {item['payload_hex']!r}"


def _options(item: Mapping[str, Any]) -> UdpOptions:
    payload = bytes.fromhex(item["payload_hex"]) if "payload_hex" in item else item["payload"].encode()
    return UdpOptions(payload, item.get("tries", 2))


UDP = Protocol(
    outcomes=outcomes.CONNECTING | {outcomes.NO_ANSWER},
    run=run,
    fields={"payload": Field(str), "payload_hex": Field(str), "tries": Field(int)},
    problems=_problems,
    options=_options,
)
