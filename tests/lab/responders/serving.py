# SPDX-License-Identifier: GPL-3.0-or-later
"""One listener of a responder at work: its socket, its connections, and what it counts."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import dataclasses
import socket
import ssl
import typing as t

from tests.lab.responders import handlers, redirects, starttls
from tests.lab.responders.beginnings import first_bytes
from tests.lab.responders.certificates import Certificate, sha256
from tests.lab.responders.configuration import Listener

PEERS_KEPT = 16
SECONDS_FOR_HANDSHAKE = 10.0
_DATAGRAMS_AT_ONCE = 64
_BACKLOG = 128
_IP_FREEBIND = 15


@dataclasses.dataclass
class Counters:
    connections: int = 0
    datagrams: int = 0
    tls_failures: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    peers: collections.deque[str] = dataclasses.field(default_factory=lambda: collections.deque(maxlen=PEERS_KEPT))


class Serving:
    """A listener that serves. A range has one socket, on a port of the range that rules lead the others to."""

    def __init__(self, host: str, listener: Listener, taken: t.Collection[int], tracked: redirects.Tracked) -> None:
        self.listener = listener
        self.counters = Counters()
        self._host = host
        self._tracked = tracked
        self._certificate = Certificate(listener.files, listener.transport)
        self._handler = handlers.handler_of(listener.application)
        self._tasks: set[asyncio.Task[None]] = set()
        self._socket = _bound(listener, taken)
        if listener.protocol == "udp":
            asyncio.get_running_loop().add_reader(self._socket, self._datagrams)
        else:
            self._socket.listen(_BACKLOG)
            self._begin(self._accept())

    @property
    def port(self) -> int:
        return int(self._socket.getsockname()[1])

    async def close(self) -> None:
        """Stop listening, and end what is connected."""
        if self.listener.protocol == "udp":
            asyncio.get_running_loop().remove_reader(self._socket)
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._socket.close()

    def status(self) -> dict[str, t.Any]:
        """What was seen, and how the certificate stands."""
        listener, counters = self.listener, self.counters
        shown = self._certificate.current() if listener.transport != "plain" else None
        return {
            "address": listener.address,
            "protocol": listener.protocol,
            "port": listener.port,
            "transport": listener.transport,
            "application": listener.application,
            "flows": list(listener.flows),
            "connections": counters.connections,
            "open": len(self._tasks) - 1 if listener.protocol == "tcp" else 0,
            "datagrams": counters.datagrams,
            "peers": list(counters.peers),
            "tls_failures": dict(counters.tls_failures),
            "certificate_sha256": shown.fingerprint if shown else None,
            "certificate_problem": self._certificate.problem if listener.transport != "plain" else "",
        }

    def _begin(self, work: t.Coroutine[t.Any, t.Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, peer = await loop.sock_accept(self._socket)
            except OSError:  # gone before it was taken, or no descriptor is left for it
                await asyncio.sleep(0.05)
                continue
            self._begin(self._hold(connection, peer))

    async def _hold(self, connection: socket.socket, peer: redirects.Endpoint) -> None:
        """One connection, from its first moment to its end."""
        with connection:
            here = redirects.asked_of_tcp(connection)
            self.counters.connections += 1
            self._note(peer, here)
            with contextlib.suppress(OSError):
                if await self._is_secured(connection):
                    await self._secure(connection, peer, here)
                else:
                    await self._converse(connection, peer, here, None, None)

    async def _is_secured(self, connection: socket.socket) -> bool:
        """Whether TLS begins now, which is for some clients to say."""
        if self.listener.transport != "starttls":
            return self.listener.transport != "plain"
        return self._certificate.current() is not None and await starttls.is_wanted(connection)

    async def _secure(self, connection: socket.socket, peer: redirects.Endpoint, here: redirects.Endpoint) -> None:
        """The certificate is chosen when the client begins its handshake, so that it is the newest."""
        connection.setblocking(False)
        if not await first_bytes(connection, 1):
            return
        identity = self._certificate.current()
        if identity is None:
            self.counters.tls_failures["no certificate"] += 1
            connection.recv(65536)  # what is left unread would make the end a reset
            return
        try:
            await self._converse(connection, peer, here, identity.context, identity.fingerprint)
        except ssl.SSLError as error:
            self.counters.tls_failures[_reason(error)] += 1
        except (ConnectionError, TimeoutError) as error:
            self.counters.tls_failures[type(error).__name__] += 1

    async def _converse(
        self,
        connection: socket.socket,
        peer: redirects.Endpoint,
        here: redirects.Endpoint,
        context: ssl.SSLContext | None,
        fingerprint: str | None,
    ) -> None:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(reader)
        transport, _protocol = await loop.connect_accepted_socket(
            lambda: protocol,
            connection,
            ssl=context,
            ssl_handshake_timeout=SECONDS_FOR_HANDSHAKE if context else None,
        )
        writer = asyncio.StreamWriter(transport, protocol, reader, loop)
        secured = writer.get_extra_info("ssl_object")
        theirs = secured.getpeercert(binary_form=True) if secured else None
        meeting = self._meeting(here, peer, fingerprint, sha256(theirs) if theirs else None)
        try:
            # What breaks after the handshake is the end of a conversation, no failure of TLS.
            with contextlib.suppress(OSError):
                await self._handler.stream(meeting, reader, writer)
        except asyncio.CancelledError:
            transport.abort()
            raise
        finally:
            transport.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    def _datagrams(self) -> None:
        for _each in range(_DATAGRAMS_AT_ONCE):
            try:
                data, peer = self._socket.recvfrom(65535)
            except BlockingIOError:
                return
            except OSError:  # an answer before this one could not be delivered
                continue
            here = (self.listener.address, self.port)
            ends = self._tracked.ends_of_udp(here, peer) if self.listener.is_range else None
            asker, asked = ends or (peer, here)
            self.counters.datagrams += 1
            self._note(asker, asked)
            answer = self._handler.datagram(self._meeting(asked, asker), data)
            if answer is not None:
                with contextlib.suppress(OSError):
                    self._socket.sendto(answer, peer)

    def _note(self, peer: redirects.Endpoint, here: redirects.Endpoint) -> None:
        self.counters.peers.append(f"{peer[0]}:{peer[1]} > {here[0]}:{here[1]}")

    def _meeting(
        self, here: redirects.Endpoint, peer: redirects.Endpoint, own: str | None = None, theirs: str | None = None
    ) -> handlers.Meeting:
        listener = self.listener
        return handlers.Meeting(
            handlers.NOTICE,
            self._host,
            *here,
            listener.protocol,
            listener.transport,
            listener.application,
            *peer,
            own,
            theirs,
        )


def _bound(listener: Listener, taken: t.Collection[int]) -> socket.socket:
    """A socket on the port, or on the last of a range that nobody else has."""
    kind = socket.SOCK_DGRAM if listener.protocol == "udp" else socket.SOCK_STREAM
    bound = socket.socket(socket.AF_INET, kind)
    try:
        bound.setblocking(False)
        # The address may come up later.
        bound.setsockopt(socket.SOL_IP, _IP_FREEBIND, 1)
        if kind == socket.SOCK_STREAM:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        ports = [port for port in range(listener.last, listener.first - 1, -1) if port not in taken]
        for port in ports or [listener.last]:
            try:
                bound.bind((listener.address, port))
            except OSError:
                if port == ports[-1] or not listener.is_range:
                    raise
            else:
                return bound
        raise AssertionError("a range has a port")
    except BaseException:
        bound.close()
        raise


def _reason(error: ssl.SSLError) -> str:
    """Such as `certificate unknown`; for what is wrong with a client's certificate, the words of the check."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"client certificate: {error.verify_message}"
    return (error.reason or type(error).__name__).lower().replace("_", " ")
