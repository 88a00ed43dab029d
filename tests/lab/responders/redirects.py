# SPDX-License-Identifier: GPL-3.0-or-later
"""Ranges of ports behind one socket: rules of nftables that lead there, and the port that was really asked for.

The rules translate to the address that was asked itself: `redirect` would take the first address of the interface, and
hosts have several. Connection tracking sends the answers from the port that was asked.
"""

from __future__ import annotations

import dataclasses
import shutil
import socket
import struct
import subprocess
import typing as t

TABLE = "lab_responder"
Endpoint = tuple[str, int]

_SO_ORIGINAL_DST = 80
_NETFILTER = 12
_GET = (1 << 8) | 1
_REQUEST = 1
_HEADER = struct.Struct("=IHHII")
_ORIGINAL, _REPLY, _IP, _PROTO = 1, 2, 1, 2
_SOURCE, _DESTINATION = 1, 2
_PROTOCOL, _SOURCE_PORT, _DESTINATION_PORT = 1, 2, 3
_NESTED = 0x8000


class RedirectError(Exception):
    """The rules could not be put, and why."""


@dataclasses.dataclass(frozen=True)
class Redirect:
    """A range of an address that one port stands for, but for ports of it that are listened on by themselves."""

    address: str
    protocol: str
    first: int
    last: int
    port: int
    except_for: tuple[int, ...]


def put(redirects: t.Sequence[Redirect]) -> None:
    """Have exactly these, in one transaction; the table goes with the last of them."""
    if shutil.which("nft") is None:
        if redirects:
            raise RedirectError("nft is missing, so only one port of each range answers; install the package nftables")
        return
    done = subprocess.run(["nft", "-f", "-"], input=ruleset(redirects), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RedirectError(f"nft refuses the ranges, so only one port of each answers: {done.stderr.strip()}")


def ruleset(redirects: t.Sequence[Redirect]) -> str:
    """Narrow ranges first, so that the more exact of two that overlap holds."""
    lines = [f"table ip {TABLE}", f"delete table ip {TABLE}"]
    if not redirects:
        return "\n".join(lines) + "\n"
    ordered = sorted(redirects, key=lambda each: each.last - each.first)
    rules = [rule for redirect in ordered for rule in _rules(redirect)]
    lines.append(f"table ip {TABLE} {{")
    for hook in ("prerouting", "output"):
        lines += [f"chain {hook} {{", f"type nat hook {hook} priority -100;", *rules, "}"]
    return "\n".join([*lines, "}"]) + "\n"


def _rules(redirect: Redirect) -> t.Iterator[str]:
    where = f"ip daddr {redirect.address} {redirect.protocol} dport"
    if redirect.except_for:
        yield f"{where} {{ {', '.join(map(str, redirect.except_for))} }} accept"
    # Media goes to even ports, and odd ones are for what is told about it: nobody listens there until there is a call.
    even = " udp dport & 1 == 0" if redirect.protocol == "udp" else ""
    yield f"{where} {redirect.first}-{redirect.last}{even} dnat to {redirect.address}:{redirect.port}"


def asked_of_tcp(connection: socket.socket) -> Endpoint:
    """Address and port that the client of a connection asked for."""
    try:
        found = connection.getsockopt(socket.SOL_IP, _SO_ORIGINAL_DST, 16)
    except OSError:  # not tracked, so not translated either
        return t.cast("Endpoint", connection.getsockname())
    port, address = struct.unpack_from("!2xH4s", found)
    return socket.inet_ntoa(address), port


class Tracked:
    """Connection tracking, asked over netlink: for UDP no socket option tells what a datagram's port was."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETFILTER)
        self._socket.bind((0, 0))
        self._socket.settimeout(1)

    def close(self) -> None:
        self._socket.close()

    def ends_of_udp(self, here: Endpoint, peer: Endpoint) -> tuple[Endpoint, Endpoint] | None:
        """Peer and port as they were before any translation here, of what would be answered from here to the peer."""
        tuple_ip = _attribute(_SOURCE, socket.inet_aton(here[0])) + _attribute(_DESTINATION, socket.inet_aton(peer[0]))
        tuple_proto = (
            _attribute(_PROTOCOL, bytes([socket.IPPROTO_UDP]))
            + _attribute(_SOURCE_PORT, struct.pack("!H", here[1]))
            + _attribute(_DESTINATION_PORT, struct.pack("!H", peer[1]))
        )
        wanted = _attribute(_IP | _NESTED, tuple_ip) + _attribute(_PROTO | _NESTED, tuple_proto)
        body = struct.pack("=BBH", socket.AF_INET, 0, 0) + _attribute(_REPLY | _NESTED, wanted)
        try:
            self._socket.send(_HEADER.pack(_HEADER.size + len(body), _GET, _REQUEST, 0, 0) + body)
            answer = self._socket.recv(8192)
        except OSError:
            return None
        if _HEADER.unpack_from(answer)[1] == 2:  # an error: there is no such entry
            return None
        original = _attributes(_attributes(answer[_HEADER.size + 4 :])[_ORIGINAL])
        ips, ports = _attributes(original[_IP]), _attributes(original[_PROTO])
        ends = [
            (socket.inet_ntoa(ips[ip]), int.from_bytes(ports[port], "big"))
            for ip, port in ((_SOURCE, _SOURCE_PORT), (_DESTINATION, _DESTINATION_PORT))
        ]
        return ends[0], ends[1]


def _attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)


def _attributes(data: bytes) -> dict[int, bytes]:
    found, at = {}, 0
    while at + 4 <= len(data):
        length, kind = struct.unpack_from("=HH", data, at)
        if length < 4:
            break
        found[kind & 0x3FFF] = data[at + 4 : at + length]
        at += (length + 3) & ~3
    return found
