# SPDX-License-Identifier: GPL-3.0-or-later
"""Long lists of options, checked in one pass. Private to the collection.

Ansible's own check of nested options costs 0.4 ms an item and names neither the index nor the value; lists of records,
rules and services run into the thousands.
"""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

from .contract import MOST_SHOWN


@dataclasses.dataclass(frozen=True)
class Field:
    """An option of an item: its kind, whether it must be there, and the words it may be."""

    kind: type
    required: bool = False
    choices: Sequence[str] = ()
    elements: type | None = None


Fields = Mapping[str, Field]

# Of each item that comes from a plan.
PLANNED: Fields = {
    "id": Field(str, required=True),
    "stage": Field(str, required=True),
    "why": Field(list, required=True, elements=str),
    "replaces": Field(str),
}


def problems_of(name: str, items: Any, fields: Fields) -> list[str]:
    """Everything wrong with a list of items, each with its index; an empty list when all is well."""
    if not isinstance(items, (list, tuple)):
        return [f"{name}: expected a list, got {type(items).__name__}"]
    found: list[str] = []
    required, plain = _required(fields), _plain(fields)
    # Most items of a list have the same options of the same kinds: what is yet to be looked at is found out once.
    shapes: dict[tuple[Any, ...], tuple[list[str], bool]] = {}
    for index, item in enumerate(items):
        if not isinstance(item, Mapping):
            found.append(f"{name}[{index}]: expected a mapping, got {item!r}")
            continue
        shape = (*item, *map(type, item.values()))
        if shape not in shapes:
            doubtful = [key for key, value in item.items() if plain.get(key) is not value.__class__]
            kinds = all(key in fields and fields[key].kind is item[key].__class__ for key in doubtful)
            shapes[shape] = doubtful, kinds and required <= item.keys()
        doubtful, may_be_right = shapes[shape]
        if not may_be_right or not all(is_just(item[key], fields[key]) for key in doubtful):
            found.extend(_item_problems(f"{name}[{index}]", item, doubtful, fields, required))
    return found


def item_problems(where: str, item: Mapping[str, Any], fields: Fields) -> list[str]:
    """Everything wrong with one item."""
    return _item_problems(where, item, list(item), fields, _required(fields))


def _required(fields: Fields) -> frozenset[str]:
    return frozenset(key for key, field in fields.items() if field.required)


def _plain(fields: Fields) -> dict[str, type]:
    """Options of which every value of their kind is right: a look at the kind is enough, for most of a long list."""
    return {key: field.kind for key, field in fields.items() if not field.choices and field.elements is None}


def _item_problems(
    where: str, item: Mapping[str, Any], keys: Iterable[str], fields: Fields, required: frozenset[str]
) -> list[str]:
    """What is wrong with the options `keys` of an item, and what is missing."""
    found = []
    for key in keys:
        value, field = item[key], fields.get(key)
        if field is not None and is_just(value, field):
            continue
        if field is None:
            found.append(f"{where}.{key}: no such option{nearest(key, fields)}")
        elif not _fits(value, field.kind):
            found.append(f"{where}.{key}: expected {field.kind.__name__}, got {value!r}")
        elif field.choices and value not in field.choices:
            found.append(
                f"{where}.{key}: {value!r} is none of {', '.join(field.choices)}{nearest(value, field.choices)}"
            )
        elif field.elements and not all(_fits(element, field.elements) for element in value):
            found.append(f"{where}.{key}: expected a list of {field.elements.__name__}, got {value!r}")
    if not required <= item.keys():
        found.extend(f"{where}.{key}: is missing" for key in fields if key in required and key not in item)
    return found


def is_just(value: Any, field: Field) -> bool:
    """A quick look that is enough for most values, and halves the time of long lists; the others are looked into."""
    kind: type = value.__class__
    if kind is not field.kind or (field.choices and value not in field.choices):
        return False
    return field.elements is None or {each.__class__ for each in value} <= {field.elements}


def _fits(value: Any, wanted: type) -> bool:
    if wanted is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if wanted is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, wanted)


def one_or_listed(options: Mapping[str, Any], listed: str, own: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The mappings in the option `listed`, or what the options themselves say in place of one, by where they stand.

    With everything that is no mapping, or an option that none has.
    """
    given = options.get(listed)
    if given is None:
        return {"": {name: options.get(name) for name in own}}, []
    if not isinstance(given, (list, tuple)):
        return {}, [f"{listed}: expected a list, got {given!r}"]
    found, problems = {}, []
    for index, item in enumerate(given):
        where = f"{listed}[{index}]"
        if not isinstance(item, Mapping):
            problems.append(f"{where}: expected a mapping, got {item!r}")
            continue
        unknown = sorted(set(item) - set(own))
        problems += [f"{where}.{option}: no such option{nearest(option, own)}" for option in unknown]
        found[f"{where}."] = item
    return found, problems


def given_twice(where: str, named: Iterable[tuple[Hashable, str]]) -> list[str]:
    """Items that have the same name as an earlier one: what tells them apart, and what they are called."""
    seen: dict[Hashable, int] = {}
    found = []
    for index, (name, shown) in enumerate(named):
        first = seen.setdefault(name, index)
        if first != index:
            found.append(f"{where}[{index}]: {shown} is given in {where}[{first}] already; leave one")
    return found


def refused(problems: Sequence[str], so: str = "nothing was done") -> str:
    """Why a task is not begun: all that is wrong with its options, a line each."""
    more = len(problems) - MOST_SHOWN
    listed = [*problems[:MOST_SHOWN], *([f"and {more} more"] if more > 0 else [])]
    return "\n".join([f"{len(problems)} problem(s) with the options; {so}:", *listed])


def nearest(word: Any, words: Any) -> str:
    """A hint at the word that may have been meant; empty when none is near."""
    found = difflib.get_close_matches(str(word), list(words), n=1)
    return f"; did you mean {found[0]}?" if found else ""
