# SPDX-License-Identifier: GPL-3.0-or-later
"""Which servers of which services are taken out of service or put back. Pure. Private to the collection."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence

from ..contract import Operation
from ..items import nearest
from .model import Member, Service
from .runtime import Standing
from .text import section_of, server_names

WORDS = {"drained": "drain", "disabled": "maint", "enabled": "ready"}
_FULFILLED: Mapping[str, Collection[str]] = {
    "drained": ("DRAIN", "MAINT"),
    "disabled": ("MAINT",),
    "enabled": ("UP", "DOWN", "NOLB"),
}


@dataclasses.dataclass(frozen=True)
class Server:
    """A server of a service, the member it stands for, and how it stands."""

    service: Service
    member: Member
    standing: Standing

    @property
    def path(self) -> str:
        return f"{self.standing.section}/{self.standing.name}"


@dataclasses.dataclass(frozen=True)
class Plan:
    """Servers that are meant, those of them that are not yet as wanted, and what forbids it."""

    meant: tuple[Server, ...]
    changed: tuple[Server, ...]
    problems: tuple[str, ...]

    def operations(self, state: str) -> list[Operation]:
        return [
            Operation("change", f"{each.member.name} of {each.service.key}", _words(each.standing), state)
            for each in self.changed
        ]


def servers_of(services: Sequence[Service], standings: Sequence[Standing]) -> list[Server]:
    """Every server that HAProxy has of the services."""
    there = {(standing.section, standing.name): standing for standing in standings}
    return [
        Server(service, member, there[section_of(service), name])
        for service in services
        for member in service.members
        for name in server_names(service)[member.name]
        if (section_of(service), name) in there
    ]


def plan(state: str, servers: Sequence[Server], members: Sequence[str], services: Sequence[str], least: int) -> Plan:
    """`members` are names or addresses; without `services` all services of theirs are meant."""
    problems = [*_unknown_members(servers, members), *_unknown_services(servers, services)]
    wanted = frozenset(members)
    meant = tuple(
        each
        for each in servers
        if {each.member.name, each.member.address} & wanted and (not services or each.service.key in services)
    )
    changed = tuple(each for each in meant if each.standing.status not in _FULFILLED[state])
    if state != "enabled":
        problems += _too_few(servers, changed, least)
    return Plan(meant, changed, tuple(problems))


def _unknown_members(servers: Sequence[Server], members: Sequence[str]) -> list[str]:
    known = dict.fromkeys(word for each in servers for word in (each.member.name, each.member.address))
    names = ", ".join(dict.fromkeys(each.member.name for each in servers)) or "none"
    return [
        f"members[{index}]: {word!r} is no member of a service here{nearest(word, known)}; members are {names}"
        for index, word in enumerate(members)
        if word not in known
    ]


def _unknown_services(servers: Sequence[Server], services: Sequence[str]) -> list[str]:
    known = list(dict.fromkeys(each.service.key for each in servers))
    names = ", ".join(known) or "none"
    return [
        f"services[{index}]: there is no service {word!r}{nearest(word, known)}; services are {names}"
        for index, word in enumerate(services)
        if word not in known
    ]


def _too_few(servers: Sequence[Server], changed: Sequence[Server], least: int) -> list[str]:
    """Services that would be left with fewer members than asked for. One that is down serves nobody, and may go."""
    going: dict[str, set[str]] = {}
    for each in changed:
        if each.standing.serving:
            going.setdefault(each.service.key, set()).add(each.member.name)
    staying: dict[str, set[str]] = {}
    paths = {each.path for each in changed}
    for each in servers:
        if each.standing.serving and each.path not in paths:
            staying.setdefault(each.service.key, set()).add(each.member.name)
    alike: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for key, names in going.items():
        left = staying.get(key, set())
        if len(left) < least:
            alike.setdefault((tuple(sorted(left)), tuple(sorted(names))), []).append(key)
    return [
        f"{', '.join(keys)}: {len(left)} member(s) would be left in service ({', '.join(left) or 'none'}) without "
        f"{', '.join(names)}, and least asks for {least}. Put another member in service first, or lower least"
        for (left, names), keys in alike.items()
    ]


def _words(standing: Standing) -> str:
    return f"{standing.status.lower()}, {standing.sessions} session(s)"


def out_of_service(state: str, servers: Sequence[Server], changed: Collection[Server]) -> dict[str, tuple[str, ...]]:
    """Servers by section that are out of service afterwards."""
    out: dict[str, list[str]] = {}
    moved = {each.path for each in changed}
    for each in servers:
        stays_out = not each.standing.admitted
        if (each.path in moved and state != "enabled") or (each.path not in moved and stays_out):
            out.setdefault(each.standing.section, []).append(each.standing.name)
    return {section: tuple(names) for section, names in out.items()}
