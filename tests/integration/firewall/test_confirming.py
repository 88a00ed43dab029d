# SPDX-License-Identifier: GPL-3.0-or-later
"""What is not confirmed is undone by the host itself."""

from __future__ import annotations

import json
import sys
import time

import pytest

from ansible_collections.openuc.ocs.plugins.module_utils.firewall.waiting import start_of_host
from tests.unit.module_utils.firewall.policies import options, rule

from .box import Box

A, B = rule("a", destination="media"), rule("b", ports=["5061"])
# Long enough for a run or two on a busy machine, and for all of a test.
SHORT, LONG = 8, 600


def test_what_nobody_confirms_comes_back(box: Box) -> None:
    box.apply(A)
    before = box.rules(), box.own_file.read_text()
    applied = box.apply(B, confirm_within=SHORT)
    assert applied["unconfirmed"] is True
    assert box.allowed() == {"a 443", "b 5061"}
    box.wait_until_nothing_waits()
    assert (box.rules(), box.own_file.read_text()) == before
    refused = box.module(state="confirmed", run=applied["undo_id"])
    assert refused["failed"] is True
    assert f"run {applied['undo_id']} was undone" in refused["msg"]
    assert f"since it was not confirmed within {SHORT} seconds" in refused["msg"]


def test_the_first_table_goes_when_nobody_confirms_it(box: Box) -> None:
    box.apply(A, confirm_within=1)
    box.wait_until_nothing_waits()
    assert box.rules() == ""
    assert not box.own_file.exists()


def test_only_what_is_confirmed_is_loaded_at_a_start(box: Box) -> None:
    box.apply(A)
    applied = box.apply(B, confirm_within=LONG)
    box.boot()
    assert box.allowed() == {"a 443"}
    box.apply(B)  # It still waits, and the rules are others now.
    box.module(state="restored", run=applied["undo_id"])
    applied = box.apply(B, confirm_within=LONG)
    confirmed = box.module(state="confirmed", run=applied["undo_id"])
    assert [each["name"] for each in confirmed["operations"]] == [f"run {applied['undo_id']}"]
    box.boot()
    assert box.allowed() == {"a 443", "b 5061"}


def test_the_process_that_waited_leaves_alone_what_was_confirmed(box: Box) -> None:
    def waits() -> bool:
        return str(box.journal / "return.py") in box.run("ps", "-wweo", "args").stdout

    applied = box.apply(A, confirm_within=SHORT)
    assert waits()
    box.module(state="confirmed", run=applied["undo_id"])
    deadline = time.monotonic() + 30
    while waits():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert box.allowed() == {"a 443"}


def test_confirming_twice_is_to_confirm_once(box: Box) -> None:
    applied = box.apply(A, confirm_within=LONG)
    check = box.module(check_mode=True, state="confirmed", run=applied["undo_id"])
    assert check["changed"] is True
    assert box.module(state="confirmed", run=applied["undo_id"])["changed"] is True
    assert box.module(state="confirmed", run=applied["undo_id"])["changed"] is False
    assert box.module(check_mode=True, state="confirmed", run=applied["undo_id"])["changed"] is False


def test_a_run_that_waits_is_met_by_the_same_run_and_stops_others(box: Box) -> None:
    applied = box.apply(A, confirm_within=LONG)
    again = box.apply(A, confirm_within=LONG)
    assert (again["changed"], again["unconfirmed"], again["undo_id"]) == (False, True, applied["undo_id"])
    other = box.apply(B, confirm_within=LONG)
    assert other["failed"] is True
    assert other["msg"].startswith(f"run {applied['undo_id']} waits to be confirmed until {applied['confirm_until']}")
    assert box.allowed() == {"a 443"}
    wrong = box.module(state="confirmed", run="other")
    assert f"run {applied['undo_id']} waits" in wrong["msg"]


def test_a_run_that_waits_can_be_undone_at_once(box: Box) -> None:
    applied = box.apply(A, confirm_within=LONG)
    undone = box.module(state="restored", run=applied["undo_id"])
    assert undone["changed"] is True
    assert box.rules() == ""
    assert box.apply(A)["changed"] is True


def test_what_was_changed_by_hand_meanwhile_is_not_confirmed(box: Box) -> None:
    applied = box.apply(A, confirm_within=LONG)
    box.run("nft", "flush", "chain", "inet", "openuc_filter", "forward")
    refused = box.module(state="confirmed", run=applied["undo_id"])
    assert "somebody changed them by hand" in refused["msg"]
    assert not box.own_file.exists()


