# SPDX-License-Identifier: GPL-3.0-or-later
"""Balanced services, read back from the configuration that `text.render` wrote. Pure: no I/O."""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from .model import Member, Service, address_problem
from .text import CHECK, PREFIX

# A section as it most often is, read in one go. Whatever else there is, and all that is wrong, is read line by line.
_PLAIN = re.compile(
    r"listen " + PREFIX + r"([0-9.]+):(\d+) from openuc\n"
    r"(?:    # id: (.*)\n)?(?:    # stage: (.*)\n)?(?:    # why: (.*)\n)?(?:    # replaces: (.*)\n)?"
    r"    bind [0-9.:]+ transparent\n(    balance source\n    hash-type consistent\n)?"
    r"(?:    timeout client (\d+)s\n    timeout server \d+s\n)?(    option nolinger\n)?"
    r"(    server \S+ [0-9.]+:(\d+) .*(?:\n    server .+)*)\Z"
)
# Of a server whose port, which is that of all servers of its section, is left out.
_PLAIN_SERVER = re.compile(
    r"    server ([^\s:]+)((?::\d+)?) ([0-9.]+):(?: source ([0-9.]+))?"
    r" track " + CHECK + r"[0-9.]+:(\d+)(?:\.\d+)?/[^\s/]+( disabled)?"
)


class UnreadableTextError(ValueError):
    """A file that `render` did not write."""


@dataclasses.dataclass(frozen=True)
class Parsed:
    """What a file says: its services, and the servers that it switches off."""

    services: tuple[Service, ...]
    out: dict[str, tuple[str, ...]]


def parse(text: str, known: Mapping[str, Service] = MappingProxyType({})) -> Parsed:
    """What `render` wrote. Settings that it never writes are an error: the file is not of our making.

    `known` are texts of sections whose services are known, which most often are nearly all of them.
    """
    services: list[Service] = []
    unknown: list[Service] = []
    out: dict[str, tuple[str, ...]] = {}
    number = 1
    for chunk in text.split("\n\n"):
        found = known.get(chunk.rstrip("\n"))
        if found:
            services.append(found)
        else:
            plain = _plain(chunk.rstrip("\n"))
            for name, service, disabled in (plain,) if plain else _by_lines(chunk, number):
                services.append(service)
                unknown.append(service)
                if disabled:
                    out[name] = disabled
        number += chunk.count("\n") + 2
    _look_at_addresses(unknown)
    return Parsed(tuple(services), out)


def _look_at_addresses(services: Sequence[Service]) -> None:
    listed = {address for each in services for address in (each.vip, *each.snat)}
    listed.update(member.address for members in {each.members for each in services} for member in members)
    problems = [problem for address in sorted(listed) if (problem := address_problem(address))]
    if problems:
        raise UnreadableTextError(", ".join(problems))


_Line = tuple[int, list[str]]
_Read = tuple[str, Service, tuple[str, ...]]  # Name of the section, its service, and servers that are switched off.


def _plain(chunk: str) -> _Read | None:
    """A section that is as most are; None for any other."""
    match = _PLAIN.match(chunk)
    if not match:
        return None
    vip, port, item, stage, why, replaces, by_source, idle, reset, listed, member_port = match.groups()
    servers = _plain_servers(listed.replace(f":{member_port} ", ": "))
    if servers is None:
        return None
    service = Service(
        id=item or "",
        stage=stage or "",
        why=tuple(why.split(", ")) if why else (),
        vip=vip,
        port=int(port),
        protocol="tcp",
        members=servers.members,
        member_port=int(member_port),
        method="least_connections",
        affinity="source" if by_source else "tcp",
        nat="snat",
        snat=servers.snat,
        idle_seconds=int(idle or 0),
        idle_reset=reset is not None,
        terminate=False,
        check_port=servers.check_port,
        replaces=replaces or "",
    )
    return f"{PREFIX}{vip}:{port}", service, servers.disabled


@dataclasses.dataclass(frozen=True)
class _Servers:
    members: tuple[Member, ...]
    snat: tuple[str, ...]
    check_port: int
    disabled: tuple[str, ...]


# Ports of an address most often have the same members.
@functools.lru_cache(maxsize=100_000)
def _plain_servers(listed: str) -> _Servers | None:
    """The servers of a section, without their port; None where one is not as most are."""
    matches = [_PLAIN_SERVER.fullmatch(line) for line in listed.splitlines()]
    read = [match.groups() for match in matches if match]
    if len(read) < len(matches):
        return None
    placed: dict[Member, list[str]] = {}
    for name, _number, address, source, _check, _disabled in read:
        placed.setdefault(Member(name, address), []).append(source)
    disabled = tuple(f"{name}{number}" for name, number, *_rest, off in read if off)
    return _Servers(tuple(placed), _dealt(placed), int(read[0][4]), disabled)


def _by_lines(chunk: str, number: int) -> list[_Read]:
    return [(name, *_parsed_service(kind, name, body)) for kind, name, body in _sections(chunk, number)]


