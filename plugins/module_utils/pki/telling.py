# SPDX-License-Identifier: GPL-3.0-or-later
"""What modules of certificates answer with: facts and digests, never a key and never PEM. Private."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..contract import MOST_SHOWN, Operation, result
from ..files import write_whole
from .examining import Status


def options_problems(options: Mapping[str, Any], *, needs: Sequence[str]) -> list[str]:
    """Options that are needed for what is asked, and are not there."""
    words = {
        "folder": "name the folder of keys and certificates on this host",
        "issuer": "say whose requests these are, internal or public",
        "run": "name the run to undo, the undo_id of its result",
        "text": "give the text to parse",
        "url": "say where hosts fetch revocation lists, such as http://pki.example.com",
        "directory": "give the address of the ACME server's directory",
    }
    return [f"{name}: is missing; {words[name]}" for name in needs if not options.get(name)]


def told(
    operations: Sequence[Operation],
    statuses: Sequence[Status],
    *,
    foreign: Sequence[str] = (),
    run: str = "",
    folder: str = "",
    check: bool = False,
) -> dict[str, Any]:
    """The result of a module. Of many certificates those with least life left are shown, and a file has all."""
    shown = [status.shown() for status in sorted(statuses, key=_urgency)]
    details = ""
    if len(shown) > MOST_SHOWN and folder and not check:
        path = Path(folder) / "status.json"
        write_whole(path, json.dumps(shown, indent=1).encode())
        details = str(path)
    counts: dict[str, int] = {}
    for status in statuses:
        counts[status.state] = counts.get(status.state, 0) + 1
    return {**result(operations, foreign, run, details), "certificates": shown[:MOST_SHOWN], "counts": counts}


def report(statuses: Sequence[Status]) -> list[str]:
    """A line for each certificate for people, those that need them first."""
    rows = [
        (
            "-" if status.days_left is None else str(status.days_left),
            status.state,
            status.id,
            ", ".join(status.hosts),
            "; ".join(status.wrong.values()),
        )
        for status in sorted(statuses, key=_urgency)
    ]
    return [
        f"{days:>5} days  {state:<9}  {name}  {hosts}  {wrong}".rstrip() for days, state, name, hosts, wrong in rows
    ]


def _urgency(status: Status) -> tuple[bool, int, str]:
    return (status.state != "wrong", -1 if status.days_left is None else status.days_left, status.id)


def warnings_of(statuses: Sequence[Status], renew_days: int) -> list[str]:
    """What should not be overlooked, a line each for what is wrong and one for all that end soon."""
    found = [
        f"{status.id}: {what}: {words}"
        for status in statuses
        for what, words in status.wrong.items()
        if status.state == "wrong"
    ]
    ending = [f"{status.id} ({status.days_left})" for status in statuses if status.state == "expiring"]
    if ending:
        found.append(f"fewer than {renew_days} days are left, or the authority wants it renewed: {', '.join(ending)}")
    return found[:MOST_SHOWN]


def failure(problems: Sequence[str]) -> str:
    """All problems, a line each."""
    more = len(problems) - MOST_SHOWN
    return "\n".join([*problems[:MOST_SHOWN], *([f"and {more} more"] if more > 0 else [])])


def install_result(outcome: Any) -> dict[str, Any]:
    """Of an installation."""
    return {
        **result(outcome.operations, outcome.foreign, outcome.run),
        "certificates": [dict(one) for one in outcome.installed[:MOST_SHOWN]],
        "needed": list(outcome.needed),
    }
