# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON that reads well in a diff: each item of a list stands on a line of its own.

Written so for speed too: the standard library indents in Python but encodes single lines in C.
"""

from __future__ import annotations

import dataclasses
import json
import operator
import typing as t

_FIELDS: dict[type, tuple[tuple[str, ...], t.Callable[[t.Any], t.Any]]] = {}


def to_mapping(value: t.Any) -> dict[str, t.Any]:
    """A dataclass as a mapping of its fields, one level deep."""
    cls = type(value)
    if cls not in _FIELDS:
        names = tuple(field.name for field in dataclasses.fields(cls))
        _FIELDS[cls] = (names, operator.attrgetter(*names) if len(names) > 1 else lambda one: (getattr(one, names[0]),))
    names, values = _FIELDS[cls]
    return dict(zip(names, values(value), strict=True))


# What is planned is a tree: nothing needs to look for circles.
_encode = json.JSONEncoder(ensure_ascii=False, default=to_mapping, check_circular=False).encode


def dump(content: t.Mapping[str, t.Any] | t.Sequence[t.Any]) -> str:
    """A mapping of lists, or a list, of whatever mappings, lists and dataclasses hold."""
    return _block(content, depth=2) + "\n"


def plain(value: t.Any) -> t.Any:
    """Dataclasses to mappings and tuples to lists, all the way down."""
    if isinstance(value, (str, int, float)) or value is None:
        return value
    if isinstance(value, (tuple, list)):
        return [plain(element) for element in value]
    mapping = value if isinstance(value, dict) else to_mapping(value)
    return {key: plain(element) for key, element in mapping.items()}


def _block(content: t.Any, depth: int) -> str:
    if depth and dataclasses.is_dataclass(content):
        content = to_mapping(content)
    if depth and isinstance(content, dict) and content:
        lines = [f"{_encode(str(key))}: {_block(value, depth - 1)}" for key, value in content.items()]
        return "{\n" + ",\n".join(lines) + "\n}"
    if depth and isinstance(content, (list, tuple)) and content:
        return "[\n" + ",\n".join(map(_encode, content)) + "\n]"
    return _encode(content)
