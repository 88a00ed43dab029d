# SPDX-License-Identifier: GPL-3.0-or-later
"""Going back to before a run: which targets, in which order, and what of the run stays as it is."""

from __future__ import annotations

import dataclasses

from .records import History
from .standing import standing_of
from .walk import Wave


@dataclasses.dataclass(frozen=True, slots=True)
class Undoing:
    """The waves that undo a run, the last change first, and the steps of people that no machine undoes."""

    run: str
    waves: tuple[Wave, ...]
    steps: tuple[str, ...]
    later: tuple[str, ...]


class NothingToUndoError(Exception):
    """There is no such run; the message names those there are."""


def undoing_of(history: History, run: str, hosts: frozenset[str], mechanisms: frozenset[str]) -> Undoing:
    """What undoes a run, the last one that changed something when none is named."""
    changed = list(dict.fromkeys(entry.run for entry in history.entries if entry.event == "intent"))
    chosen = run or (changed[-1] if changed else "")
    if chosen not in changed:
        known = ", ".join(changed[-10:]) or "none"
        raise NothingToUndoError(
            f"uc_run: {run or '(none)'}: no run of that name changed anything; those that did: {known}"
        )
    waves = [
        Wave(
            id=f"undo.{entry.data['wave']}",
            stage=str(entry.data["wave"]).partition(".")[0],
            title=f"Undo {entry.data['wave']} of {chosen}",
            kind="undo",
            mechanism=str(entry.data["mechanism"]),
            hosts=there,
            stages={host: tuple(entry.data["stages"][host]) for host in there},
        )
        for entry in reversed(history.entries)
        if entry.event == "intent" and entry.run == chosen and entry.data["mechanism"] in mechanisms
        for there in [tuple(host for host in entry.data["stages"] if host in hosts)]
        if there
    ]
    steps = tuple(
        str(entry.data["step"])
        for entry in history.entries
        if entry.event == "checkpoint" and entry.run == chosen and not entry.data.get("left_out")
    )
    runs = [one.id for one in standing_of(history).runs]
    later = tuple(one for one in changed if one in runs[runs.index(chosen) + 1 :]) if chosen in runs else ()
    return Undoing(chosen, _once(waves), steps, later)


def _once(waves: list[Wave]) -> tuple[Wave, ...]:
    """A target goes back to before the run at once, whatever the run did to it in several waves."""
    seen: set[tuple[str, str]] = set()
    found = []
    for wave in waves:
        hosts = tuple(host for host in wave.hosts if (wave.mechanism, host) not in seen)
        seen.update((wave.mechanism, host) for host in hosts)
        if hosts:
            found.append(dataclasses.replace(wave, hosts=hosts, stages={host: wave.stages[host] for host in hosts}))
    return tuple(found)
