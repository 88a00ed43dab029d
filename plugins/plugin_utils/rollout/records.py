# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal of a roll-out as text: one JSON object a line, only ever added to.

A kill while a line is written leaves a torn one. Whoever writes next begins on a line of their own, and a reader passes
over what is torn and says so: what it would have said never happened, or is said by the lines that follow.
"""

from __future__ import annotations

import dataclasses
import json
import typing as t

Data = t.Mapping[str, t.Any]
Event = t.Literal[
    "begun", "looked", "intent", "operations", "outcome", "checkpoint", "verified", "stopped", "ended", "undone"
]
Result = t.Literal["done", "failed", "rolled_back", "lost"]

EVENTS: tuple[str, ...] = t.get_args(Event)


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """A line of the journal."""

    event: str
    run: str
    at: str
    data: Data


@dataclasses.dataclass(frozen=True, slots=True)
class History:
    """All that a journal tells. `torn` holds the numbers of lines that are no entries."""

    entries: tuple[Entry, ...] = ()
    torn: tuple[int, ...] = ()


def line(event: Event, run: str, at: str, data: Data) -> str:
    """An entry as a line, its end included."""
    head = {"event": event, "run": run, "at": at}
    return json.dumps({**head, **data}, ensure_ascii=False, separators=(",", ":")) + "\n"


def read(text: str) -> History:
    """The entries of a journal, the first one first."""
    entries: list[Entry] = []
    torn: list[int] = []
    for number, written in enumerate(text.split("\n"), start=1):
        if not written:
            continue
        entry = _entry(written)
        if entry:
            entries.append(entry)
        else:
            torn.append(number)
    return History(tuple(entries), tuple(torn))


def _entry(written: str) -> Entry | None:
    try:
        content = json.loads(written)
        event, run, at = content.pop("event"), content.pop("run"), content.pop("at")
    except (ValueError, KeyError, AttributeError, TypeError):
        return None
    return Entry(str(event), str(run), str(at), content) if event in EVENTS else None
