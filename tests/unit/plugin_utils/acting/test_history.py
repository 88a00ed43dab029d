# SPDX-License-Identifier: GPL-3.0-or-later
"""What a report tells of earlier runs and verifications."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.openuc.ocs.plugins.plugin_utils.acting import history
from ansible_collections.openuc.ocs.plugins.plugin_utils.acting.history import (
    VERIFICATIONS,
    add_verification,
    events_of,
)
from ansible_collections.openuc.ocs.plugins.plugin_utils.acting.rollout_files import JOURNAL
from ansible_collections.openuc.ocs.plugins.plugin_utils.rollout.records import line

COUNTS = {"flow": {"passed": 302, "failed": 1, "unknown": 17}, "name": {"passed": 5, "failed": 0, "unknown": 0}}


def journal(folder: Path, *lines: str) -> Path:
    (folder / JOURNAL).write_text("".join(lines))
    return folder


def test_an_estate_without_a_journal_has_no_history(tmp_path: Path) -> None:
    assert events_of(tmp_path / "nowhere") == ()


def test_a_verification_is_remembered_with_its_figures_and_causes(tmp_path: Path) -> None:
    add_verification(tmp_path, "2026-11-21 20:00 UTC", ("preflight", "first_pool"), COUNTS, ["Nothing listens there"])
    (event,) = events_of(tmp_path)
    assert (event.at, event.what) == ("2026-11-21 20:00 UTC", "Verification up to first_pool")
    assert event.outcome == (
        "flow: 302 passed, 1 failed, 17 not known. name: 5 passed. likely causes: Nothing listens there"
    )


def test_a_run_is_told_with_its_end_and_what_was_done_in_it(tmp_path: Path) -> None:
    journal(
        tmp_path,
        line("begun", "r1", "2026-11-20T10:00:00Z", {"who": "anna@desk"}),
        line("outcome", "r1", "2026-11-20T10:01:00Z", {}),
        line("outcome", "r1", "2026-11-20T10:02:00Z", {}),
        line("checkpoint", "r1", "2026-11-20T10:03:00Z", {}),
        line("ended", "r1", "2026-11-20T10:04:00Z", {"verdict": "stopped", "reason": "fw1 was lost"}),
    )
    (event,) = events_of(tmp_path)
    assert (event.at, event.what) == ("2026-11-20 10:00 UTC", "Run r1, by anna@desk")
    assert event.outcome == "stopped; fw1 was lost; 2 waves, 1 step of people"


def test_a_run_that_undoes_another_and_never_ended_says_so(tmp_path: Path) -> None:
    journal(tmp_path, line("begun", "r2", "2026-11-20T10:00:00Z", {"undoes": "r1"}))
    (event,) = events_of(tmp_path)
    assert (event.what, event.outcome) == ("Run r2 undoes r1", "never ended")


def test_the_latest_comes_first_whatever_it_was(tmp_path: Path) -> None:
    journal(
        tmp_path,
        line("begun", "old", "2026-11-20T10:00:00Z", {}),
        line("begun", "new", "2026-11-22T10:00:00Z", {}),
    )
    add_verification(tmp_path, "2026-11-21 10:00 UTC", (), COUNTS, [])
    assert [event.what for event in events_of(tmp_path)] == ["Run new", "Verification", "Run old"]


def test_a_torn_line_is_passed_over_and_old_ones_go(tmp_path: Path) -> None:
    for day in range(1, 4):
        add_verification(tmp_path, f"2026-11-0{day} 10:00 UTC", (), COUNTS, [])
    path = tmp_path / VERIFICATIONS
    path.write_text(path.read_text() + '{"at": "2026')
    assert len(events_of(tmp_path)) == 3
    path.write_text(f"{path.read_text()}\n" * history.MOST_KEPT)
    add_verification(tmp_path, "2026-11-09 10:00 UTC", (), COUNTS, [])
    assert len(path.read_text().splitlines()) == history.MOST_KEPT