def _sections(text: str, first: int) -> list[tuple[str, str, list[_Line]]]:
    """The services' sections, comments included; those of checks follow from them."""
    found: list[tuple[str, str, list[_Line]]] = []
    current: list[_Line] = []
    for number, line in enumerate(text.splitlines(), first):
        words = _words(line)
        if line and not line[0].isspace() and words and words[0] != "#":
            current = []
            name = words[1] if len(words) > 1 else ""
            if words[0] == "listen" or (words[0] == "backend" and not name.startswith(CHECK)):
                found.append((words[0], name, current))
            elif words[0] not in ("global", "defaults", "backend"):
                raise UnreadableTextError(f"line {number}: {line.strip()!r} is no section of ours")
        elif words:
            current.append((number, words))
    return found


def _words(line: str) -> list[str]:
    stripped = line.strip()
    if stripped.startswith("#"):
        return ["#", *stripped[1:].split(None, 1)]
    return stripped.split()


def _named(kind: str, section: str) -> tuple[str, int, str]:
    """Address, port and protocol of a section."""
    protocol, plain = "tcp", section
    if kind == "backend":
        plain, _colon, protocol = section.rpartition(":")
    vip, _colon, port = plain[len(PREFIX) :].rpartition(":")
    if not plain.startswith(PREFIX) or not port.isdecimal() or protocol not in ("tcp", "udp"):
        name = f"{PREFIX}ADDRESS:PORT{':PROTOCOL' if kind == 'backend' else ''}"
        raise UnreadableTextError(f"{kind} {section}: a section of ours is called {name}")
    return vip, int(port), protocol


def _parsed_service(kind: str, section: str, body: Sequence[_Line]) -> tuple[Service, tuple[str, ...]]:
    vip, port, protocol = _named(kind, section)
    comments: dict[str, str] = {}
    idle, reset, affinity = 0, False, "tcp"
    timed = "client" if kind == "listen" else "server"
    servers: list[_Server] = []
    for number, words in body:
        if words[0] == "#":
            comments[words[1].rstrip(":")] = words[2] if len(words) > 2 else ""
        elif words[0] == "server":
            servers.append(_parsed_server(number, words))
        elif words[:2] == ["timeout", timed]:
            idle = _seconds(number, words)
        elif words == ["option", "nolinger"]:
            reset = True
        elif words == ["balance", "source"]:
            affinity = "source"
        elif words[0] not in ("bind", "hash-type") and words[:2] != ["timeout", "server"]:
            raise UnreadableTextError(f"line {number}: {' '.join(words)!r} is no setting of ours")
    if not servers:
        raise UnreadableTextError(f"{kind} {section}: has no servers")
    members, snat = _members(servers)
    service = Service(
        id=comments.get("id", ""),
        stage=comments.get("stage", ""),
        why=tuple(filter(None, comments.get("why", "").split(", "))),
        vip=vip,
        port=port,
        protocol=protocol,
        members=members,
        member_port=servers[0].port,
        method="least_connections",
        affinity=affinity,
        nat="dnat" if kind == "backend" else "snat",
        snat=snat,
        idle_seconds=idle,
        idle_reset=reset,
        terminate=False,
        check_port=servers[0].check_port,
        replaces=comments.get("replaces", ""),
    )
    return service, tuple(server.name for server in servers if server.disabled)


@dataclasses.dataclass(frozen=True)
class _Server:
    name: str
    address: str
    port: int
    source: str
    check_port: int
    disabled: bool


def _parsed_server(number: int, words: Sequence[str]) -> _Server:
    options = dict(zip(words[3::2], words[4::2]))
    address, _colon, port = words[2].rpartition(":") if len(words) > 2 else ("", "", "")
    check = options.get("track", "").rpartition("/")[0].rpartition(":")[2].partition(".")[0]
    if not port.isdecimal() or not check.isdecimal() or set(options) - {"source", "track"}:
        raise UnreadableTextError(f"line {number}: {' '.join(words)!r} is no server of ours")
    source = options.get("source", "").strip("[]")
    return _Server(words[1], address.strip("[]"), int(port), source, int(check), "disabled" in words)


def _seconds(number: int, words: Sequence[str]) -> int:
    if len(words) != 3 or not words[2].endswith("s") or not words[2][:-1].isdecimal():
        raise UnreadableTextError(
            f"line {number}: {' '.join(words)!r} is no time of ours; whole seconds are, as in 60s"
        )
    return int(words[2][:-1])


def _members(servers: Sequence[_Server]) -> tuple[tuple[Member, ...], tuple[str, ...]]:
    """Members and source addresses in the order they were dealt out in."""
    placed: dict[Member, list[str]] = {}
    for server in servers:
        placed.setdefault(Member(server.name.partition(":")[0], server.address), []).append(server.source)
    return tuple(placed), _dealt(placed)


def _dealt(placed: Mapping[Member, Sequence[str]]) -> tuple[str, ...]:
    """Source addresses in the order they were dealt out to members in."""
    rounds = max(map(len, placed.values()))
    snat = [sources[turn] for turn in range(rounds) for sources in placed.values() if turn < len(sources)]
    return tuple(dict.fromkeys(filter(None, snat)))
