# SPDX-License-Identifier: GPL-3.0-or-later
"""What is ours in each registry, and what each run found there, as files. Private to the collection.

A registry has no place for marks of ownership that programs would not stumble over, so ownership is a file that names
values with their data. Without the file nothing is ours, and nothing is removed.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from .. import journal as shared
from ..journal import JournalError
from .engine import Owned, Previous
from .values import TYPES, Value, data_of, key_id, raw_of, type_name

Decoded = TypeVar("Decoded")


@dataclasses.dataclass(frozen=True)
class Stored:
    """What a run found: the places it changed, the keys it made, and what was ours before."""

    previous: Sequence[Previous] = ()
    made: Sequence[tuple[str, str]] = ()
    owned: Owned = dataclasses.field(default_factory=Owned)


class Journal:
    """The files of one target."""

    def __init__(self, parent: str, target: str) -> None:
        self._files = shared.Journal(parent, target)

    @property
    def folder(self) -> Path:
        return self._files.folder

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """While this lasts no other run works on the target."""
        with self._files.locked():
            yield

    def owned(self) -> Owned:
        """What is ours; nothing where there is no file yet."""
        return self._decoded("owned.json", self._files.owned(), _owned) or Owned()

    def own(self, owned: Owned) -> None:
        self._files.own(_owned_json(owned))

    def begin(self, run: str, found: Stored) -> Path:
        """Store the state before a run, before anything is changed; what an earlier part of the run found stays."""
        if not self._files.has(run):
            return self._files.store(run, _stored_json(found))
        self._files.replace(run, _stored_json(_joined(self.stored(run), found)))
        return self._files.store(run, None)

    def note(self, run: str, words: str) -> None:
        self._files.note(run, words)

    def stored(self, run: str) -> Stored:
        """The state before a run."""
        content = self._files.stored(run)
        return self._decoded(f"runs/{run}.json", content, _stored) or Stored()

    def has(self, run: str) -> bool:
        return self._files.has(run)

    def runs(self) -> list[str]:
        return self._files.runs()

    def _decoded(self, name: str, content: Any, decode: Callable[[Any], Decoded]) -> Decoded | None:
        if content is None:
            return None
        try:
            return decode(content)
        except (KeyError, TypeError, ValueError) as error:
            raise shared.spoilt(self.folder / name, error) from None


__all__ = ["Journal", "JournalError", "Stored"]


def _joined(first: Stored, then: Stored) -> Stored:
    """As before the first part of a run, and left as by the last."""
    left = {place.id: place.left for place in then.previous}
    known = {place.id for place in first.previous}
    previous = [dataclasses.replace(place, left=left.get(place.id, place.left)) for place in first.previous]
    made = {key_id(*key): key for key in (*first.made, *then.made)}
    return Stored(
        (*previous, *(place for place in then.previous if place.id not in known)), tuple(made.values()), first.owned
    )


def _stored_json(stored: Stored) -> dict[str, Any]:
    return {
        "previous": [_place(item) for item in stored.previous],
        "made": [list(key) for key in stored.made],
        **_owned_json(stored.owned),
    }


def _stored(content: Mapping[str, Any]) -> Stored:
    return Stored(tuple(_previous(item) for item in content["previous"]), _keys(content["made"]), _owned(content))


def _owned_json(owned: Owned) -> dict[str, Any]:
    return {
        "values": [_item(value) for value in sorted(owned.values, key=lambda value: value.id)],
        "keys": [list(key) for key in owned.keys],
    }


def _owned(content: Mapping[str, Any]) -> Owned:
    return Owned(tuple(_value(item) for item in content["values"]), _keys(content["keys"]))


def _keys(listed: Any) -> tuple[tuple[str, str], ...]:
    return tuple((str(hive), str(key)) for hive, key in listed)


def _item(value: Value) -> dict[str, Any]:
    """As arguments have it where that is the same to the last byte."""
    data = data_of(value.kind, value.raw)
    exact = isinstance(data, dict) or raw_of(value.kind, data) == value.raw
    named = type_name(value.kind)
    return {
        "hive": value.hive,
        "key": value.key,
        "name": value.name,
        "type": named if named in TYPES else value.kind,
        "data": data if exact else {"hex": value.raw.hex()},
    }


def _value(item: Mapping[str, Any]) -> Value:
    kind = item["type"] if isinstance(item["type"], int) else TYPES[item["type"]]
    return Value(item["hive"], item["key"], item["name"], kind, raw_of(kind, item["data"]))


def _place(item: Previous) -> dict[str, Any]:
    sides = {"value": item.value, "left": item.left}
    return {
        **{name: getattr(item, name) for name in ("hive", "key", "name")},
        **{side: _item(value) if value else None for side, value in sides.items()},
    }


def _previous(item: Mapping[str, Any]) -> Previous:
    value, left = (_value(item[side]) if item[side] else None for side in ("value", "left"))
    return Previous(item["hive"], item["key"], item["name"], value, left)
