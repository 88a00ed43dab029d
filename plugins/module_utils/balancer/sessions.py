# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions with members that go on, wherever they are counted. Private to the collection."""

from __future__ import annotations

import ipaddress
import os
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..files import read_bytes
from .draining import Server
from .places import found, run
from .runtime import Runtime

_ESTABLISHED = "01"
_PID = re.compile(r"^Pid: (\d+)$", re.MULTILINE)


def left(runtime: Runtime, servers: Sequence[Server]) -> dict[str, int]:
    """Path of each server that has sessions: how many.

    A HAProxy that was loaded anew knows only its own; those that its predecessors still serve are connections of the
    host. Packets that are handed on are known to the kernel alone.
    """
    mine = {(each.section, each.name): each.sessions for each in runtime.standings()}
    connections = _connections() if _predecessors(runtime) else {}
    counted = {}
    for server in servers:
        if server.service.forwarded:
            count = _handed_on(server)
        else:
            place = (server.member.address, server.service.member_port)
            count = max(mine.get((server.standing.section, server.standing.name), 0), connections.get(place, 0))
        if count:
            counted[server.path] = count
    return counted


def _predecessors(runtime: Runtime) -> bool:
    """Whether HAProxy processes run that are neither the one that answers nor its master."""
    answer = _PID.search(runtime.ask("show info"))
    if not answer:
        return False
    current = int(answer[1])
    family = {current, _parent(current)}
    return any(pid not in family for pid in _processes())


def _processes() -> Iterator[int]:
    for entry in os.listdir("/proc"):
        if entry.isdigit() and (read_bytes(Path("/proc", entry, "comm")) or b"").strip() == b"haproxy":
            yield int(entry)


def _parent(pid: int) -> int:
    fields = (read_bytes(Path(f"/proc/{pid}/stat")) or b"").rpartition(b")")[2].split()
    return int(fields[1]) if len(fields) > 1 else 0


def _connections() -> dict[tuple[str, int], int]:
    """Address and port that connections of this host lead to: how many are established."""
    counted: dict[tuple[str, int], int] = {}
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in (read_bytes(Path(table)) or b"").decode().splitlines()[1:]:
            fields = line.split()
            if len(fields) > 3 and fields[3] == _ESTABLISHED:
                place = _place(fields[2])
                counted[place] = counted.get(place, 0) + 1
    return counted


def _place(text: str) -> tuple[str, int]:
    """The kernel prints addresses as words of 32 bits in the order of the machine's own bytes."""
    address, _colon, port = text.partition(":")
    words = (bytes.fromhex(address[start : start + 8]) for start in range(0, len(address), 8))
    packed = b"".join(word[::-1] if sys.byteorder == "little" else word for word in words)
    parsed = ipaddress.ip_address(packed)
    mapped = getattr(parsed, "ipv4_mapped", None)
    return str(mapped or parsed), int(port, 16)


def _handed_on(server: Server) -> int:
    program = found("conntrack")
    if not program:
        return 0
    service = server.service
    chosen = ["-p", service.protocol, "--orig-dst", service.vip, "--reply-src", server.member.address]
    lines = run([program, "-L", *chosen]).stdout.splitlines()
    port = f"dport={service.port}"
    alive = (line.split() for line in lines if service.protocol != "tcp" or "ESTABLISHED" in line)
    return sum(port in words for words in alive)
