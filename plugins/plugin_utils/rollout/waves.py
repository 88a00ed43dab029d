# SPDX-License-Identifier: GPL-3.0-or-later
"""Which servers are changed together, and which after them.

A canary goes first, by itself. Then come the servers of a pool, a site, or all that are left, but never so many members
of one pool at a time that it is left without servers in service.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ..topology.inputs.run import WavesInput
from .blueprint import Unit

Batch = tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Member:
    """A server to be changed, with the unit it belongs to."""

    host: str
    unit: Unit

    @property
    def key(self) -> tuple[str, str]:
        return (self.unit.site, self.unit.name)


def batches(hosts: t.Sequence[str], unit_of: t.Callable[[str], Unit | None], asked: WavesInput) -> tuple[Batch, ...]:
    """The hosts in waves, each of which is whole before the next begins."""
    members = [Member(host, unit_of(host) or Unit(host, "alone", "", (host,))) for host in hosts]
    canaries = asked.canaries if len(members) > 1 else 0
    first, others = members[:canaries], members[canaries:]
    found: list[Batch] = [(member.host,) for member in first]
    for group in _groups(others, asked.by):
        found.extend(_parts(group, asked))
    return tuple(found)


def together_at_most(members: int, asked: WavesInput) -> int:
    """How many members of a unit may be changed at a time. A server that is alone cannot be spared, and is changed."""
    kept = asked.in_service or (members + 1) // 2
    return max(1, members - kept)


def _groups(members: t.Sequence[Member], by: str) -> t.Iterator[list[Member]]:
    """Members of one unit stand together whatever they are grouped by, in the order they come in."""
    found: dict[object, list[Member]] = {}
    for member in members:
        # Single servers of a site, its firewalls for instance, go together where pools do.
        alone = len(member.unit.servers) == 1
        key: object = {
            "pool": (member.unit.site, "" if alone else member.unit.name),
            "site": member.unit.site,
        }.get(by, "")
        found.setdefault(key, []).append(member)
    yield from found.values()


def _parts(group: t.Sequence[Member], asked: WavesInput) -> t.Iterator[Batch]:
    """A group in waves that are small enough."""
    left = list(group)
    while left:
        taken: list[Member] = []
        of_unit: dict[str, int] = {}
        for member in left:
            if asked.count and len(taken) == asked.count:
                break
            name = member.unit.name
            if of_unit.get(name, 0) < together_at_most(len(member.unit.servers), asked):
                of_unit[name] = of_unit.get(name, 0) + 1
                taken.append(member)
        left = [member for member in left if member not in taken]
        yield tuple(member.host for member in taken)
