# SPDX-License-Identifier: GPL-3.0-or-later
"""What must be done to a registry so that it holds what is wanted. Pure. Private to the collection.

A value is ours when we wrote it and it still is what we wrote. All others are foreign: they are changed only where the
plan names them, and never removed.
"""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Mapping, Sequence

from ..contract import Operation
from ..limits import USUAL, Limits
from .values import KeyId, Value, ValueId, folded, key_id

REMOVING = ("replaced", "overridden")


@dataclasses.dataclass(frozen=True)
class Wanted:
    """A planned value and the rows that ask for it."""

    value: Value
    why: str = ""


@dataclasses.dataclass(frozen=True)
class LiveKey:
    """A key that is there: its values, and how many keys are below it."""

    hive: str
    key: str
    values: Sequence[Value] = ()
    subkeys: int = 0

    @property
    def id(self) -> KeyId:
        return key_id(self.hive, self.key)


@dataclasses.dataclass(frozen=True)
class Reading:
    """What was found: the keys that are there, and of the others all that is missing, with the keys above them."""

    keys: Sequence[LiveKey]
    absent: Sequence[tuple[str, str]] = ()
    unfinished: str = ""
    would_need: str = ""


@dataclasses.dataclass(frozen=True)
class Owned:
    """What is ours at a target: values as we wrote them, and keys that we made.

    While a run is under way a value may be there twice, as it was and as it shall be.
    """

    values: Sequence[Value] = ()
    keys: Sequence[tuple[str, str]] = ()


@dataclasses.dataclass(frozen=True)
class Previous:
    """A place before a run and as the run left it; None where there is no value."""

    hive: str
    key: str
    name: str
    value: Value | None
    left: Value | None = None

    @property
    def id(self) -> ValueId:
        return self._place.id

    @property
    def path(self) -> str:
        return self._place.path

    @property
    def _place(self) -> Value:
        return Value(self.hive, self.key, self.name, 0, b"")


@dataclasses.dataclass(frozen=True)
class Change:
    """One step: a value to set, a value to remove, or with neither `after` nor `before` an empty key to remove.

    With `unfinished` it stands for no place, but for finishing what a run that was stopped left half done.
    """

    hive: str
    key: str
    name: str = ""
    before: Value | None = None
    after: Value | None = None
    why: str = ""
    unfinished: str = ""

    @property
    def is_key(self) -> bool:
        return self.before is None and self.after is None and not self.unfinished

    @property
    def operation(self) -> Operation:
        """As results and differences show it."""
        if self.unfinished:
            return Operation("change", "version", before=self.unfinished, after="the same in both, and higher")
        if self.is_key:
            return Operation("remove", f"{self.hive}\\{self.key}", before="key, empty and made by us")
        action = "change" if self.before and self.after else "add" if self.after else "remove"
        before = self.before.shown if self.before else ""
        after = self.after.shown if self.after else ""
        return Operation(action, Value(self.hive, self.key, self.name, 0, b"").path, before, after, self.why)


@dataclasses.dataclass(frozen=True)
class Planned:
    """The steps, what is not ours and stays, and why nothing must be done at all, if so."""

    changes: Sequence[Change] = ()
    foreign: Sequence[str] = ()
    refusal: str = ""


def plan(state: str, want: Sequence[Wanted], have: Sequence[LiveKey], owned: Owned, limits: Limits = USUAL) -> Planned:
    """The steps from what is there to what is wanted."""
    live = {value.id: value for key in have for value in key.values}
    ours = {value.id for value in owned.values if value.same_as(live.get(value.id))}
    wanted = {item.value.id: item for item in want}
    planned_keys = {item.value.key_id for item in want}
    deleting = state == "deleted"
    removed = [value for value in live.values() if value.id in ours and _goes(value, state, wanted, planned_keys)]
    writes = [_written(item, live) for item in want if not deleting and not item.value.same_as(live.get(item.value.id))]
    gone = {value.id for value in removed}
    changes = [*writes, *(Change(v.hive, v.key, v.name, before=v) for v in removed)]
    if deleting or state in REMOVING:
        changes += _emptied(have, owned, gone, set() if deleting else planned_keys)
    foreign = [value.path for value in live.values() if value.id not in ours and (deleting or value.id not in wanted)]
    return Planned(
        tuple(changes),
        tuple(foreign),
        limits.refusal([value.path for value in removed], len(owned.values), "values") if state in REMOVING else "",
    )


