# SPDX-License-Identifier: GPL-3.0-or-later
"""What a state makes of the rules that are there, and the operations that lead from one to the other.

Private to the collection. All of it is pure: nothing is read or written here.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from ..contract import Operation
from ..limits import Limits
from .ruleset import Outwards, Ruleset, Translated, conflict, translations, without_overlap
from .text import FAMILY, TABLE

# With fewer rules of ours a share says nothing.


def wanted(
    state: str, have: Ruleset | None, given: Ruleset, known: Collection[str], replaced: Collection[str]
) -> tuple[Ruleset | None, list[str]]:
    """The rule set that a state asks for, None for no table at all, and where it contradicts itself.

    `known` are the names of rules that were applied before, and `replaced` those that given rules stand in for.
    What is in the table under no such name was put there by hand, and goes.
    """
    named = frozenset(itertools.chain.from_iterable(given.names()))
    there = have or Ruleset()
    if state == "deleted":
        if not named:
            return None, []
        left = there.only(frozenset(known) - named, wanted=True)
        return (left if any(left.names()) else None), []
    if state == "overridden":
        return given, []
    kept = frozenset(known) - frozenset(replaced) - (frozenset() if state == "merged" else named)
    # Guards and protection stay until all that is no longer planned goes.
    left = there.only(kept, wanted=True) if kept else Ruleset(guarded=there.guarded, protected=there.protected)
    return _union(left, given)


def _union(one: Ruleset, other: Ruleset) -> tuple[Ruleset, list[str]]:
    inwards, problems = translations([*one.inwards.items(), *other.inwards.items()])
    marks, differing = translations([*one.marks.items(), *other.marks.items()])
    outwards: dict[Outwards, Translated] = dict(one.outwards)
    for key, found in other.outwards.items():
        known = outwards.get(key)
        names = tuple(sorted({*found.names, *(known.names if known else ())}))
        if known and known.address != found.address:
            problems.append(conflict(key, {known.address, found.address}, names))
        outwards[key] = Translated(found.address, names)
    both = itertools.chain(one.accepts.items(), other.accepts.items())
    accepts = without_overlap(both) if one.accepts else other.accepts
    return (
        Ruleset(
            other.enforce,
            one.guarded | other.guarded,
            one.protected | other.protected,
            accepts,
            inwards,
            outwards,
            marks,
        ),
        [*(f"rules: {problem}" for problem in problems), *(f"marks: {problem}" for problem in differing)],
    )


def operations(
    have: Ruleset | None, want: Ruleset | None, why: Mapping[str, Iterable[str]], strange: Iterable[str] = ()
) -> list[Operation]:
    """What differs in meaning; `strange` is what somebody else changed in our table, which goes."""
    before, after = have or Ruleset(), want or Ruleset()
    found = [Operation("remove", "by hand", line) for line in strange]
    if have is not None and want is not None and have.enforce != want.enforce:
        found.append(Operation("change", "enforce", have.enforce, want.enforce))
    for there, wished in zip(_aspects(before), _aspects(after)):
        found.extend(_differing(there, wished, why))
    if (have is None) != (want is None):
        found.append(Operation("add" if have is None else "remove", f"table {FAMILY} {TABLE}"))
    return found


def _aspects(ruleset: Ruleset) -> Iterator[Mapping[Any, Translated]]:
    """What a rule set consists of, each as text with the names of the rules that it is there for."""
    yield {f"guard {' > '.join(way)}": Translated("default deny", ()) for way in ruleset.guarded}
    yield {f"protect {address}": Translated("default deny", ()) for address in ruleset.protected}
    yield {accept: Translated("accept", names) for accept, names in ruleset.accepts.items()}
    yield ruleset.inwards
    yield ruleset.outwards
    yield ruleset.marks


def _differing(
    before: Mapping[Any, Translated], after: Mapping[Any, Translated], why: Mapping[str, Iterable[str]]
) -> Iterator[Operation]:
    for key in sorted(key for key in before if key not in after):
        yield Operation("remove", str(key), before=_told(before[key]), why=_why(before[key], why))
    for key in sorted(key for key in after if before.get(key) != after[key]):
        known = before.get(key)
        action, was = ("change", _told(known)) if known else ("add", "")
        yield Operation(action, str(key), was, _told(after[key]), _why(after[key], why))


def _told(found: Translated) -> str:
    return f"{found.address} for {', '.join(found.names)}" if found.names else found.address


def _why(found: Translated, why: Mapping[str, Iterable[str]]) -> str:
    return " ".join(dict.fromkeys(itertools.chain.from_iterable(why.get(name, ()) for name in found.names)))


def too_many(have: Ruleset | None, want: Ruleset | None, limits: Limits) -> str:
    """Why a run would remove more rules than it may, with the way to allow it; empty when it would not."""
    own = frozenset(itertools.chain.from_iterable(have.names())) if have else frozenset()
    gone = own - frozenset(itertools.chain.from_iterable(want.names() if want else ()))
    return limits.refusal(sorted(gone), len(own), "rules")
