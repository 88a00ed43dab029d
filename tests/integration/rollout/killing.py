# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs that are killed at a line of their journal, and what must be true afterwards."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

from tests.integration.rollout.stubs import StubbedEstate

FAULTS = Path(__file__).parent / "faults"
CHOICE = ("--tags", "dns,load_balancer,certificates")
UNTIL = "first_pool"


def killed_at(estate: StubbedEstate, line: int, *, torn: bool) -> None:
    """Deploy, and die once the journal has so many lines, of which the last may be torn."""
    environment = {
        **estate.environment(),
        "PYTHONPATH": str(FAULTS),
        "OPENUC_TEST_KILL_AT_LINE": str(line),
        "OPENUC_TEST_TEAR": "1" if torn else "0",
    }
    died = subprocess.run(
        estate.command("openuc.ocs.deploy", *CHOICE, uc_until=UNTIL),
        env=environment,
        cwd=estate.folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
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


def assert_taken_up(estate: StubbedEstate, line: int) -> None:
    """The next run completes, though the lease of the dead one is still there, and says what may be half done."""
    again = estate.deploy(*CHOICE, uc_until=UNTIL)
    assert again.returncode == 0, f"killed at line {line}:\n{again.stdout}{again.stderr}"
    results = estate.results()
    assert len(results) == 6
    assert set(results.values()) == {"done"}
    assert estate.verdicts()[-1] == "complete"
    assert not estate.has_lease()
    steps = [entry.data["step"] for entry in estate.entries("checkpoint")]
    assert len(steps) == len(set(steps)), "nobody is asked twice"
