# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes as UPDATE messages of a size that TCP carries. Private to the collection."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

from . import rdata, wire
from .errors import DnsError
from .planning import Change
from .records import key_text
from .transfer import Live

_ADDRESSES = (rdata.A, rdata.AAAA)
# Of a record: a pointer, type, class, time to live and length. Of a message: its header and the rest of its question.
_OVERHEAD = 12
_HEADER = 16


@dataclasses.dataclass(frozen=True)
class Update:
    """One message, which the server does as a whole or not at all."""

    writer: wire.Writer
    changes: tuple[Change, ...]


def messages(changes: Sequence[Change], live: Live, most: int = 0) -> list[Update]:
    """What is added before what is removed, addresses before what leads to them, and no name in two messages."""
    used = frozenset(name for name, _kind in live.records)
    found: list[Update] = []
    collected: list[Change] = []
    most = most or wire.Writer.MOST
    room = most - len(live.zone) - _HEADER
    size = 0
    for group in _by_name(changes):
        takes = _size(group, live.zone)
        if takes > room:
            raise DnsError(
                f"the values before and after take {takes} octets, more than one message carries ({most})",
                "Divide the values among names, or delete the record set by hand first",
                key_text(group[0].key),
            )
        if collected and size + takes > room:
            found.append(_update(collected, live, used))
            collected, size = [], 0
        collected += group
        size += takes
    if collected:
        found.append(_update(collected, live, used))
    return found


def _by_name(changes: Sequence[Change]) -> Iterable[list[Change]]:
    groups: dict[bytes, list[Change]] = {}
    for change in changes:
        groups.setdefault(change.key[0], []).append(change)
    return sorted(groups.values(), key=_turn)


def _turn(group: Sequence[Change]) -> int:
    added = [change.key[1] for change in group if change.after is not None]
    if added:
        return 0 if any(kind in _ADDRESSES for kind in added) else 1
    return 3 if any(change.key[1] in _ADDRESSES for change in group) else 2


def _size(group: Sequence[Change], zone: bytes) -> int:
    """At most so many octets: the zone's part of each name is pointed at."""
    record = len(group[0].key[0]) - len(zone) + _OVERHEAD
    total = 0
    for change in group:
        before = change.before[1] if change.before else ()
        after = change.after[1] if change.after else ()
        # Each value before may stand as a prerequisite and as a removal; what is new requires up to two absences.
        total += sum(2 * (record + len(value)) for value in before) + sum(record + len(value) for value in after)
        total += 0 if before else 2 * record
    return total


def _update(changes: Sequence[Change], live: Live, used: frozenset[bytes]) -> Update:
    writer = wire.Writer(live.zone)
    for change in changes:
        _require(writer, change, live, used)
    for change in changes:
        _remove(writer, change)
    for change in changes:
        _add(writer, change)
    return Update(writer, tuple(changes))


def _require(writer: wire.Writer, change: Change, live: Live, used: frozenset[bytes]) -> None:
    """That all is still as it was read."""
    name, kind = change.key
    if change.before is not None:
        for value in change.before[1]:
            writer.require(name, kind, wire.IN, value)
        return
    if live.is_free(name, used):
        writer.require_unused(name)
        return
    writer.require(name, kind, wire.NONE)
    alias = (name, rdata.CNAME)
    if kind != rdata.CNAME and alias not in live.records:
        writer.require(name, rdata.CNAME, wire.NONE)


def _remove(writer: wire.Writer, change: Change) -> None:
    if change.before is None:
        return
    name, kind = change.key
    if change.after is None:
        writer.update(name, kind, wire.ANY_CLASS, 0, b"")
        return
    kept = frozenset(change.after[1])
    for value in change.before[1]:
        if value not in kept:
            writer.update(name, kind, wire.NONE, 0, value)


def _add(writer: wire.Writer, change: Change) -> None:
    if change.after is None:
        return
    name, kind = change.key
    ttl, values = change.after
    there = frozenset(change.before[1]) if change.before and change.before[0] == ttl else frozenset()
    for value in values:
        if value not in there:
            writer.update(name, kind, wire.IN, ttl, value)