def test_the_connection_that_changed_the_rules_does_not_confirm_them(box: Box) -> None:
    def over(port: int) -> str:
        return f"env SSH_CONNECTION='192.0.2.1 {port} 192.0.2.2 22'"

    def within(port: int, **given: object) -> dict[str, object]:
        command = f"{over(port)} {sys.executable} -m ansible_collections.openuc.ocs.plugins.modules.firewall_rules"
        done = box.run("sh", "-c", command, check=False, input=box.arguments(**given), env=box.environment())
        found: dict[str, object] = json.loads(done.stdout)
        return found

    run = within(40000, **options(A), confirm_within=LONG)["undo_id"]
    refused = within(40000, state="confirmed", run=run)
    assert "this is the connection that the rules were changed over" in str(refused["msg"])
    assert within(40001, state="confirmed", run=run)["changed"] is True


def test_rules_that_would_cut_the_connection_are_refused(box: Box) -> None:
    led_away = rule("led-away", ports=["22"], nat=[{"kind": "dnat", "public": "192.0.2.2", "private": "10.31.0.31"}])
    command = f"env SSH_CONNECTION='10.9.9.9 40000 192.0.2.2 22' {sys.executable} -m "
    command += "ansible_collections.openuc.ocs.plugins.modules.firewall_rules"

    def said(**given: object) -> dict[str, object]:
        arguments = box.arguments(**options(led_away), **given)
        done = box.run("sh", "-c", command, check=False, input=arguments, env=box.environment())
        found: dict[str, object] = json.loads(done.stdout)
        return found

    for check_mode in (True, False):
        refused = said(_ansible_check_mode=check_mode)
        assert str(refused["msg"]).startswith("nothing was changed, since this host is managed at 192.0.2.2 port 22")
    assert box.rules() == ""
    assert said(guard=False)["changed"] is True


# --- when the process that waits is gone ------------------------------------------------------------------------------


def pending(box: Box) -> dict[str, object]:
    found: dict[str, object] = json.loads((box.journal / "pending.json").read_text())
    return found


def change_pending(box: Box, **changes: object) -> None:
    (box.journal / "pending.json").write_text(json.dumps({**pending(box), **changes}))


def test_the_next_run_undoes_what_a_killed_process_left(box: Box) -> None:
    box.apply(A)
    box.apply(B, confirm_within=LONG)
    change_pending(box, ends=time.monotonic() - 1)
    again = box.apply(A)
    assert again["changed"] is False
    assert "the process that waited for it is gone" in str(again["warnings"])
    assert box.allowed() == {"a 443"}


def test_after_a_start_of_the_host_nothing_waits(box: Box) -> None:
    box.apply(A)
    applied = box.apply(B, confirm_within=LONG)
    box.boot()
    change_pending(box, start="another start")
    refused = box.module(state="confirmed", run=applied["undo_id"])
    assert "since the host has started anew, with the rules that were confirmed last" in refused["msg"]
    assert box.allowed() == {"a 443"}


def test_starts_of_a_host_are_told_apart(tmp_path: object) -> None:
    assert start_of_host() == start_of_host()
    assert len(start_of_host().split()) == 2
    assert start_of_host(f"{tmp_path}/none") == ""


@pytest.mark.parametrize("seconds", [1])
def test_the_process_that_waits_outlives_a_hangup(box: Box, seconds: int) -> None:
    """It has a session of its own: a signal to the module's whole group does not reach it."""
    command = (
        "set -m; python3 -m ansible_collections.openuc.ocs.plugins.modules.firewall_rules & wait $!; kill -HUP -- -$!"
    )
    arguments = box.arguments(**options(A), confirm_within=seconds)
    box.run("bash", "-c", command, check=False, input=arguments, env=box.environment())
    box.wait_until_nothing_waits()
    assert box.rules() == ""


def test_what_waited_before_leaves_alone_what_the_same_run_changes_later(box: Box) -> None:
    """A roll-out is one run with many stages."""

    def waiting() -> int:
        return box.run("ps", "-wweo", "args").stdout.count(str(box.journal / "return.py"))

    box.apply(A, run="roll-out", confirm_within=SHORT)
    box.module(state="confirmed", run="roll-out")
    applied = box.apply(B, run="roll-out", confirm_within=LONG)
    assert (applied["unconfirmed"], waiting()) == (True, 2)
    deadline = time.monotonic() + 30
    while waiting() > 1:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert box.allowed() == {"a 443", "b 5061"}
    assert box.module(state="confirmed", run="roll-out")["changed"] is True
