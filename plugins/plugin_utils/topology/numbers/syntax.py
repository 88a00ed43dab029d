# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a regular expression as .NET does, since that is the dialect of dial plans.

Python's own compiler would accept what .NET refuses (`\\d*+`) and refuse what .NET accepts (`(?<name>...)`), so the
text is parsed here. Two things come of it: the same expression in Python's dialect, and its tree, over the symbols that
can be dialled.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

DIGITS: t.Final = frozenset("0123456789")
DIALLED: t.Final = DIGITS | frozenset("*#+")

_MOST_REPEATED = 64
_LONGEST = 300
_DEEPEST = 20
_COUNT = re.compile(r"\{(\d+)(,(\d*))?\}")
_GROUP_NAME = re.compile(r"[A-Za-z_]\w*")
_CLASSES = {"d": DIGITS, "D": DIALLED - DIGITS, "w": DIGITS, "W": DIALLED - DIGITS, "S": DIALLED, "s": frozenset[str]()}
_CONTROL = "tnrfvae"


class BrokenPatternError(ValueError):
    """The expression does not compile; the text says why."""


class UnknownConstructError(ValueError):
    """The expression may be well formed, but uses something that is not understood here."""


@dataclasses.dataclass(frozen=True, slots=True)
class Symbols:
    """One symbol out of some."""

    among: frozenset[str]


