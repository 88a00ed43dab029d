# SPDX-License-Identifier: GPL-3.0-or-later
"""What must change in a zone, and what is ours in it afterwards. Pure. Private to the collection."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Iterable, Mapping

from ..contract import Operation
from ..limits import Changed, Limits
from . import names, rdata
from .records import Wanted, is_servers, key_text, set_text, tree_order
from .transfer import Key, Live, RRset, ordered

# Values that we put into the zone, by owner and type.
Owned = Mapping[Key, frozenset[bytes]]
NOTHING: frozenset[bytes] = frozenset()


@dataclasses.dataclass(frozen=True)
class Change:
    """A record set before and after; none where there is none. `others` when values that are not ours go."""

    key: Key
    before: RRset | None
    after: RRset | None
    others: bool = False
    why: str = ""

    @property
    def operation(self) -> Operation:
        action = "add" if self.before is None else "remove" if self.after is None else "change"
        before, after = set_text(self.key, self.before), set_text(self.key, self.after)
        return Operation(action, key_text(self.key), before, after, self.why)


@dataclasses.dataclass(frozen=True)
class Decision:
    """The changes, the problems that forbid them, and our values as they will be."""

    changes: tuple[Change, ...]
    conflicts: tuple[str, ...] = ()
    owned: Owned = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Policy:
    """How a plan deals with what it finds."""

    state: str
    default_ttl: int = 3600
    adopt: bool = False


def plan(want: Mapping[Key, Wanted], live: Live, owned: Owned, policy: Policy) -> Decision:
    """The changes that lead from what is there to what is wanted."""
    have = live.records
    if policy.state == "deleted":
        keys: Iterable[Key] = want or owned
        return _decision([_without_ours(key, have, owned) for key in keys], live, owned, want, policy)
    changes = []
    for key, wanted in want.items():
        before = have.get(key)
        if before is not None and before[1] == wanted.values and wanted.ttl in (None, before[0]):
            continue
        changes.append(_changed(key, before, wanted, owned, policy))
    if policy.state in ("replaced", "overridden"):
        changes += _in_the_way(want, have, owned)
    if policy.state == "overridden":
        changes += [_without_ours(key, have, owned) for key in owned if key not in want]
    return _decision(changes, live, owned, want, policy)


def _changed(key: Key, before: RRset | None, wanted: Wanted, owned: Owned, policy: Policy) -> Change | None:
    if before is None:
        ttl = policy.default_ttl if wanted.ttl is None else wanted.ttl
        return Change(key, None, (ttl, wanted.values), why=wanted.why)
    ttl = before[0] if wanted.ttl is None else wanted.ttl
    values = wanted.values
    if policy.state == "merged" and key[1] != rdata.CNAME:
        values = ordered([*before[1], *values])
    after = (ttl, values)
    if after == before:
        return None
    lost = set(before[1]) - set(values) - owned.get(key, NOTHING)
    return Change(key, before, after, others=bool(lost), why=wanted.why)


def _without_ours(key: Key, have: Mapping[Key, RRset], owned: Owned) -> Change | None:
    before = have.get(key)
    if before is None:
        return None
    ours = owned.get(key, NOTHING)
    kept = tuple(value for value in before[1] if value not in ours)
    if kept == before[1]:
        return None
    return Change(key, before, (before[0], kept) if kept else None)


def _in_the_way(want: Mapping[Key, Wanted], have: Mapping[Key, RRset], owned: Owned) -> list[Change | None]:
    """Our aliases where other types are wanted now, and the reverse."""
    ways = []
    aliases = {name for name, kind in want if kind == rdata.CNAME}
    for name in {name for name, kind in want if kind != rdata.CNAME}:
        key = (name, rdata.CNAME)
        if key in have and key in owned:
            ways.append(_without_ours(key, have, owned))
    if aliases:
        ways += [
            _without_ours(key, have, owned)
            for key in have
            if key[0] in aliases and key[1] != rdata.CNAME and key in owned
        ]
    return ways


def _decision(
    found: Iterable[Change | None], live: Live, owned: Owned, want: Mapping[Key, Wanted], policy: Policy
) -> Decision:
    changes = tuple(sorted({c.key: c for c in found if c}.values(), key=lambda change: tree_order(change.key)))
    return Decision(changes, tuple(_conflicts(changes, live)), _owned_after(changes, live, owned, want, policy))


def _owned_after(
    changes: Iterable[Change], live: Live, owned: Owned, want: Mapping[Key, Wanted], policy: Policy
) -> Owned:
    """Ours is what we add, and what was ours and stays; what was there before us stays others', unless adopted."""
    ours = dict(owned)
    for change in changes:
        before = set(change.before[1]) if change.before else NOTHING
        after = set(change.after[1]) if change.after else NOTHING
        ours[change.key] = frozenset(
            value for value in after if value not in before or value in ours.get(change.key, NOTHING)
        )
    if policy.adopt and policy.state != "deleted":
        for key, wanted in want.items():
            ours[key] = ours.get(key, NOTHING) | frozenset(wanted.values)
    if policy.state in ("overridden", "deleted") and live.complete:
        for key in [key for key in ours if key not in want or policy.state == "deleted"]:
            ours[key] = NOTHING if key not in live.records else ours[key]
    return {key: values for key, values in ours.items() if values}


