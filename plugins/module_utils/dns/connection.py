# SPDX-License-Identifier: GPL-3.0-or-later
"""A TCP connection to a DNS server, of IPv4 or IPv6. Private to the collection."""

from __future__ import annotations

import itertools
import random
import socket
import struct
import time
from collections.abc import Iterator, Sequence

from . import gss
from .errors import TruncatedError, UnreachableError
from .signing import Key, Session
from .wire import REMEDY_BROKEN, Message, Reader

_AT_ONCE = 100
_LENGTH = struct.Struct("!H")


class Connection:
    """Messages of a server, signed and checked."""

    def __init__(
        self, address: str, port: int, key: Key | gss.Account | None, timeout: float, clock: object = time.time
    ) -> None:
        self._address, self._port, self._timeout = address, port, timeout
        self._key, self._clock = key, clock
        self._agreed: Session | None = None
        self._socket: socket.socket | None = None
        self._received = b""
        self._numbers = itertools.count(random.randrange(0x10000))  # noqa: S311 - guessing it gains nothing over TCP

    @property
    def key_name(self) -> str:
        return self._key.name if self._key else ""

    def number(self) -> int:
        return next(self._numbers) & 0xFFFF

    @property
    def _session(self) -> Session:
        """With an account, a key is agreed upon first; it outlives the connection."""
        if self._agreed is None:
            if isinstance(self._key, gss.Account):
                key, answer = gss.agree(self._key, self._plain, self.number())
                session = Session(self._key, self._clock, key)
                if answer.signature:
                    session.answers(b"").check(answer)
            else:
                session = Session(self._key, self._clock)
            self._agreed = session
        return self._agreed

    def _plain(self, wire: bytes) -> Message:
        self._send(wire)
        return Reader(self._receive()).message()

    def ask(self, wire: bytes) -> Message:
        """One message and its answer."""
        ((_request, message),) = self.ask_all([wire])
        return message

    def ask_all(self, wires: Sequence[bytes]) -> Iterator[tuple[bytes, Message]]:
        """Many messages, a hundred under way at a time; answers come in any order."""
        for start in range(0, len(wires), _AT_ONCE):
            waiting = {}
            for wire in wires[start : start + _AT_ONCE]:
                signed, code = self._session.sign(wire)
                waiting[wire[:2]] = (wire, code)
                self._send(signed)
            while waiting:
                message = Reader(self._receive()).message()
                request, code = waiting.pop(message.wire[:2], (b"", b""))
                if not request:
                    raise TruncatedError("the server answered what was not asked", REMEDY_BROKEN)
                self._session.answers(code).check(message)
                yield request, message

    def transfer(self, wire: bytes) -> Iterator[Message]:
        """One message, and all that comes in answer until the reader has enough and closes the iterator."""
        signed, code = self._session.sign(wire)
        self._send(signed)
        answers = self._session.answers(code)
        try:
            while True:
                message = Reader(self._receive()).message()
                answers.check(message, several=True)
                yield message
        finally:
            self._answers = answers

    def finish(self) -> None:
        """After a transfer: its last message must have been signed."""
        self._answers.finish()

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        self._received = b""

    def __enter__(self) -> Connection:  # noqa: PYI034 - Python 3.9 has no Self
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def _connected(self) -> socket.socket:
        if self._socket is None:
            try:
                self._socket = socket.create_connection((self._address, self._port), self._timeout)
            except socket.gaierror as error:
                raise UnreachableError(
                    f"the name {self._address} has no address here ({error.strerror})",
                    "Give the server's IP address in address",
                ) from None
            except OSError as error:
                raise UnreachableError(
                    f"no connection to {self._address} port {self._port} over TCP ({error.strerror or error})",
                    "Is the server up, and does every firewall between let TCP port "
                    f"{self._port} through, not only UDP? Then run again",
                ) from None
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self._socket

    def _send(self, wire: bytes) -> None:
        connected = self._connected()
        try:
            connected.sendall(_LENGTH.pack(len(wire)) + wire)
        except OSError as error:
            raise self._lost(error) from None

    def _receive(self) -> bytes:
        (length,) = _LENGTH.unpack(self._octets(2))
        return self._octets(length)

    def _octets(self, count: int) -> bytes:
        connected = self._connected()
        if len(self._received) >= count:
            taken, self._received = self._received[:count], self._received[count:]
            return taken
        parts = [self._received]
        missing = count - len(self._received)
        while missing > 0:
            try:
                part = connected.recv(max(missing, 0x10000))
            except OSError as error:
                raise self._lost(error) from None
            if not part:
                raise self._lost(None)
            parts.append(part)
            missing -= len(part)
        whole = b"".join(parts)
        self._received = whole[count:]
        return whole[:count]

    def _lost(self, error: OSError | None) -> UnreachableError:
        self.close()
        how = "ended"
        if isinstance(error, socket.timeout):
            how = f"fell silent for {self._timeout:g} seconds"
        elif error is not None:
            how = f"broke ({error.strerror or error})"
        return UnreachableError(
            f"the connection to {self._address} port {self._port} {how} before the whole answer came",
            "Is the server still up? Run again: what was not done is completed",
        )
