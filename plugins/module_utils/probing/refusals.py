# SPDX-License-Identifier: GPL-3.0-or-later
"""Why the network did not let a packet through: errors of sockets and ICMP messages. Private to the collection.

The kernel folds many ICMP codes into few error numbers. Its queue of extended errors keeps the code and who sent it, so
that "administratively prohibited, says the firewall" is told apart from "nobody there".
"""

from __future__ import annotations

import dataclasses
import errno
import os
import socket
import struct
import sys

from . import outcomes
from .model import Failed, Target

# Numbers of Linux that Python's socket module does not name in all versions.
_IP_RECVERR = 11
_IPV6_RECVERR = 25
_BY_ICMP = (2, 3)
_EXTENDED_ERROR = struct.Struct("=IBBBBII")

_Code = tuple[int, int]
_PROHIBITED: dict[int, frozenset[_Code]] = {
    socket.AF_INET: frozenset({(3, 9), (3, 10), (3, 13)}),
    socket.AF_INET6: frozenset({(1, 1), (1, 5), (1, 6)}),
}
_PORT_UNREACHABLE: dict[int, _Code] = {socket.AF_INET: (3, 3), socket.AF_INET6: (1, 4)}
_TIME_EXCEEDED: dict[int, int] = {socket.AF_INET: 11, socket.AF_INET6: 3}

_LOCAL: dict[int, tuple[str, str]] = {
    errno.ECONNREFUSED: (outcomes.REFUSED, "reset by the host: nothing listens there"),
    errno.ECONNRESET: (outcomes.REFUSED, "reset by the host"),
    errno.EHOSTUNREACH: (outcomes.UNREACHABLE, "no neighbour answers for the address, or no route leads to it"),
    errno.ENETUNREACH: (outcomes.UNREACHABLE, "this host has no route to the address"),
    errno.ENETDOWN: (outcomes.UNREACHABLE, "the interface of the route is down"),
    errno.EPERM: (outcomes.FILTERED, "this host's own firewall does not let it out"),
    errno.EACCES: (outcomes.FILTERED, "this host's own routes or rules prohibit it"),
    errno.ETIMEDOUT: (outcomes.FILTERED, "no answer to the connection request"),
    errno.EADDRNOTAVAIL: (outcomes.NOT_RUN, "this host has not the source address, or no source port is free"),
    errno.EADDRINUSE: (outcomes.NOT_RUN, "the source port is in use on this host"),
    errno.EMFILE: (outcomes.NOT_RUN, "no file descriptor is left; lower at_once, or raise the limit of the user"),
    errno.ENFILE: (outcomes.NOT_RUN, "no file descriptor is left on this host; lower at_once"),
    errno.EAFNOSUPPORT: (outcomes.NOT_RUN, "this host does not speak this family of addresses"),
}


@dataclasses.dataclass(frozen=True)
class Icmp:
    """An ICMP message about what we sent."""

    kind: int
    code: int
    sender: str

    def __str__(self) -> str:
        return f"ICMP {self.kind}/{self.code} from {self.sender}"


def want_reasons(sock: socket.socket, family: int) -> None:
    """Let the kernel keep ICMP messages for us, where it can."""
    if sys.platform != "linux":
        return
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_RECVERR, 1)
    else:
        sock.setsockopt(socket.IPPROTO_IP, _IP_RECVERR, 1)


def failure(error: int, sock: socket.socket, target: Target) -> Failed:
    """What an error number of a socket means for its probe."""
    message = _queued(sock, target.family)
    if message is None or message.sender == sock.getsockname()[0] != target.host:
        # This host itself says so, as when nobody answers its question for a neighbour.
        outcome, detail = _LOCAL.get(error, (outcomes.NOT_RUN, os.strerror(error)))
        return Failed(outcome, detail)
    outcome, detail = _meaning(message, target)
    return Failed(outcome, detail, {"icmp": {"type": message.kind, "code": message.code, "from": message.sender}})


def _meaning(message: Icmp, target: Target) -> tuple[str, str]:
    code = (message.kind, message.code)
    if code in _PROHIBITED[target.family]:
        return outcomes.FILTERED, f"administratively prohibited ({message})"
    if code == _PORT_UNREACHABLE[target.family]:
        # Only the host can know that nothing listens on it; from anybody else this is a filter's rejection.
        if socket.inet_pton(target.family, message.sender) == socket.inet_pton(target.family, target.host):
            return outcomes.REFUSED, f"port unreachable: nothing listens there ({message})"
        return outcomes.FILTERED, f"rejected on the way ({message})"
    if message.kind == _TIME_EXCEEDED[target.family]:
        return outcomes.UNREACHABLE, f"lost on the way, perhaps in a loop of routes ({message})"
    return outcomes.UNREACHABLE, f"no way to the host ({message})"


def _queued(sock: socket.socket, family: int) -> Icmp | None:
    if sys.platform != "linux":
        return None
    try:
        _data, ancillary, _flags, _address = sock.recvmsg(0, 512, socket.MSG_ERRQUEUE)
    except OSError:  # nothing is queued: the error is not from the network
        return None
    for _level, _type, data in ancillary:
        if len(data) >= _EXTENDED_ERROR.size:
            _errno, origin, kind, code, _pad, _info, _data = _EXTENDED_ERROR.unpack_from(data)
            if origin in _BY_ICMP:
                return Icmp(kind, code, _address_in(data[_EXTENDED_ERROR.size :], family))
    return None


def _address_in(sockaddr: bytes, family: int) -> str:
    start, length = (8, 16) if family == socket.AF_INET6 else (4, 4)
    return socket.inet_ntop(family, sockaddr[start : start + length])
