# SPDX-License-Identifier: GPL-3.0-or-later
"""Sockets that wait for no longer than they may. Private to the collection.

These are plain sockets watched by the loop, without asyncio's transports and without a task and a timeout for each:
half the cost, and the errors of the network arrive as they are.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
import struct
import sys
from types import TracebackType
from typing import Any, Callable

from .model import Probe, Target
from .refusals import failure, want_reasons
from .session import Session

_IP_BIND_ADDRESS_NO_PORT = 24
# A connection that came about and was ended before we looked; what is spoken on it will say so.
_ENDED_AT_ONCE = (errno.EPIPE, errno.ECONNRESET)
_CLOSE_BY_RESET = struct.pack("ii", 1, 0)


class Line:
    """One socket and the time until which it may be waited for, by the clock of the loop."""

    def __init__(self, sock: socket.socket, loop: asyncio.AbstractEventLoop, deadline: float) -> None:
        self.sock = sock
        self.loop = loop
        self.deadline = deadline

    def __enter__(self) -> Line:  # noqa: PYI034 - Self needs Python 3.11
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.sock.close()

    async def attempt(self, call: Callable[..., Any], *arguments: Any, writing: bool = False) -> Any:
        """What a call returns that would block, made whenever the socket is ready; TimeoutError when time is up."""
        while True:
            try:
                return call(*arguments)
            except (BlockingIOError, InterruptedError, ssl.SSLWantReadError):
                ready = await self.ready(writing)
            except ssl.SSLWantWriteError:
                ready = await self.ready(writing=True)
            if not ready:
                raise TimeoutError

    async def ready(self, writing: bool) -> bool:
        """Wait until the socket can be read, or written; False when time is up."""
        loop = self.loop
        waiting = loop.create_future()
        timer = loop.call_at(self.deadline, _settle, waiting, False)
        number = self.sock.fileno()
        try:
            if writing:
                loop.add_writer(number, _settle, waiting, True)
            else:
                loop.add_reader(number, _settle, waiting, True)
            outcome: bool = await waiting
            return outcome
        finally:
            timer.cancel()
            if writing:
                loop.remove_writer(number)
            else:
                loop.remove_reader(number)

    async def send(self, data: bytes) -> None:
        while data:
            data = data[await self.attempt(self.sock.send, data, writing=True) :]

    async def receive(self, most: int) -> bytes:
        """Some bytes; none when the other side has ended."""
        received: bytes = await self.attempt(self.sock.recv, most)
        return received

    async def receive_exactly(self, count: int) -> bytes:
        """That many bytes; EOFError when the other side ends before."""
        data = b""
        while len(data) < count:
            more = await self.receive(count - len(data))
            if not more:
                raise EOFError
            data += more
        return data


def _settle(waiting: asyncio.Future[bool], ready: bool) -> None:
    if not waiting.done():
        waiting.set_result(ready)


async def connect(probe: Probe, target: Target, session: Session, deadline: float) -> Line:
    """A TCP connection; Failed when there is none."""
    line = _open(socket.SOCK_STREAM, probe, target, session, deadline)
    try:
        if probe.source_port:
            # Or the port would rest for a minute, and the next run could not use it.
            line.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _CLOSE_BY_RESET)
        error = line.sock.connect_ex((target.host, target.port))
        if error == errno.EINPROGRESS:
            ready = await line.ready(writing=True)
            error = line.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) if ready else errno.ETIMEDOUT
            if error in _ENDED_AT_ONCE:
                error = 0
        if error:
            raise failure(error, line.sock, target)
    except BaseException:
        line.sock.close()
        raise
    return line


def datagrams(probe: Probe, target: Target, session: Session, deadline: float) -> Line:
    """A UDP socket that hears only the target, and errors about what it sent there."""
    line = _open(socket.SOCK_DGRAM, probe, target, session, deadline)
    error = line.sock.connect_ex((target.host, target.port))
    if error:
        reason = failure(error, line.sock, target)
        line.sock.close()
        raise reason
    return line


def _open(kind: int, probe: Probe, target: Target, session: Session, deadline: float) -> Line:
    sock = None
    try:
        sock = socket.socket(target.family, kind)
        sock.setblocking(False)
        want_reasons(sock, target.family)
        if probe.source_address or probe.source_port:
            _bind(sock, probe, target)
    except OSError as error:
        if sock is None:
            raise
        reason = failure(error.errno or 0, sock, target)
        sock.close()
        raise reason from None
    return Line(sock, session.loop, deadline)


def _bind(sock: socket.socket, probe: Probe, target: Target) -> None:
    anywhere = "::" if target.family == socket.AF_INET6 else "0.0.0.0"  # noqa: S104 - the source of a client
    if probe.source_port:
        # Several probes may leave from one port to different targets.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    elif sys.platform == "linux":
        # Lets the kernel choose the port when the target is known, so that one port serves many targets.
        sock.setsockopt(socket.IPPROTO_IP, _IP_BIND_ADDRESS_NO_PORT, 1)
    sock.bind((probe.source_address or anywhere, probe.source_port or 0))
