# SPDX-License-Identifier: GPL-3.0-or-later
"""A run goes on only when all hosts of a wave are known to be well."""

from __future__ import annotations

from ansible_collections.openuc.ocs.plugins.plugin_utils.rollout.gate import (
    Outcome,
    missing_words,
    outcomes,
    stop_words,
)
from ansible_collections.openuc.ocs.plugins.plugin_utils.rollout.standing import Attempt, Standing
from ansible_collections.openuc.ocs.plugins.plugin_utils.rollout.walk import Wave

WAVE = Wave(id="pool.02", stage="pool", title="Names", kind="apply", mechanism="dns", hosts=("a", "b", "c", "d"))
NEXT = Wave(id="pool.03", stage="pool", title="More", kind="apply", mechanism="dns", hosts=("a", "e"))


def standing(**results: str) -> Standing:
    """Attempts of run r1, with what is heard of each."""
    attempts = {
        ("dns", host): Attempt(("dns", host), "r1", ("pool",), result, "no disk" if result else "")
        for host, result in results.items()
    }
    return Standing(attempts=attempts)


def test_everyone_alive_and_silent_has_succeeded() -> None:
    told = outcomes(WAVE, standing(a="", b="", c="", d=""), "r1", {"a", "b", "c", "d"})
    assert {outcome.result for outcome in told} == {"done"}
    assert stop_words(WAVE, told, (NEXT,)) == ""


def test_lost_failed_and_rolled_back_hosts_are_told_apart_and_all_stop_the_run() -> None:
    # c has said that it was rolled back, so no attempt of it is left; d is gone.
    told = outcomes(WAVE, standing(a="", b="failed", d=""), "r1", {"a"})
    assert [(outcome.host, outcome.result) for outcome in told] == [
        ("a", "done"),
        ("b", "failed"),
        ("c", "rolled_back"),
        ("d", "lost"),
    ]
    assert stop_words(WAVE, told, (NEXT,)) == (
        "The roll-out stops at pool.02 (Names).\n"
        "  b: failed, and may be half changed (no disk)\n"
        "  c: failed, and is as it was before this run (its change failed, and was undone)\n"
        "  d: lost, and may be half changed (it could not be reached any more while it was changed)\n"
        "  Done in this wave: a\n"
        "  Not touched by what would have followed: e\n"
        "  Mend the cause and run the same again: what is done stays, and the run takes up here."
    )


def test_being_alive_does_not_make_good_a_failure() -> None:
    """A rescued failure counts as success to Ansible."""
    (told,) = outcomes(Wave(**{**vars_of(WAVE), "hosts": ("b",)}), standing(b="failed"), "r1", {"b"})
    assert told == Outcome("b", "failed", "no disk")


def test_a_wave_does_not_begin_without_those_the_run_began_with() -> None:
    assert missing_words(NEXT, ("a", "b"), {"a", "b"}) == ""
    assert missing_words(NEXT, ("a", "b", "c"), {"b"}) == (
        "The roll-out stops before pool.03 (More): a, c failed or cannot be reached any more, so whether what was done "
        "so far holds is not known. Mend that and run the same again."
    )


def vars_of(wave: Wave) -> dict[str, object]:
    return {name: getattr(wave, name) for name in wave.__dataclass_fields__}
