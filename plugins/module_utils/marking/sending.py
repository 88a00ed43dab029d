# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends the packets of traces, each to end at another hop, and hears what hops say. Private to the collection."""

from __future__ import annotations

import contextlib
import select
import socket
import time
from collections.abc import Sequence

from . import packets
from .traces import Heard, Trace

# A packet's length tells at which hop it shall end, as the length is quoted and the time to live is used up by then.
SHORTEST = 32
# Linux answers a peer with six errors at once, and then with one a second.
PATIENCE = 1.1


class SendingError(Exception):
    """Nothing can be heard here; the message says why."""


class UnsentError(Exception):
    """The packets of one trace cannot be sent; the message says why."""


def follow(trace: Trace, most_hops: int, attempts: int, timeout: float) -> list[Heard]:
    """What hops say about the packets of a trace."""
    try:
        with contextlib.ExitStack() as stack:
            ear = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP))
            sender = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            sender.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, trace.dscp << packets.DSCP_SHIFT)
            sender.bind(("", trace.source_port))
            return _Follower(trace, ear, sender, most_hops).follow(attempts, timeout)
    except PermissionError:
        raise SendingError("hearing ICMP errors needs root; run the task with become") from None
    except OSError as error:
        raise UnsentError(f"to {trace.address} from port {trace.source_port}: {error.strerror}") from error


class _Follower:
    def __init__(self, trace: Trace, ear: socket.socket, sender: socket.socket, most_hops: int) -> None:
        self._trace, self._ear, self._sender = trace, ear, sender
        self._source_port = sender.getsockname()[1]
        self._heard: dict[int, Heard] = {}
        self._most = most_hops

    def follow(self, attempts: int, timeout: float) -> list[Heard]:
        for attempt in range(attempts):
            for hop in self._missing():
                self._send(hop)
            self._listen(timeout if attempt == attempts - 1 else min(timeout, PATIENCE))
            if not self._missing():
                break
        return list(self._heard.values())

    def _missing(self) -> Sequence[int]:
        """Hops before the end, as far as that is known, that have said nothing yet."""
        end = min((one.hop for one in self._heard.values() if one.arrived or one.refused), default=self._most)
        return [hop for hop in range(1, end + 1) if hop not in self._heard]

    def _send(self, hop: int) -> None:
        self._sender.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, hop)
        # An error about the packet before may be reported here.
        with contextlib.suppress(ConnectionRefusedError):
            self._sender.sendto(bytes(SHORTEST + hop), (self._trace.address, self._trace.port))

    def _listen(self, timeout: float) -> None:
        until = time.monotonic() + timeout
        while self._missing() and (left := until - time.monotonic()) > 0:
            if select.select([self._ear], [], [], left)[0]:
                self._take(packets.read(self._ear.recv(2048)))

    def _take(self, quoted: packets.Quoted | None) -> None:
        if quoted is None:
            return
        hop = quoted.length - SHORTEST
        asked = (self._trace.address, self._source_port, self._trace.port)
        if (quoted.destination, quoted.source_port, quoted.port) == asked and 1 <= hop <= self._most:
            self._heard[hop] = Heard(hop, quoted.router, quoted.dscp, quoted.arrived, quoted.refused)
