# SPDX-License-Identifier: GPL-3.0-or-later
"""Patterns of normalization rules and routes: compiled once, applied to numbers, and compared."""

from __future__ import annotations

import dataclasses
import functools
import re
import typing as t

from . import language as sets
from .syntax import (
    DIALLED,
    Anchor,
    BrokenPatternError,
    Choice,
    Look,
    Node,
    Repeat,
    Sequence,
    Syntax,
    UnknownConstructError,
    parse,
)

# What people write between the digits of a number, and telephones leave out (RFC 3966).
_SEPARATORS = str.maketrans("", "", " -.()")
_REFERENCE = re.compile(r"\$(?:(?P<number>\d+)|\{(?P<name>\w+)\}|(?P<sign>[$&]))")


@dataclasses.dataclass(frozen=True, slots=True)
class Pattern:
    """An expression of a dial plan. `broken` and `unknown` say why it cannot be applied."""

    text: str
    broken: str = ""
    unknown: str = ""
    nested: bool = False
    syntax: Syntax | None = None
    compiled: re.Pattern[str] | None = None
    numbers: sets.Term | None = None

    def match(self, number: str) -> re.Match[str] | None:
        """The match in a number; never tried with an expression that may take forever."""
        return self.compiled.search(number) if self.compiled and not self.nested else None

    @property
    def usable(self) -> bool:
        return self.compiled is not None and not self.nested


@functools.lru_cache(maxsize=8192)
def read_pattern(text: str) -> Pattern:
    """The pattern behind a text; never raises."""
    try:
        syntax = parse(text)
        compiled = re.compile(syntax.python)
    except (BrokenPatternError, re.error) as error:
        return Pattern(text, broken=str(error))
    except UnknownConstructError as error:
        return Pattern(text, unknown=str(error))
    try:
        numbers = sets.language(syntax.tree)
    except UnknownConstructError:
        numbers = None
    return Pattern(text, nested=_nests(syntax.tree, inside=False), syntax=syntax, compiled=compiled, numbers=numbers)


def digits_of(dialled: str) -> str:
    """What a telephone sends: the number without the marks between its digits."""
    return dialled.translate(_SEPARATORS)


def translate(pattern: Pattern, translation: str, number: str) -> str | None:
    """The number that a rule makes of another, or None when the rule does not apply.

    As .NET's Replace for the one match: what lies outside of the match stays.
    """
    match = pattern.match(number)
    if match is None:
        return None
    return number[: match.start()] + _REFERENCE.sub(_Expansion(match), translation) + number[match.end() :]


@dataclasses.dataclass(frozen=True, slots=True)
class _Expansion:
    match: re.Match[str]

    def __call__(self, reference: re.Match[str]) -> str:
        if reference["sign"]:
            return "$" if reference["sign"] == "$" else self.match[0]
        name = reference["number"] or reference["name"]
        key: int | str = int(name) if name.isdigit() else name
        try:
            return self.match[key] or ""
        except IndexError:
            return reference[0]  # .NET leaves a reference to no group as it stands


def missing_groups(pattern: Pattern, translation: str) -> tuple[str, ...]:
    """References of a translation to groups that the pattern does not have."""
    syntax = pattern.syntax
    if syntax is None:
        return ()
    found = []
    for reference in _REFERENCE.finditer(translation):
        name = reference["number"] or reference["name"]
        if name and not (int(name) <= syntax.groups if name.isdigit() else name in syntax.names):
            found.append(reference[0])
    return tuple(dict.fromkeys(found))


def example_of(pattern: Pattern, not_of: t.Iterable[Pattern] = ()) -> str | None:
    """A number that the pattern takes and none of the others does; None when there is none or nobody can say."""
    return _example(pattern, tuple(not_of))[0]


def is_hidden_by(pattern: Pattern, earlier: t.Iterable[Pattern]) -> bool:
    """True when it is certain that every number of the pattern belongs to an earlier one."""
    number, certain = _example(pattern, tuple(earlier))
    return number is None and certain


def takes_nothing(pattern: Pattern) -> bool:
    """True when it is certain that no number that can be dialled matches."""
    return pattern.numbers is not None and is_hidden_by(pattern, ())


def _example(pattern: Pattern, others: tuple[Pattern, ...]) -> tuple[str | None, bool]:
    """A number that tells the pattern from the others, and whether its absence is certain."""
    if pattern.numbers is None:
        return None, False
    known = [other for other in others if other.numbers is not None]
    try:
        first = sets.example(pattern.numbers)
        if first is None or not any(other.match(first) for other in others if other.usable):
            return first, True
        taken = sets.either(*(other.numbers for other in known if other.numbers is not None))
        return sets.example(sets.both(pattern.numbers, sets.other(taken))), True
    except sets.UndecidedError:
        return None, False


def overlap(pattern: Pattern, other: Pattern) -> str | None:
    """A number that both take; None when there is none that is known."""
    if pattern.numbers is None or other.numbers is None:
        return None
    return _first(sets.both(pattern.numbers, other.numbers))


def early_match(longer: Pattern, shorter: Pattern) -> str | None:
    """A number of one pattern whose beginning the other one takes already; None when there is none that is known."""
    if longer.numbers is None or shorter.numbers is None:
        return None
    one_more = sets.then(sets.symbols(DIALLED), sets.EVERYTHING)
    return _first(sets.both(longer.numbers, sets.then(shorter.numbers, one_more)))


def _first(numbers: sets.Term) -> str | None:
    try:
        return sets.example(numbers)
    except sets.UndecidedError:
        return None


def is_bounded(pattern: Pattern) -> bool:
    """Whether the pattern says where the number begins and ends; true too when nobody can say."""
    syntax = pattern.syntax
    return syntax is None or (_bounded(syntax.tree, "start") and _bounded(syntax.tree, "end"))


def _bounded(node: Node, at: t.Literal["start", "end"]) -> bool:
    if isinstance(node, Choice):
        return all(_bounded(option, at) for option in node.options)
    if isinstance(node, Sequence) and node.parts:
        return _bounded(node.parts[0 if at == "start" else -1], at)
    return isinstance(node, Anchor) and node.at == at


def _nests(node: Node, *, inside: bool) -> bool:
    """Whether an unlimited repetition stands within another: such expressions may take exponential time."""
    if isinstance(node, Repeat):
        endless = node.most is None
        return (endless and inside) or _nests(node.part, inside=inside or endless)
    if isinstance(node, Sequence):
        return any(_nests(part, inside=inside) for part in node.parts)
    if isinstance(node, Choice):
        return any(_nests(option, inside=inside) for option in node.options)
    if isinstance(node, Look):
        return _nests(node.part, inside=inside)
    return False
