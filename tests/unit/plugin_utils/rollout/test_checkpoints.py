# SPDX-License-Identifier: GPL-3.0-or-later
"""Work of people is vouched for, or waited for, and never passed in silence."""

from __future__ import annotations

from ansible_collections.openuc.ocs.plugins.plugin_utils.rollout.checkpoints import (
    judge,
    unknown,
    waiting_words,
)
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.inputs.run import ConfirmationInput

from .samples import step

SQL = step(
    "sql",
    "pool",
    targets=("pool1", "pool2"),
    details=("Its own computer",),
    who=(("Administrators", "DBAs"), ("Owners",)),
    verify="It answers",
)
USERS = step("users", "pool", optional=True)
METHOD = step("method", "pool", kind="decision", decision="method", options=("new", "kept"))


def by_ann(pattern: str, *targets: str) -> ConfirmationInput:
    return ConfirmationInput(step=pattern, by="ann", evidence="she did it", targets=targets)


def test_what_nobody_vouches_for_is_open_and_optional_steps_are_left_out() -> None:
    states = [(one.step.title, one.state) for one in judge((SQL, USERS, METHOD), (), {})]
    assert states == [("Sql", "open"), ("Users", "left_out"), ("Method", "open")]


def test_a_confirmation_says_who_and_how() -> None:
    (one,) = judge((SQL,), (by_ann("step.s*"),), {})
    assert (one.state, one.by, one.evidence, one.targets) == ("confirmed", "ann", "she did it", ("pool1", "pool2"))


def test_an_optional_step_that_was_done_is_confirmed() -> None:
    assert judge((USERS,), (by_ann("step.users"),), {})[0].state == "confirmed"


def test_a_confirmation_for_some_targets_leaves_the_others_open() -> None:
    (one,) = judge((SQL,), (by_ann("step.sql", "pool1"),), {})
    assert (one.state, one.targets) == ("open", ("pool2",))
    both = judge((SQL,), (by_ann("step.sql", "pool1"), by_ann("step.sql", "pool2")), {})
    assert both[0].state == "confirmed"
    assert judge((SQL,), (by_ann("step.sql", "pool2"),), {SQL.id: {"pool1"}})[0].state == "confirmed"


def test_being_passed_before_alone_confirms_nothing_new() -> None:
    (one,) = judge((SQL,), (), {SQL.id: {"pool1"}})
    assert (one.state, one.targets) == ("open", ("pool2",))


def test_slips_in_confirmations_are_found() -> None:
    assert unknown((by_ann("step.sqll"), by_ann("step.*")), (SQL, USERS)) == ("step.sqll",)


def test_who_waits_reads_what_to_do_with_which_rights_and_how_to_go_on() -> None:
    waiting = judge((SQL, METHOD), (), {})
    assert waiting_words("pool.01-checkpoints", "pool", waiting, "/estate/confirmed.yml") == (
        "The roll-out waits at pool.01-checkpoints (stage pool) for 2 steps of people:\n"
        "  Sql [pool1, pool2]\n"
        "    Its own computer\n"
        "    Who may: Administrators and DBAs or Owners\n"
        "    Done when: It answers\n"
        "    Id: step.sql\n"
        "  Method\n"
        "    Decide with uc_decisions: {method: new | kept}\n"
        "    Id: step.method\n"
        "Do them, then say so, and run the same again: it takes up here. Say so in uc_confirmed, or in\n"
        "/estate/confirmed.yml, as a list of {step: step.sql, by: NAME, evidence: HOW YOU KNOW}."
    )
