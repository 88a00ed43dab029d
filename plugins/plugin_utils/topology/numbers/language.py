# SPDX-License-Identifier: GPL-3.0-or-later
"""The set of dialled numbers that an expression matches, and questions about such sets, decided exactly.

The sets are regular, so that "does every number that this takes go to an earlier one?" has an answer and, where it is
no, a number that shows it. They are kept as terms and walked symbol by symbol (Brzozowski's derivatives), which also
knows complement and intersection, and so lookahead.
"""

from __future__ import annotations

import collections
import functools
import typing as t

from .syntax import DIALLED, Anchor, Choice, Look, Node, Repeat, Sequence, Symbols, UnknownConstructError

# Terms are tuples: compared and hashed by value, which is what makes the walk end.
Term = tuple[t.Any, ...]

NOTHING: t.Final[Term] = ("nothing",)
EMPTY: t.Final[Term] = ("empty",)
_ONE: t.Final[Term] = ("symbols", DIALLED)
EVERYTHING: t.Final[Term] = ("star", _ONE)

# The order in which an example number is looked for: one that begins with 5 reads like a telephone number.
_ORDER: t.Final = "5012346789+*#"
_MOST_STATES = 4000
_LARGEST = 200


class UndecidedError(Exception):
    """The question takes too long; nothing is claimed."""


def symbols(among: frozenset[str]) -> Term:
    return ("symbols", among) if among else NOTHING


def then(first: Term, second: Term) -> Term:
    if NOTHING in (first, second):
        return NOTHING
    if first == EMPTY:
        return second
    if second == EMPTY:
        return first
    if first[0] == "then":
        return ("then", first[1], then(first[2], second))
    return ("then", first, second)


def either(*terms: Term) -> Term:
    found: set[Term] = set()
    single: frozenset[str] = frozenset()
    for term in terms:
        for part in term[1] if term[0] == "either" else (term,):
            if part[0] == "symbols":
                single |= part[1]
            elif part != NOTHING:
                found.add(part)
    if single:
        found.add(symbols(single))
    if EVERYTHING in found:
        return EVERYTHING
    if len(found) < 2:
        return next(iter(found), NOTHING)
    return ("either", frozenset(found))


def both(*terms: Term) -> Term:
    found: set[Term] = set()
    for term in terms:
        found.update(term[1] if term[0] == "both" else (term,))
    found.discard(EVERYTHING)
    if NOTHING in found:
        return NOTHING
    if len(found) < 2:
        return next(iter(found), EVERYTHING)
    return ("both", frozenset(found))


def other(term: Term) -> Term:
    """Everything else."""
    if term == NOTHING:
        return EVERYTHING
    if term == EVERYTHING:
        return NOTHING
    return term[1] if term[0] == "other" else ("other", term)


def star(term: Term) -> Term:
    if term in (NOTHING, EMPTY):
        return EMPTY
    return term if term[0] == "star" else ("star", term)


@functools.lru_cache(maxsize=65536)
def holds_empty(term: Term) -> bool:
    """Whether the empty number belongs to the set."""
    kind = term[0]
    if kind in ("empty", "star"):
        return True
    if kind == "then":
        return holds_empty(term[1]) and holds_empty(term[2])
    if kind == "either":
        return any(holds_empty(part) for part in term[1])
    if kind == "both":
        return all(holds_empty(part) for part in term[1])
    return kind == "other" and not holds_empty(term[1])


@functools.lru_cache(maxsize=65536)
def after(term: Term, symbol: str) -> Term:
    """What may follow the symbol."""
    kind = term[0]
    if kind == "symbols":
        return EMPTY if symbol in term[1] else NOTHING
    if kind == "then":
        rest = then(after(term[1], symbol), term[2])
        return either(rest, after(term[2], symbol)) if holds_empty(term[1]) else rest
    if kind == "star":
        return then(after(term[1], symbol), term)
    if kind == "either":
        return either(*(after(part, symbol) for part in term[1]))
    if kind == "both":
        return both(*(after(part, symbol) for part in term[1]))
    return other(after(term[1], symbol)) if kind == "other" else NOTHING


