# SPDX-License-Identifier: GPL-3.0-or-later
"""From plain YAML values to typed objects, collecting every problem on the way.

A decoder is compiled once per type. A wrong value never raises: the problem is recorded, and what was most likely meant
takes its place, or the option's default, so that everything else wrong with an inventory is found in the same run and
one slip is not reported again by all that depends on it. A guess never reaches a plan, since each comes with an error.
"""

from __future__ import annotations

import collections.abc
import dataclasses
import datetime
import ipaddress
import math
import types
import typing as t

from .fields import OptionInfo, options_of
from .kinds import INVENTORY, OneOf, TextKind
from .problems import Problem, Rule, join, nearest

Vocabulary = t.Mapping[str, t.Collection[str]]
INVALID: t.Final = object()
MISSING: t.Final = "(missing)"
_MOST_LISTED = 20


@dataclasses.dataclass(slots=True)
class Reader:
    """State of one decoding: the vocabularies that words are looked up in, and the problems found so far."""

    vocabulary: Vocabulary
    problems: list[Problem] = dataclasses.field(default_factory=list)

    def wrong(self, rule: Rule, path: str, value: object, allowed: str, near: str = "") -> object:
        self.problems.append(Problem(rule, path, value, allowed, near))
        return INVALID


Decoder = t.Callable[[object, str, Reader], object]
T = t.TypeVar("T")


def decode(cls: type[T], value: object, path: str, reader: Reader) -> T | None:
    """An instance of `cls` from a mapping, or None when the value is no such thing at all."""
    result = decoder_of(cls)(value, path, reader)
    return None if result is INVALID else t.cast("T", result)


def decoder_of(declared: object) -> Decoder:
    """The decoder for a declared type, compiled once."""
    if declared not in _COMPILED:
        _COMPILED[declared] = _compile(declared)
    return _COMPILED[declared]


_COMPILED: dict[object, Decoder] = {}


def _compile(declared: object) -> Decoder:
    if declared is object or declared is t.Any:
        return lambda value, path, reader: value
    origin = t.get_origin(declared)
    if origin is t.Annotated:
        base, *marks = t.get_args(declared)
        return _annotated(decoder_of(base), marks)
    if origin in (t.Union, types.UnionType):
        return _optional([a for a in t.get_args(declared) if a is not type(None)])
    if origin is t.Literal:
        return _literal(t.get_args(declared))
    if origin is tuple:
        return _sequence(decoder_of(t.get_args(declared)[0]))
    if origin in (dict, collections.abc.Mapping):
        key, item = t.get_args(declared)
        return _mapping(decoder_of(key), decoder_of(item))
    if isinstance(declared, type):
        if dataclasses.is_dataclass(declared):
            return _Record(declared)
        if declared in _SCALARS:
            return _SCALARS[declared]
    raise TypeError(f"no decoder for {declared!r}")


def _optional(members: list[object]) -> Decoder:
    if len(members) != 1:
        raise TypeError("only `X | None` unions can be decoded")
    inner = decoder_of(members[0])
    return lambda value, path, reader: None if value is None else inner(value, path, reader)


