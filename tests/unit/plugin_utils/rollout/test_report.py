# SPDX-License-Identifier: GPL-3.0-or-later
"""The status says where an estate stands, what is next and what waits for a person."""

from __future__ import annotations

import datetime

from ansible_collections.openuc.ocs.plugins.plugin_utils.rollout.lease import Holder, taken
from ansible_collections.openuc.ocs.plugins.plugin_utils.rollout.records import History, read
from ansible_collections.openuc.ocs.plugins.plugin_utils.rollout.report import status_lines

from .samples import STEPS, blueprint, history

BEGUN = ("begun", "r1", {"who": "ann@desk", "plan": "p1"})
INTENT = ("intent", "r1", {"mechanism": "dns", "stages": {"ns": ["preflight", "pool"]}})
DONE = ("outcome", "r1", {"mechanism": "dns", "hosts": {"ns": {"result": "done"}}})
PLANNED = ("checkpoint", "r1", {"step": "step.plan@preflight", "targets": [], "by": "ann", "evidence": "x"})


def test_an_untouched_estate() -> None:
    assert status_lines(blueprint(), History(), None, "p1") == (
        "Nothing was deployed yet.",
        "Stages:",
        "  - preflight        Preflight: one step of people left",
        "  - pool             First pool: 3 steps of people and 5 changes left",
        "  - edge             External access: one step of people and 4 changes left",
        "Next is the stage preflight.",
        "  Waits for people: Plan [step.plan]",
    )


def test_a_stopped_run() -> None:
    failed = ("outcome", "r1", {"mechanism": "dns", "hosts": {"ns": {"result": "failed", "reason": "no disk"}}})
    ended = ("ended", "r1", {"verdict": "stopped", "reason": "The roll-out stops at pool.02.\n  ns: failed"})
    lines = status_lines(blueprint(), history(BEGUN, PLANNED, INTENT, failed, ended), None, "p2")
    assert lines[:6] == (
        "Last run: r1 of ann@desk, begun 2026-11-01T10:00:00Z: stopped at 2026-11-01T10:04:00Z",
        "  The roll-out stops at pool.02.",
        "The plan has changed since that run; the stages below are those of the plan as it is now.",
        "Stages:",
        "  x preflight        Preflight: complete",
        "  ! pool             First pool: 3 steps of people and 5 changes left",
    )
    assert lines[7:9] == (
        "May be half done; the next run does it again:",
        "  dns at ns: failed (no disk), in run r1",
    )
    assert lines[9:11] == (
        "Next is the stage pool.",
        "  To change: dns at ns, certificates at fe1, certificates at fe2, certificates at fe3, certificates at fe4",
    )


def test_what_a_killed_run_is_known_to_have_done() -> None:
    told = {"mechanism": "dns", "host": "ns", "module": "dns_records", "summary": "3 to add", "undo_id": "r1"}
    lines = status_lines(blueprint(), history(BEGUN, INTENT, ("operations", "r1", told)), None, "p1")
    half = lines.index("  dns at ns: begun, and not heard of again, in run r1")
    assert lines[half + 1] == "    known to be done: dns_records: 3 to add"


def test_a_killed_run_and_a_torn_line() -> None:
    told = history(BEGUN, INTENT)
    lines = status_lines(blueprint(), History(told.entries, (3,)), None, "p1")
    assert lines[0].endswith("it never ended: killed, its machine died, or the last of its hosts was lost")
    assert "  dns at ns: begun, and not heard of again, in run r1" in lines
    assert not any("known to be done" in words for words in lines)
    assert lines[-1] == "Line 3 of the journal is torn, as a kill leaves it; nothing is lost by it."
    assert read('{"event"').torn == (1,)


def test_a_run_under_way_is_not_taken_for_a_killed_one() -> None:
    now = datetime.datetime(2026, 11, 1, 10, 0, tzinfo=datetime.UTC)
    lease = taken(None, Holder("r1", "ann", "desk", 1, ""), now, lambda _holder: True)
    lines = status_lines(blueprint(), history(BEGUN), lease, "p1")
    assert lines[0].endswith("10:00:00Z: under way")
    assert lines[1] == "The estate is held by run r1 of ann on desk until 2026-11-01T12:00:00Z."


def test_a_finished_estate() -> None:
    small = blueprint(steps=STEPS[:1], demands=())
    assert status_lines(small, history(BEGUN, PLANNED, ("ended", "r1", {"verdict": "complete"})), None, "p1")[1:] == (
        "Stages:",
        "  x preflight        Preflight: complete",
        "All that is planned is done.",
    )


def test_long_lists_are_cut_and_say_so() -> None:
    many = tuple(STEPS[1].__class__(id=f"s{n}@pool", stage="pool", title=f"S{n}", kind="checkpoint") for n in range(10))
    lines = status_lines(blueprint(steps=many, demands=()), History(), None, "")
    assert lines[-1] == "  ... and 2 more steps; all are in checklist.md"


def test_what_was_looked_at_is_told() -> None:
    small = blueprint(steps=STEPS[:1], demands=())
    wrong = ("verified", "r1", {"stage": "preflight", "wrong": "2 checks failed"})
    assert (
        "complete; when last looked at: 2 checks failed"
        in status_lines(small, history(BEGUN, PLANNED, wrong), None, "")[3]
    )
    mended = ("verified", "r1", {"stage": "preflight", "wrong": ""})
    assert status_lines(small, history(BEGUN, PLANNED, wrong, mended), None, "")[3].endswith(
        "complete; looked as planned"
    )
