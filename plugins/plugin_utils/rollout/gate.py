# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a run may go on: every host that was changed is known to be well, and nobody was lost on the way.

Ansible goes on with whoever is left: a host that cannot be reached any more is dropped and the next ones are changed,
and a failure that was rescued counts as success. Here the journal is asked, host by host.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .standing import Standing
from .walk import Wave


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a host in a wave."""

    host: str
    result: str  # done, failed, rolled_back or lost
    reason: str = ""


def outcomes(wave: Wave, standing: Standing, run: str, alive: t.Collection[str]) -> tuple[Outcome, ...]:
    """What became of the hosts of a wave, once all of them have had their turn.

    Who failed has said so in the journal itself. Who is alive and has said nothing has succeeded. Who is neither there
    nor heard of was lost while it was changed.
    """
    found = []
    for host in wave.hosts:
        attempt = standing.attempts.get((wave.mechanism, host))
        if attempt is None or attempt.run != run:
            # Its outcome is told already: a failure that was rolled back, or nothing begun at all.
            found.append(Outcome(host, "rolled_back", "its change failed, and was undone"))
        elif attempt.result:
            found.append(Outcome(host, attempt.result, attempt.reason))
        elif host in alive:
            found.append(Outcome(host, "done"))
        else:
            found.append(Outcome(host, "lost", "it could not be reached any more while it was changed"))
    return tuple(found)


def stop_words(wave: Wave, told: t.Sequence[Outcome], still: t.Sequence[Wave]) -> str:
    """Why a run stops after a wave; nothing when it may go on."""
    bad = [outcome for outcome in told if outcome.result != "done"]
    if not bad:
        return ""
    well = [outcome.host for outcome in told if outcome.result == "done"]
    changed = {outcome.host for outcome in told}
    changing = [later for later in still if later.kind != "verify"]
    untouched = dict.fromkeys(host for later in changing for host in later.hosts if host not in changed)
    lines = [f"The roll-out stops at {wave.id} ({wave.title})."]
    lines += [
        f"  {outcome.host}: {_WORDS[outcome.result]}{f' ({outcome.reason})' if outcome.reason else ''}"
        for outcome in bad
    ]
    if well:
        lines.append(f"  Done in this wave: {', '.join(well)}")
    if untouched:
        lines.append(f"  Not touched by what would have followed: {', '.join(untouched)}")
    lines.append("  Mend the cause and run the same again: what is done stays, and the run takes up here.")
    return "\n".join(lines)


def _said(outcome: Outcome) -> str:
    reason = f" ({outcome.reason})" if outcome.reason else ""
    return f"{outcome.host}: {_WORDS[outcome.result]}{reason}"


_WORDS = {
    "failed": "failed, and may be half changed",
    "rolled_back": "failed, and is as it was before this run",
    "lost": "lost, and may be half changed",
}


def missing_words(wave: Wave, everyone: t.Sequence[str], alive: t.Collection[str]) -> str:
    """Why a wave must not begin: somebody whom the run began with is no longer there."""
    gone = [host for host in everyone if host not in alive]
    if not gone:
        return ""
    return (
        f"The roll-out stops before {wave.id} ({wave.title}): {', '.join(gone)} failed or cannot be reached any more, "
        "so whether what was done so far holds is not known. Mend that and run the same again."
    )
