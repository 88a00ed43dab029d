# SPDX-License-Identifier: GPL-3.0-or-later
"""How a client begins to speak."""

from __future__ import annotations

import asyncio
import socket


async def first_bytes(connection: socket.socket, most: int) -> bytes:
    """What the client says first, left where it is; nothing when it ends without a word."""
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    loop.add_reader(connection, readable.set)
    try:
        await readable.wait()
    finally:
        loop.remove_reader(connection)
    return connection.recv(most, socket.MSG_PEEK)
