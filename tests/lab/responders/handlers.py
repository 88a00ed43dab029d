# SPDX-License-Identifier: GPL-3.0-or-later
"""What a responder answers, by what is spoken on a port. `identify` is the answer where no other is registered."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import typing as t

from tests.lab.responders import answers

# Clients of SIP, XMPP and HTTP speak first; others wait to be told.
SECONDS_TO_SPEAK_FIRST = 1.0
NOTICE = "openuc.ocs lab responder: test equipment, no UC server"


@dataclasses.dataclass(frozen=True)
class Meeting:
    """Who is reached, as what, and by whom, as seen here."""

    notice: str
    host: str
    address: str
    port: int
    protocol: str
    transport: str
    application: str
    peer_address: str
    peer_port: int
    certificate_sha256: str | None = None
    client_certificate_sha256: str | None = None

    def line(self) -> bytes:
        return json.dumps(dataclasses.asdict(self)).encode() + b"\n"


class Handler(t.Protocol):
    async def stream(self, meeting: Meeting, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hold a connection until the client closes it. Returning closes it from here."""

    def datagram(self, meeting: Meeting, data: bytes) -> bytes | None:
        """The answer to a datagram, or none."""


class Identify:
    """Answers those who speak first in a way that is known here; tells all others who is here, then echoes."""

    async def stream(self, meeting: Meeting, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = b""
        with contextlib.suppress(TimeoutError, asyncio.TimeoutError):
            first = await asyncio.wait_for(reader.read(65536), SECONDS_TO_SPEAK_FIRST)
        peer = (meeting.peer_address, meeting.peer_port)
        answer = answers.to_binding(first, peer) or answers.to_stream(first, meeting.line())
        writer.write(meeting.line() + first if answer is None else answer)
        await writer.drain()
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()

    def datagram(self, meeting: Meeting, data: bytes) -> bytes | None:
        bound = answers.to_binding(data, (meeting.peer_address, meeting.peer_port))
        if bound is not None:
            return bound
        # Two responders must not answer each other's answers for ever.
        return None if NOTICE.encode() in data else meeting.line()


IDENTIFY: t.Final[Handler] = Identify()
HANDLERS: t.Final[dict[str, Handler]] = {}


def handler_of(application: str) -> Handler:
    """The handler of what is spoken; of several joined by `+`, the first that has one."""
    return next((HANDLERS[name] for name in application.split("+") if name in HANDLERS), IDENTIFY)