def _conflicts(changes: Iterable[Change], live: Live) -> Iterable[str]:
    """What a server would ignore without a word: data beside an alias, and names that another zone holds."""
    added = [change for change in changes if change.after is not None]
    touched = {change.key[0] for change in added}
    if not touched:
        return
    at: dict[bytes, dict[int, RRset | None]] = collections.defaultdict(dict)
    for (name, kind), rrset in live.records.items():
        if name in touched and not is_servers((name, kind), b""):
            at[name][kind] = rrset
    for change in changes:
        at[change.key[0]][change.key[1]] = change.after
    cuts = {name for name, kind in live.records if kind in (rdata.NS, rdata.DNAME) and name != live.zone}
    for change in added:
        name, kind = change.key
        beside = sorted(other for other, rrset in at[name].items() if rrset is not None and other != kind)
        blocking = beside if kind == rdata.CNAME else [other for other in beside if other == rdata.CNAME]
        if blocking:
            listed = ", ".join(
                f"{rdata.type_text(other)} {set_text((name, other), at[name][other])}" for other in blocking
            )
            yield (
                f"{key_text(change.key)}: the name has {listed} that is not ours, "
                "and an alias allows nothing beside it; delete the one or leave out the other"
            )
        above = [parent for parent in [name, *names.parents(name, live.zone)] if parent in cuts and kind != rdata.NS]
        if above:
            yield (
                f"{key_text(change.key)}: {names.to_text(above[0])} is delegated or redirected elsewhere in this zone, "
                "so that nobody would see the record; write it into the zone that holds it"
            )


def too_many(decision: Decision, live: Live, want: Mapping[Key, Wanted], owned: Owned, limits: Limits) -> str:
    """Why so much is not removed or changed without being told to; empty when it is not much.

    A share of changes is one of what the run is about: records of others beside ours would only hide how much it is.
    """
    removed = [key_text(change.key) for change in decision.changes if change.after is None or change.others]
    changed = [key_text(change.key) for change in decision.changes if change.before and change.after]
    existing = len(live.records.keys() & (want.keys() | owned.keys()))
    different = Changed(changed, existing, "would get other values or another time to live")
    return limits.refusal(removed, len(owned), "record sets", "would go or lose others' values", different)


def foreign(live: Live, owned: Owned, want: Mapping[Key, Wanted]) -> list[str]:
    """What others have in the zone: record sets, and values beside ours, apart from the server's own."""
    found = []
    for key in sorted(live.records, key=tree_order):
        if is_servers(key, live.zone) or key in want:
            continue
        ttl, values = live.records[key]
        others = tuple(value for value in values if value not in owned.get(key, NOTHING))
        if others:
            found.append(f"{key_text(key)} {set_text(key, (ttl, others))}")
    return found