def _text(value: object, path: str, reader: Reader) -> object:
    if isinstance(value, str):
        return str(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    return reader.wrong("type", path, value, "text")


def _integer(value: object, path: str, reader: Reader) -> object:
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        return reader.wrong("type", path, value, "a whole number")
    try:
        number = int(value)
    except ValueError:
        return reader.wrong("type", path, value, "a whole number")
    return number if number >= 0 else reader.wrong("range", path, value, "a whole number from 0")


def _number(value: object, path: str, reader: Reader) -> object:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return reader.wrong("type", path, value, "a number")
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return reader.wrong("type", path, value, "a number")
    return number if math.isfinite(number) else reader.wrong("type", path, value, "a number")


def _boolean(value: object, path: str, reader: Reader) -> object:
    return bool(value) if isinstance(value, bool) else reader.wrong("type", path, value, "true or false")


def _address(value: object, path: str, reader: Reader) -> object:
    try:
        return ipaddress.IPv4Address(value) if isinstance(value, str) else _not_ipv4(value, path, reader)
    except ValueError:
        return _not_ipv4(value, path, reader)


def _not_ipv4(value: object, path: str, reader: Reader) -> object:
    return reader.wrong("malformed", path, value, "an IPv4 address such as 10.20.0.11")


def _network(value: object, path: str, reader: Reader) -> object:
    allowed = "an IPv4 network such as 10.20.0.0/24, its host bits zero"
    if not isinstance(value, str):
        return reader.wrong("malformed", path, value, allowed)
    try:
        return ipaddress.IPv4Network(value)
    except ValueError:
        reader.wrong("malformed", path, value, allowed)
    try:
        return ipaddress.IPv4Network(value, strict=False)
    except ValueError:
        return INVALID


def _date(value: object, path: str, reader: Reader) -> object:
    if isinstance(value, datetime.datetime):
        return value.date()
    if isinstance(value, datetime.date):
        return value
    try:
        return datetime.date.fromisoformat(str(value))
    except ValueError:
        return reader.wrong("malformed", path, value, "a date such as 2027-01-31")


_SCALARS: dict[type, Decoder] = {
    str: _text,
    int: _integer,
    float: _number,
    bool: _boolean,
    datetime.date: _date,
    ipaddress.IPv4Address: _address,
    ipaddress.IPv4Network: _network,
}


def _annotated(base: Decoder, marks: list[object]) -> Decoder:
    mark = marks[0]
    if isinstance(mark, TextKind):
        return _checked(base, mark)
    if isinstance(mark, OneOf):
        return _word(base, mark)
    return base


def _checked(base: Decoder, kind: TextKind) -> Decoder:
    def read(value: object, path: str, reader: Reader) -> object:
        text = base(value, path, reader)
        if text is INVALID or kind.accepts(t.cast("str", text)):
            return text
        return reader.wrong("malformed", path, value, kind.allowed)

    return read


def _word(base: Decoder, one_of: OneOf) -> Decoder:
    def read(value: object, path: str, reader: Reader) -> object:
        text = base(value, path, reader)
        known = reader.vocabulary.get(one_of.vocabulary)
        if text is INVALID or known is None or text in known:
            return text
        rule: Rule = "reference" if one_of.vocabulary.startswith(INVENTORY) else "choice"
        near = nearest(str(text), known)
        reader.wrong(rule, path, value, _listed(known), near)
        return near or INVALID

    return read


def _listed(words: t.Collection[str]) -> str:
    shown = sorted(words)[:_MOST_LISTED]
    more = len(words) - len(shown)
    return (", ".join(shown) + (f" and {more} more" if more else "")) or "none is declared"


def _literal(choices: tuple[object, ...]) -> Decoder:
    words = [str(choice) for choice in choices]

    def read(value: object, path: str, reader: Reader) -> object:
        for choice in choices:
            if value == choice and isinstance(value, bool) == isinstance(choice, bool):
                return choice
        near = nearest(str(value), words)
        reader.wrong("choice", path, value, ", ".join(words), near)
        return choices[words.index(near)] if near else INVALID

    return read


def _sequence(item: Decoder) -> Decoder:
    def read(value: object, path: str, reader: Reader) -> object:
        if not isinstance(value, (list, tuple)):
            return reader.wrong("type", path, value, "a list")
        results = (item(element, f"{path}[{index}]", reader) for index, element in enumerate(value))
        return tuple(result for result in results if result is not INVALID)

    return read


def _mapping(key: Decoder, item: Decoder) -> Decoder:
    def read(value: object, path: str, reader: Reader) -> object:
        if not isinstance(value, collections.abc.Mapping):
            return reader.wrong("type", path, value, "a mapping")
        found = {}
        for name, element in value.items():
            below = join(path, name)
            decoded = key(name, below, reader)
            result = item(element, below, reader)
            if decoded is not INVALID and result is not INVALID:
                found[decoded] = result
        return found

    return read


class _Record:
    """Decoder of an input class. Its options are looked up at first use, since classes may refer to one another."""

    def __init__(self, cls: type) -> None:
        self._cls = cls
        self._options: dict[str, tuple[OptionInfo, Decoder]] = {}
        self._required: list[OptionInfo] = []
        self._shorthand: str | None = getattr(cls, "SHORTHAND", None)

    def _prepare(self) -> None:
        for info in options_of(self._cls):
            self._options[info.key] = (info, decoder_of(info.type))
            if info.required:
                self._required.append(info)

    def __call__(self, value: object, path: str, reader: Reader) -> object:
        if not self._options:
            self._prepare()
        if value is None:
            value = {}
        if not isinstance(value, collections.abc.Mapping):
            if self._shorthand is None:
                return reader.wrong("type", path, value, "a mapping with " + ", ".join(self._options))
            value = {self._shorthand: value}
        arguments = self._arguments(value, path, reader)
        for info in self._required:
            if info.name in arguments:
                continue
            guess = _stand_in(info.type)
            if info.key not in value:
                reader.wrong("missing", join(path, info.key), None, info.doc)
            if guess is INVALID:
                return INVALID
            arguments[info.name] = guess
        return self._cls(**arguments)

    def _arguments(self, value: t.Mapping[t.Any, object], path: str, reader: Reader) -> dict[str, object]:
        arguments: dict[str, object] = {}
        for key, element in value.items():
            below = join(path, key)
            entry = self._options.get(key) if isinstance(key, str) else None
            if entry is None:
                near = nearest(str(key), self._options)
                reader.wrong("unknown", below, element, ", ".join(self._options), near)
                if not near or near in value:
                    continue
                entry = self._options[near]
            info, decoder = entry
            if element is None and not info.required:
                continue
            result = decoder(element, below, reader)
            if result is not INVALID:
                arguments[info.name] = result
        return arguments


def _stand_in(declared: t.Any) -> object:
    """What a missing option is taken for while the rest of the inventory is looked at."""
    origin = t.get_origin(declared)
    if origin is t.Annotated:
        return "" if t.get_args(declared)[0] is str else INVALID
    if origin is t.Literal:
        return t.get_args(declared)[0]
    if origin is tuple:
        return ()
    if origin in (dict, collections.abc.Mapping):
        return {}
    return MISSING if declared is str else INVALID
