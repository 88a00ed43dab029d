# SPDX-License-Identifier: GPL-3.0-or-later
"""What a responder answers, by what is spoken on a port. `identify` is the answer where no other is registered."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import typing as t

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
    """Says at once who is here, then echoes."""

    async def stream(self, meeting: Meeting, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(meeting.line())
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()

    def datagram(self, meeting: Meeting, data: bytes) -> bytes | None:
        # Two responders must not answer each other's answers for ever.
        return None if NOTICE.encode() in data else meeting.line()


IDENTIFY: t.Final[Handler] = Identify()
HANDLERS: t.Final[dict[str, Handler]] = {}


def handler_of(application: str) -> Handler:
    """The handler of what is spoken; of several joined by `+`, the first that has one."""
    return next((HANDLERS[name] for name in application.split("+") if name in HANDLERS), IDENTIFY)