def restore(previous: Sequence[Previous], made: Sequence[tuple[str, str]], have: Sequence[LiveKey]) -> Planned:
    """The steps back to what was there before a run that made some keys. What others changed since stops all of it."""
    live = {value.id: value for key in have for value in key.values}
    changes, touched = [], []
    for place in previous:
        now = live.get(place.id)
        if _same(now, place.value):
            continue
        if not _same(now, place.left):
            touched.append(f"{place.path} was left as {_shown(place.left)} and is {_shown(now)}")
        changes.append(Change(place.hive, place.key, place.name, before=now, after=place.value))
    if touched:
        return Planned(
            refusal="changed since that run: " + "; ".join(touched) + ". Put it back by hand, or to how the run left it"
        )
    gone = {place.id for place in previous if place.value is None}
    kept = {place.value.key_id for place in previous if place.value is not None}
    changes += _emptied(have, Owned(keys=made), gone, kept)
    return Planned(tuple(changes))


def previous_of(changes: Sequence[Change]) -> list[Previous]:
    """What must be kept to undo the steps."""
    return [Previous(c.hive, c.key, c.name, c.before, c.after) for c in changes if c.before or c.after]


def made_by(changes: Sequence[Change], absent: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Those of the keys that are missing now which the steps will make."""
    paths = {(change.hive, folded(change.key) + "\\") for change in changes if change.after is not None}
    return [
        key for key in absent if any(hive == key[0] and path.startswith(folded(key[1]) + "\\") for hive, path in paths)
    ]


def intended(owned: Owned, changes: Sequence[Change], made: Sequence[tuple[str, str]]) -> Owned:
    """What is ours wherever a run is stopped between the first and the last of the steps."""
    return Owned(
        (*owned.values, *(change.after for change in changes if change.after is not None)),
        tuple({key_id(*key): key for key in (*owned.keys, *made)}.values()),
    )


def owned_after(owned: Owned, done: Sequence[Change], made: Sequence[tuple[str, str]]) -> Owned:
    """What is ours once the steps are done."""
    values = {value.id: value for value in owned.values}
    keys = {key_id(*key): key for key in (*owned.keys, *made)}
    for change in done:
        if change.is_key:
            keys.pop(key_id(change.hive, change.key), None)
        elif change.after is not None:
            values[change.after.id] = change.after
        elif change.before is not None:
            values.pop(change.before.id, None)
    return Owned(tuple(values.values()), tuple(keys.values()))


def owned_restored(now: Owned, before: Owned, previous: Sequence[Previous], removed: Sequence[Change]) -> Owned:
    """What is ours once a run is undone: as before it at the places that it changed, as now everywhere else."""
    places = {place.id for place in previous}
    gone = {key_id(change.hive, change.key) for change in removed if change.is_key}
    values = [value for value in now.values if value.id not in places]
    values += [value for value in before.values if value.id in places]
    return Owned(tuple(values), tuple(key for key in now.keys if key_id(*key) not in gone))


def keys_of(want: Sequence[Wanted], owned: Owned) -> list[tuple[str, str]]:
    """The keys that must be read, each once."""
    places = [(v.hive, v.key) for v in (*(item.value for item in want), *owned.values)]
    return list({key_id(*place): place for place in (*places, *owned.keys)}.values())


def _goes(value: Value, state: str, wanted: Mapping[ValueId, Wanted], planned_keys: set[KeyId]) -> bool:
    """Whether a value of ours is one too many."""
    if state == "deleted":
        return not wanted or value.id in wanted
    if value.id in wanted:
        return False
    return state == "overridden" or (state == "replaced" and value.key_id in planned_keys)


def _written(item: Wanted, live: Mapping[ValueId, Value]) -> Change:
    value = item.value
    return Change(value.hive, value.key, value.name, before=live.get(value.id), after=value, why=item.why)


def _emptied(have: Sequence[LiveKey], owned: Owned, gone: set[ValueId], kept: set[KeyId]) -> list[Change]:
    """Keys that we made and that hold nothing any more, those below them included; the deepest first."""
    made = {key_id(*key) for key in owned.keys}
    below: collections.Counter[KeyId] = collections.Counter()
    changes = []
    for key in sorted(have, key=lambda key: -key.key.count("\\")):
        bare = all(value.id in gone for value in key.values) and key.subkeys == below[key.id]
        if key.id in made and key.id not in kept and bare:
            below[key_id(key.hive, key.key.rpartition("\\")[0])] += 1
            changes.append(Change(key.hive, key.key))
    return changes


def _same(one: Value | None, other: Value | None) -> bool:
    return one is None if other is None else other.same_as(one)


def _shown(value: Value | None) -> str:
    return value.shown if value else "nothing"
