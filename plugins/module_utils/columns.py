# SPDX-License-Identifier: GPL-3.0-or-later
"""Long lists of items as columns, in which a value that many items have stands once. Private to the collection.

Thousands of items that come from a plan differ in few of their options. As columns they are a sixth of the text, and
what is found out about a value is found out once.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .items import Fields, is_just

_NONE = -1
_MARK = "columns"


@dataclasses.dataclass(frozen=True)
class Column:
    """The values of an option, and which of them each item has."""

    values: Sequence[Any]
    at: Sequence[int]

    def listed(self) -> list[Any]:
        """The value of each item."""
        values = self.values
        return [values[place] for place in self.at]

    def map(self, made: Callable[[Any], Any]) -> Column:
        """Something made of each value."""
        return Column([made(value) for value in self.values], self.at)


def joined(*columns: Column) -> Column:
    """Tuples of the values that items have in several columns."""
    places = list(zip(*(column.at for column in columns)))
    known = {place: number for number, place in enumerate(dict.fromkeys(places))}
    values = [tuple([column.values[at] for column, at in zip(columns, place)]) for place in known]
    return Column(values, [known[place] for place in places])


@dataclasses.dataclass(frozen=True)
class Table:
    """Items by their options."""

    count: int
    columns: Mapping[str, Column]

    @classmethod
    def of(cls, items: Sequence[Mapping[str, Any]]) -> Table:
        names = dict.fromkeys(name for item in items for name in item)
        return cls(len(items), {name: _column(name, items) for name in names})

    @classmethod
    def read(cls, given: Any) -> Table | None:
        """What `text` wrote, once it is no text any more; None for anything else."""
        if not isinstance(given, dict) or given.keys() != {_MARK, "count"}:
            return None
        return cls(given["count"], {name: Column(*column) for name, column in given[_MARK].items()})

    def text(self) -> str:
        columns = {name: [column.values, column.at] for name, column in self.columns.items()}
        return json.dumps({"count": self.count, _MARK: columns}, separators=(",", ":"))

    def items(self) -> list[dict[str, Any]]:
        return [
            {name: each.values[each.at[index]] for name, each in self.columns.items() if each.at[index] != _NONE}
            for index in range(self.count)
        ]

    def column(self, name: str, default: Any = None) -> Column:
        """An option of all items; those that do not have it have the default."""
        found = self.columns.get(name) or Column((), [_NONE] * self.count)
        # The place of those counts from the end.
        return Column([*found.values, default], found.at) if _NONE in found.at else found

    def is_just(self, fields: Fields) -> bool:
        """A quick look that is enough for most lists; the others are looked into item by item."""
        return all(
            name in self.columns and _NONE not in self.columns[name].at
            for name, field in fields.items()
            if field.required
        ) and all(
            name in fields and all(is_just(value, fields[name]) for value in column.values)
            for name, column in self.columns.items()
        )


def as_text(items: Sequence[Any]) -> str:
    """Items on their way to a module, which reads a table or a list; what is no item is left for it to tell."""
    if items and all(isinstance(item, Mapping) for item in items):
        return Table.of(items).text()
    return json.dumps(items)


def _column(name: str, items: Sequence[Mapping[str, Any]]) -> Column:
    known: dict[Any, int] = {}
    values: list[Any] = []
    at = []
    for item in items:
        if name not in item:
            at.append(_NONE)
            continue
        value = item[name]
        # Of what cannot be compared by itself, and of what is equal though of another kind, how it is written.
        key = value if value.__class__ is str else (value.__class__, repr(value))
        place = known.setdefault(key, len(values))
        if place == len(values):
            values.append(value)
        at.append(place)
    return Column(values, at)