@dataclasses.dataclass(frozen=True, slots=True)
class Sequence:
    """Parts one after the other."""

    parts: tuple[Node, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Choice:
    """Any one of several."""

    options: tuple[Node, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Repeat:
    """A part several times; without an upper limit when `most` is None."""

    part: Node
    least: int
    most: int | None


@dataclasses.dataclass(frozen=True, slots=True)
class Anchor:
    """The beginning or the end."""

    at: t.Literal["start", "end"]


@dataclasses.dataclass(frozen=True, slots=True)
class Look:
    """What follows must match, or must not."""

    part: Node
    wanted: bool


Node = Symbols | Sequence | Choice | Repeat | Anchor | Look


@dataclasses.dataclass(frozen=True, slots=True)
class Syntax:
    """An expression that was understood."""

    python: str
    tree: Node
    groups: int
    names: frozenset[str]


def parse(text: str) -> Syntax:
    """The expression's tree; raises `BrokenPatternError` or `UnknownConstructError`."""
    if len(text) > _LONGEST:
        raise UnknownConstructError(f"more than {_LONGEST} characters")
    parser = _Parser(text)
    tree = parser.choice()
    if not parser.at_end():
        raise BrokenPatternError("a closing parenthesis has no opening one")
    return Syntax("".join(parser.python), tree, parser.groups, frozenset(parser.names))


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0
        self.python: list[str] = []
        self.groups = 0
        self.names: set[str] = set()

    def at_end(self) -> bool:
        return self._at >= len(self._text)

    def _sees(self, text: str) -> bool:
        return self._text.startswith(text, self._at)

    def _take(self, text: str, python: str | None = None) -> None:
        self._at += len(text)
        self.python.append(text if python is None else python)

    def choice(self) -> Node:
        options = [self._sequence()]
        while self._sees("|"):
            self._take("|")
            options.append(self._sequence())
        return options[0] if len(options) == 1 else Choice(tuple(options))

    def _sequence(self) -> Node:
        parts: list[Node] = []
        while not self.at_end() and self._text[self._at] not in "|)":
            parts.append(self._quantified(self._atom()))
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def _atom(self) -> Node:
        character = self._text[self._at]
        if character == "(":
            return self._group()
        if character == "[":
            return self._class()
        if character == "\\":
            return self._escape()
        if character in "*+?" or _COUNT.match(self._text, self._at):
            raise BrokenPatternError(f"the quantifier {character} follows nothing that can be repeated")
        if character in "^$":
            self._take(character)
            return Anchor("start" if character == "^" else "end")
        self._take(character, "\\{" if character == "{" else None)
        return Symbols(DIALLED if character == "." else frozenset(character) & DIALLED)

    def _quantified(self, part: Node) -> Node:
        found = self._quantifier()
        if found is None:
            return part
        least, most = found
        if self._sees("?"):
            self._take("?")
        if not self.at_end() and (self._text[self._at] in "*+?" or _COUNT.match(self._text, self._at)):
            raise BrokenPatternError("a quantifier follows a quantifier")
        if max(least, most or 0) > _MOST_REPEATED:
            raise UnknownConstructError(f"more than {_MOST_REPEATED} repetitions")
        return Repeat(part, least, most)

    def _quantifier(self) -> tuple[int, int | None] | None:
        for sign, limits in {"*": (0, None), "+": (1, None), "?": (0, 1)}.items():
            if self._sees(sign):
                self._take(sign)
                return limits
        count = _COUNT.match(self._text, self._at)
        if count is None:
            return None
        self._take(count[0])
        least = int(count[1])
        most = least if count[2] is None else int(count[3]) if count[3] else None
        if most is not None and most < least:
            raise BrokenPatternError(f"the limits of {count[0]} are the wrong way round")
        return least, most

    def _group(self) -> Node:
        wanted: bool | None = None
        if self._sees("(?:"):
            self._take("(?:")
        elif self._sees("(?=") or self._sees("(?!"):
            wanted = self._sees("(?=")
            self._take(self._text[self._at : self._at + 3])
        elif self._sees("(?<") or self._sees("(?'"):
            self._named()
        elif self._sees("(?"):
            raise UnknownConstructError(f"the group {self._text[self._at : self._at + 4]}…")
        else:
            self.groups += 1
            self._take("(")
        self._depth += 1
        if self._depth > _DEEPEST:
            raise UnknownConstructError(f"more than {_DEEPEST} groups in one another")
        inner = self.choice()
        self._depth -= 1
        if not self._sees(")"):
            raise BrokenPatternError("an opening parenthesis has no closing one")
        self._take(")")
        return inner if wanted is None else Look(inner, wanted)

    def _named(self) -> None:
        closing = ">" if self._sees("(?<") else "'"
        name = _GROUP_NAME.match(self._text, self._at + 3)
        if name is None or not self._text.startswith(closing, name.end()):
            raise UnknownConstructError(f"the group {self._text[self._at : self._at + 4]}…")
        if name[0] in self.names:
            raise UnknownConstructError(f"the group name {name[0]} twice")
        self.groups += 1
        self.names.add(name[0])
        self._take(self._text[self._at : name.end() + 1], f"(?P<{name[0]}>")

    def _escape(self) -> Node:
        escape = self._text[self._at : self._at + 2]
        if len(escape) < 2:
            raise BrokenPatternError("it ends in a single backslash")
        letter = escape[1]
        if letter in "AzZ":
            self._take(escape, {"A": "\\A", "z": "\\Z", "Z": "(?=\\n?\\Z)"}[letter])
            return Anchor("start" if letter == "A" else "end")
        symbols = _escaped(letter)
        self._take(escape, "\x1b" if letter == "e" else None)
        return Symbols(symbols)

    def _class(self) -> Node:
        end = self._class_end()
        body = self._text[self._at + 1 : end]
        negated = body.startswith("^")
        among = self._members(body[1:] if negated else body)
        self._take(self._text[self._at : end + 1], f"[{'^' if negated else ''}{_python_class(body[negated:])}]")
        return Symbols(DIALLED - among if negated else among)

    def _class_end(self) -> int:
        at = self._at + 1
        if self._text.startswith("^", at):
            at += 1
        first = at
        while at < len(self._text):
            if self._text[at] == "]" and at > first:
                return at
            at += 2 if self._text[at] == "\\" else 1
        raise BrokenPatternError("a character class is not closed")

    def _members(self, body: str) -> frozenset[str]:
        if "-[" in body:
            raise UnknownConstructError("the subtraction of character classes")
        found: set[str] = set()
        items = list(_class_items(body))
        while items:
            symbols, single = items.pop(0)
            if single and len(items) >= 2 and items[0][1] == "-":
                last = items[1][1]
                if not last or last < single:
                    raise BrokenPatternError(f"the range {single}-{last or '…'} is the wrong way round")
                symbols = frozenset(symbol for symbol in DIALLED if single <= symbol <= last)
                del items[:2]
            found |= symbols
        return frozenset(found)


def _class_items(body: str) -> t.Iterator[tuple[frozenset[str], str]]:
    """Members of a class: their symbols, and the character where it is a single one."""
    at = 0
    while at < len(body):
        if body[at] == "\\":
            letter = body[at + 1]
            single = letter if not letter.isalnum() else ""
            yield _escaped(letter), single
            at += 2
        else:
            yield frozenset(body[at]) & DIALLED, body[at]
            at += 1


def _escaped(letter: str) -> frozenset[str]:
    if letter in _CLASSES:
        return _CLASSES[letter]
    if letter in _CONTROL:
        return frozenset()
    if not letter.isalnum():
        return frozenset(letter) & DIALLED
    if letter.isdigit() or letter in "bBGkpPxucL":
        raise UnknownConstructError(f"the escape \\{letter}")
    raise BrokenPatternError(f"there is no escape \\{letter}")


def _python_class(body: str) -> str:
    """The body of a class, with what Python reads in another way escaped."""
    return body.replace("[", "\\[").replace("&&", "&\\&").replace("||", "|\\|").replace("~~", "~\\~")
