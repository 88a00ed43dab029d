# SPDX-License-Identifier: GPL-3.0-or-later
"""Declared types in other forms: JSON Schema for editors and for plan.json, and words for documentation."""

from __future__ import annotations

import collections.abc
import dataclasses
import datetime
import ipaddress
import types
import typing as t

from .decode import Vocabulary
from .fields import options_of
from .kinds import INVENTORY, OneOf, TextKind

Schema = dict[str, t.Any]
_WORDS = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    datetime.date: "date",
    ipaddress.IPv4Address: "IPv4 address",
    ipaddress.IPv4Network: "IPv4 network",
    object: "anything",
}
_JSON: dict[object, Schema] = {
    str: {"type": ["string", "number"]},
    int: {"type": "integer", "minimum": 0},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    datetime.date: {"type": "string", "format": "date"},
    ipaddress.IPv4Address: {"type": "string", "format": "ipv4"},
    ipaddress.IPv4Network: {"type": "string", "pattern": r"^[0-9.]+/[0-9]+$"},
    object: {},
    t.Any: {},
}


class SchemaBuilder:
    """Collects the classes that a schema refers to under `$defs`."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self.definitions: dict[str, Schema] = {}

    def of(self, declared: t.Any) -> Schema:
        """The schema of a declared type."""
        origin = t.get_origin(declared)
        if origin is t.Annotated:
            return self._annotated(*t.get_args(declared)[:2])
        if origin in (t.Union, types.UnionType):
            members = [self.of(member) for member in t.get_args(declared) if member is not type(None)]
            return members[0] if len(members) == 1 else {"anyOf": members}
        if origin is t.Literal:
            return {"enum": list(t.get_args(declared))}
        if origin is tuple:
            return {"type": "array", "items": self.of(t.get_args(declared)[0])}
        if origin in (dict, collections.abc.Mapping):
            return {"type": "object", "additionalProperties": self.of(t.get_args(declared)[1])}
        if dataclasses.is_dataclass(declared):
            return self._record(t.cast("type", declared))
        return dict(_JSON[declared])

    def _annotated(self, base: t.Any, mark: object) -> Schema:
        if isinstance(mark, OneOf):
            known = self._vocabulary.get(mark.vocabulary)
            return {"enum": sorted(known)} if known else {"type": "string"}
        schema = self.of(base)
        if isinstance(mark, TextKind) and mark.json_pattern:
            schema["pattern"] = mark.json_pattern
        return schema

    def _record(self, cls: type) -> Schema:
        name = cls.__name__
        if name not in self.definitions:
            self.definitions[name] = {}
            options = options_of(cls)
            self.definitions[name] = {
                "type": "object",
                "description": (cls.__doc__ or "").strip(),
                "properties": {info.key: {**self.of(info.type), **described(info.doc)} for info in options},
                "required": [info.key for info in options if info.required],
                "additionalProperties": False,
            }
        reference = {"$ref": f"#/$defs/{name}"}
        shorthand = getattr(cls, "SHORTHAND", None)
        return {"anyOf": [reference, {"type": "string"}]} if shorthand else reference


def described(doc: str) -> Schema:
    return {"description": doc} if doc else {}


def words_of(declared: t.Any, vocabulary: Vocabulary) -> str:
    """A declared type in words, for a table."""
    origin = t.get_origin(declared)
    if origin is t.Annotated:
        base, mark = t.get_args(declared)[:2]
        if isinstance(mark, OneOf):
            return _words_of_vocabulary(mark.vocabulary, vocabulary)
        return mark.name if isinstance(mark, TextKind) else words_of(base, vocabulary)
    if origin in (t.Union, types.UnionType):
        return words_of(next(a for a in t.get_args(declared) if a is not type(None)), vocabulary)
    if origin is t.Literal:
        return " or ".join(f"`{choice}`" for choice in t.get_args(declared) if choice != "")
    if origin is tuple:
        return f"list of {words_of(t.get_args(declared)[0], vocabulary)}"
    if origin in (dict, collections.abc.Mapping):
        key, value = t.get_args(declared)
        return f"{words_of(key, vocabulary)} → {words_of(value, vocabulary)}"
    if dataclasses.is_dataclass(declared):
        name = t.cast("type", declared).__name__
        return f"[{name}](#{name.lower()})"
    return _WORDS.get(declared, "anything")


def _words_of_vocabulary(name: str, vocabulary: Vocabulary) -> str:
    if name.startswith(INVENTORY):
        return f"name of one of your {name.removeprefix(INVENTORY).replace('_', ' ')}"
    return f"word of [{name}](#words)" if name in vocabulary else "text"


def classes_below(cls: type) -> tuple[type, ...]:
    """Input classes that the options of a class refer to, in the order a reader meets them."""
    found: dict[type, None] = {}
    for info in options_of(cls):
        for inner in _classes_in(info.type):
            found.setdefault(inner)
            found.update(dict.fromkeys(classes_below(inner)))
    return tuple(found)


def _classes_in(declared: t.Any) -> t.Iterator[type]:
    if isinstance(declared, type) and dataclasses.is_dataclass(declared):
        yield declared
    for argument in t.get_args(declared):
        yield from _classes_in(argument)
