# SPDX-License-Identifier: GPL-3.0-or-later
"""What routers and hosts say about packets that they did not deliver. Pure. Private to the collection.

An ICMP error quotes the head of the packet as it arrived, and so the mark that all hops before have left on it.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

TIME_EXCEEDED, UNREACHABLE = 11, 3
PORT_UNREACHABLE = 3
UDP = 17
DSCP_SHIFT = 2
_HEAD = 20
_UDP_HEAD = 8


class Quoted(NamedTuple):
    """An error about a UDP packet: who says so, whether it arrived or goes no further, and what it looked like."""

    router: str
    arrived: bool
    refused: bool
    dscp: int
    destination: str
    source_port: int
    port: int
    length: int


def read(packet: bytes) -> Quoted | None:
    """The error in an IPv4 packet; None for any other packet."""
    outer = _head_length(packet)
    if not outer or len(packet) < outer + 8 + _HEAD:
        return None
    kind, code = packet[outer], packet[outer + 1]
    if kind not in (TIME_EXCEEDED, UNREACHABLE):
        return None
    quoted = packet[outer + 8 :]
    inner = _head_length(quoted)
    if not inner or len(quoted) < inner + _UDP_HEAD or quoted[9] != UDP:
        return None
    source_port, port, length = struct.unpack("!HHH", quoted[inner : inner + 6])
    arrived = kind == UNREACHABLE and code == PORT_UNREACHABLE
    refused = kind == UNREACHABLE and not arrived
    return Quoted(
        router=_address(packet, 12),
        arrived=arrived,
        refused=refused,
        dscp=quoted[1] >> DSCP_SHIFT,
        destination=_address(quoted, 16),
        source_port=source_port,
        port=port,
        length=length - _UDP_HEAD,
    )


def _head_length(packet: bytes) -> int:
    """Length of the head of an IPv4 packet; 0 where there is none."""
    if len(packet) < _HEAD or packet[0] >> 4 != 4:
        return 0
    return (packet[0] & 0x0F) * 4


def _address(packet: bytes, at: int) -> str:
    return ".".join(str(byte) for byte in packet[at : at + 4])
