# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs that are killed at a line of their journal, and what must be true afterwards."""

from __future__ import annotations

import signal
import subprocess
import typing as t
from pathlib import Path

from tests.integration.rollout.faults import sitecustomize
from tests.integration.rollout.stubs import StubbedEstate

FAULTS = Path(__file__).parent / "faults"
CHOICE = ("--tags", "dns,load_balancer,certificates")
UNTIL = "first_pool"


def at_line(line: int, *, torn: bool) -> dict[str, str]:
    """What has a run die once the journal has so many lines, of which the last may be torn."""
    return {**_dying(torn), "OPENUC_TEST_KILL_AT_LINE": str(line)}


def at_new_lines(met: Path, *, torn: bool = False) -> dict[str, str]:
    """What has a run die at the first line at which none has died yet; those are kept in a file."""
    return {**_dying(torn), "OPENUC_TEST_KILLED_AT": str(met)}


def _dying(torn: bool) -> dict[str, str]:
    return {"PYTHONPATH": str(FAULTS), "OPENUC_TEST_TEAR": "1" if torn else "0"}


def about(journal: str) -> t.Iterator[str]:
    """What each whole line of a journal tells of, in words that are the same in each run."""
    for line in journal.splitlines():
        if line.endswith("}"):
            yield sitecustomize.about(line)


def deployed(estate: StubbedEstate, dying: t.Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Deploy, to the end or until the run dies."""
    return subprocess.run(
        estate.command("openuc.ocs.deploy", *CHOICE, uc_until=UNTIL),
        env={**estate.environment(), **dying},
        cwd=estate.folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )


def killed_at(estate: StubbedEstate, line: int, *, torn: bool) -> None:
    """Deploy, and die at a line."""
    died = deployed(estate, at_line(line, torn=torn))
    assert died.returncode == -signal.SIGKILL, died.stdout + died.stderr


def assert_told_truly(estate: StubbedEstate) -> None:
    """Every change that was begun is in the journal as begun, and what is told as done was done to the end."""
    notes = estate.notes()
    intended = {
        f"{entry.data['mechanism']} {host.split('.')[0]}"
        for entry in estate.entries("intent")
        for host in entry.data["stages"]
    }
    assert {" ".join(note.split()[1:3]) for note in notes} <= intended
    told = {f"{entry.data['mechanism']} {entry.data['host'].split('.')[0]}" for entry in estate.entries("operations")}
    assert told <= {" ".join(note.split()[1:3]) for note in notes if note.startswith("done")}
    done = {target for target, result in estate.results().items() if result == "done"}
    assert done <= {" ".join(note.split()[1:3]) for note in notes if note.startswith("done")}


def assert_taken_up(estate: StubbedEstate) -> None:
    """The next run completes, though the lease of the dead one is still there, and says what may be half done."""
    again = estate.deploy(*CHOICE, uc_until=UNTIL)
    assert again.returncode == 0, again.stdout + again.stderr
    results = estate.results()
    assert len(results) == 6
    assert set(results.values()) == {"done"}
    assert estate.verdicts()[-1] == "complete"
    assert not estate.has_lease()
    steps = [entry.data["step"] for entry in estate.entries("checkpoint")]
    assert len(steps) == len(set(steps)), "nobody is asked twice"