@functools.lru_cache(maxsize=4096)
def example(term: Term) -> str | None:
    """A shortest number of the set, or None when it has none; raises `UndecidedError` for very large sets."""
    queue = collections.deque([(term, "")])
    seen = {term}
    while queue:
        state, number = queue.popleft()
        if holds_empty(state):
            return number
        for symbol in _ORDER:
            following = after(state, symbol)
            if following != NOTHING and following not in seen:
                if len(seen) >= _MOST_STATES:
                    raise UndecidedError
                seen.add(following)
                queue.append((following, number + symbol))
    return None


def language(tree: Node) -> Term:
    """All numbers in which the expression finds a match.

    Raises `UnknownConstructError` for rare uses of anchors, and for expressions that stand for very long numbers.
    """
    if _size(tree) > _LARGEST:
        raise UnknownConstructError("numbers of such a length")
    at_start = _compiled(tree, "yes", EVERYTHING)
    later = _compiled(tree, "no", EVERYTHING)
    return either(at_start, then(_ONE, then(EVERYTHING, later)))


def _size(node: Node) -> int:
    """How many symbols the node has when its repetitions are written out."""
    if isinstance(node, Sequence):
        return sum(_size(part) for part in node.parts)
    if isinstance(node, Choice):
        return sum(_size(option) for option in node.options)
    if isinstance(node, Repeat):
        return _size(node.part) * max(node.least, node.most or 1)
    return _size(node.part) if isinstance(node, Look) else 1


_Start = t.Literal["yes", "no", "unsure"]


def _compiled(node: Node, start: _Start, rest: Term) -> Term:
    """The node followed by the rest; `start` tells whether nothing precedes it."""
    if isinstance(node, Symbols):
        return then(symbols(node.among), rest)
    if isinstance(node, Choice):
        return either(*(_compiled(option, start, rest) for option in node.options))
    if isinstance(node, Sequence):
        return _sequence(node, start, rest)
    if isinstance(node, Repeat):
        return _repeated(node, start, rest)
    if isinstance(node, Look):
        ahead = _compiled(node.part, start, EVERYTHING)
        return both(ahead if node.wanted else other(ahead), rest)
    return _anchored(node, start, rest)


def _anchored(node: Anchor, start: _Start, rest: Term) -> Term:
    if node.at == "end":
        return EMPTY if holds_empty(rest) else NOTHING
    if start == "unsure":
        raise UnknownConstructError("a beginning that may not be one")
    return rest if start == "yes" else NOTHING


def _sequence(node: Sequence, start: _Start, rest: Term) -> Term:
    starts: list[_Start] = []
    for part in node.parts:
        starts.append(start)
        if start == "yes" and not isinstance(part, (Anchor, Look)):
            start = "no" if _consumes(part) else "unsure"
        elif start == "unsure" and _consumes(part):
            start = "no"
    for part, at in zip(reversed(node.parts), reversed(starts), strict=True):
        rest = _compiled(part, at, rest)
    return rest


def _repeated(node: Repeat, start: _Start, rest: Term) -> Term:
    if not _is_plain(node.part):
        if (node.least, node.most) != (0, 1):
            raise UnknownConstructError("an anchor or a lookahead that is repeated")
        return either(_compiled(node.part, start, rest), rest)
    part = _compiled(node.part, "no", EMPTY)
    if node.most is None:
        tail = star(part)
    else:
        tail = EMPTY
        for _time in range(node.most - node.least):
            tail = either(EMPTY, then(part, tail))
    for _time in range(node.least):
        tail = then(part, tail)
    return then(tail, rest)


def _consumes(node: Node) -> bool:
    """Whether the node takes at least one symbol, whatever it matches."""
    if isinstance(node, Symbols):
        return True
    if isinstance(node, Sequence):
        return any(_consumes(part) for part in node.parts)
    if isinstance(node, Choice):
        return all(_consumes(option) for option in node.options)
    return isinstance(node, Repeat) and node.least > 0 and _consumes(node.part)


def _is_plain(node: Node) -> bool:
    """Whether there is neither anchor nor lookahead in it."""
    if isinstance(node, Sequence):
        return all(_is_plain(part) for part in node.parts)
    if isinstance(node, Choice):
        return all(_is_plain(option) for option in node.options)
    if isinstance(node, Repeat):
        return _is_plain(node.part)
    return isinstance(node, Symbols)
