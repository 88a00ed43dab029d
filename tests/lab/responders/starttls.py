# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS that begins on a connection on which is spoken already, as XMPP has it (RFC 6120, section 5)."""

from __future__ import annotations

import asyncio
import socket

from tests.lab.responders import answers
from tests.lab.responders.beginnings import first_bytes

SECONDS_TO_SPEAK_FIRST = 1.0
_LONGEST = 65536
_OPENINGS = (b"<?xml", b"<stream:stream")
_LONGEST_OPENING = max(map(len, _OPENINGS))
_OFFER = b"<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls></stream:features>"
_PROCEED = b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"


async def is_wanted(connection: socket.socket) -> bool:
    """Offer TLS to who opens a stream; false, with nothing read, for who speaks something else or nothing."""
    try:
        first = await asyncio.wait_for(first_bytes(connection, _LONGEST_OPENING), SECONDS_TO_SPEAK_FIRST)
    except TimeoutError:
        return False
    if not first.startswith(_OPENINGS):
        return False
    loop = asyncio.get_running_loop()
    said = await loop.sock_recv(connection, _LONGEST)
    await loop.sock_sendall(connection, (answers.to_stream(said, b"") or b"") + _OFFER)
    asked = b""
    while b"<starttls" not in asked and len(asked) < _LONGEST:
        more = await loop.sock_recv(connection, _LONGEST)
        if not more:
            return True  # whoever only wanted to see a stream opened is gone, and begins no handshake
        asked += more
    await loop.sock_sendall(connection, _PROCEED)
    return True
