# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that is killed leaves a journal that tells the truth, and the next one completes what it began.

`make test-faults` kills at every line of the journal (tests/faults); here a sample does, another one each day.
"""

from __future__ import annotations

import datetime
import os
import random
from pathlib import Path

import pytest

from tests.integration.rollout import killing, stubs

# Lines that a whole run writes: its beginning, 32 steps of people, six waves of two lines each, what they did to seven
# targets, and its end.
FIRST, LAST = 1, 53
SEED = os.environ.get("OPENUC_SEED", datetime.datetime.now(tz=datetime.UTC).strftime("%Y%m%d"))


def points() -> list[tuple[int, bool]]:
    """Lines at which to kill, and whether the line is torn."""
    everything = [(line, torn) for line in range(FIRST, LAST + 1) for torn in (False, True)]
    return sorted(random.Random(SEED).sample(everything, 3))


def test_every_line_of_a_whole_run_is_a_point(estate: stubs.StubbedEstate) -> None:
    done = estate.deploy(*killing.CHOICE, uc_until=killing.UNTIL)
    assert done.returncode == 0, done.stdout
    assert len(estate.entries()) == LAST
    told = [(entry.data["mechanism"], entry.data["host"]) for entry in estate.entries("operations")]
    notes = [note.split() for note in estate.notes() if note.startswith("done")]
    assert sorted(told) == sorted((words[1], f"{words[2]}.corp.contoso.com") for words in notes)
    assert {entry.data["undo_id"] for entry in estate.entries("operations")} == {"r1"}


@pytest.mark.parametrize(("line", "torn"), points(), ids=str)
def test_a_killed_run_is_told_truly_and_taken_up(tmp_path: Path, line: int, torn: bool) -> None:
    estate = stubs.make(tmp_path)
    killing.killed_at(estate, line, torn=torn)
    killing.assert_told_truly(estate)
    assert estate.verdicts() in ([], ["complete"])
    killing.assert_taken_up(estate)


def test_the_status_does_not_take_a_dead_run_for_one_under_way(estate: stubs.StubbedEstate) -> None:
    killing.killed_at(estate, FIRST, torn=False)
    assert estate.has_lease()
    told = estate.play("openuc.ocs.status").stdout
    assert "it never ended: killed, its machine died, or the last of its hosts was lost" in told
    assert "The estate is held by" not in told
