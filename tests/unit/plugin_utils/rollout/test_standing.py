# SPDX-License-Identifier: GPL-3.0-or-later
"""Where an estate stands is what its journal tells, no more and no less."""

from __future__ import annotations

from ansible_collections.openuc.ocs.plugins.plugin_utils.rollout.standing import standing_of

from .samples import history

BEGUN = ("begun", "r1", {"who": "ann@desk", "plan": "abc"})
INTENT = ("intent", "r1", {"mechanism": "dns", "stages": {"ns": ["preflight", "pool"]}})
TARGET = ("dns", "ns")


def outcome(result: str, run: str = "r1") -> tuple[str, str, dict[str, object]]:
    return ("outcome", run, {"mechanism": "dns", "hosts": {"ns": {"result": result, "reason": "no disk"}}})


def test_a_run_without_last_word_has_no_verdict() -> None:
    standing = standing_of(history(BEGUN))
    assert standing.last_run
    assert (standing.last_run.who, standing.last_run.plan, standing.last_run.verdict) == ("ann@desk", "abc", "")
    ended = standing_of(history(BEGUN, ("ended", "r1", {"verdict": "stopped", "reason": "why"}))).last_run
    assert ended
    assert (ended.verdict, ended.reason, ended.ended_at) == ("stopped", "why", "2026-11-01T10:01:00Z")


def test_what_was_begun_and_not_heard_of_again_may_be_half_done() -> None:
    standing = standing_of(history(BEGUN, INTENT))
    assert standing.done == {}
    assert standing.attempts[TARGET].run == "r1"
    assert standing.attempts[TARGET].result == ""
    assert standing.touched(TARGET) == {"preflight", "pool"}


def test_what_is_known_to_have_been_done_stands_with_an_attempt_until_its_outcome() -> None:
    told = {"mechanism": "dns", "host": "ns", "module": "dns_records", "summary": "3 to add", "undo_id": "r1"}
    operations = ("operations", "r1", told)
    assert standing_of(history(BEGUN, INTENT, operations)).attempts[TARGET].operations == ("dns_records: 3 to add",)
    assert standing_of(history(BEGUN, INTENT, operations, outcome("done"))).attempts == {}
    assert standing_of(history(BEGUN, operations)).attempts == {}, "what nobody meant to do is nobody's attempt"


def test_what_succeeded_is_done_up_to_its_stage() -> None:
    standing = standing_of(history(BEGUN, INTENT, outcome("done")))
    assert standing.done == {TARGET: frozenset({"preflight", "pool"})}
    assert standing.attempts == {}


def test_what_was_rolled_back_leaves_nothing() -> None:
    standing = standing_of(history(BEGUN, INTENT, outcome("rolled_back")))
    assert standing.touched(TARGET) == frozenset()


def test_what_failed_stays_named_until_it_is_done() -> None:
    failed = standing_of(history(BEGUN, INTENT, outcome("failed")))
    assert (failed.attempts[TARGET].result, failed.attempts[TARGET].reason) == ("failed", "no disk")
    lost = standing_of(history(BEGUN, INTENT, outcome("lost")))
    assert lost.attempts[TARGET].result == "lost"
    again = ("intent", "r2", {"mechanism": "dns", "stages": {"ns": ["preflight", "pool"]}})
    mended = standing_of(history(BEGUN, INTENT, outcome("failed"), ("begun", "r2", {}), again, outcome("done", "r2")))
    assert mended.attempts == {}
    assert TARGET in mended.done


def test_a_run_that_is_undone_takes_later_ones_with_it() -> None:
    more = ("intent", "r2", {"mechanism": "dns", "stages": {"ns": ["preflight", "pool", "edge"]}})
    told = (BEGUN, INTENT, outcome("done"), ("begun", "r2", {}), more, outcome("done", "r2"))
    undone = ("undone", "r3", {"mechanism": "dns", "hosts": ["ns"], "of": "r2"})
    assert standing_of(history(*told)).done[TARGET] == {"preflight", "pool", "edge"}
    assert standing_of(history(*told, undone)).done == {TARGET: frozenset({"preflight", "pool"})}
    all_undone = ("undone", "r3", {"mechanism": "dns", "hosts": ["ns"], "of": "r1"})
    assert standing_of(history(*told, all_undone)).done == {}


def test_a_checkpoint_is_passed_for_its_targets_and_grows() -> None:
    first = ("checkpoint", "r1", {"step": "s@pool", "targets": ["pool1"], "by": "ann", "evidence": "seen"})
    second = ("checkpoint", "r1", {"step": "s@pool", "targets": ["pool2"], "by": "bob", "evidence": "ran it"})
    passed = standing_of(history(BEGUN, first, second)).passed["s@pool"]
    assert passed.targets == {"pool1", "pool2"}
    assert (passed.by, passed.evidence, passed.left_out) == ("bob", "ran it", False)


def test_words_about_what_was_never_begun_change_nothing() -> None:
    stray = (outcome("done"), ("ended", "r9", {"verdict": "complete"}), ("stopped", "r1", {"reason": "x"}))
    standing = standing_of(history(*stray))
    assert (standing.runs, standing.done, standing.last_run) == ((), {}, None)
    odd = ("intent", "r1", {"mechanism": "dns", "stages": "ns"})
    assert standing_of(history(BEGUN, odd)).attempts == {}


def test_what_a_target_holds_is_known_only_after_success() -> None:
    first = ("intent", "r1", {"mechanism": "dns", "stages": {"ns": ["pool"]}, "contents": {"ns": "c1"}})
    second = ("intent", "r2", {"mechanism": "dns", "stages": {"ns": ["pool"]}, "contents": {"ns": "c2"}})
    assert standing_of(history(BEGUN, first)).contents == {}
    assert standing_of(history(BEGUN, first, outcome("done"))).contents == {TARGET: "c1"}
    assert standing_of(history(BEGUN, first, outcome("done"), second)).contents == {}
    again = standing_of(history(BEGUN, first, outcome("done"), ("begun", "r2", {}), second, outcome("done", "r2")))
    assert again.contents == {TARGET: "c2"}
