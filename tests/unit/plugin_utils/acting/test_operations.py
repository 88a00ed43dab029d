# SPDX-License-Identifier: GPL-3.0-or-later
"""What a mechanism did to a host stands in the journal of the roll-out, as soon as it has done it."""

from __future__ import annotations

import errno
import os
import types
import typing as t
from pathlib import Path

import pytest
from ansible import constants
from ansible.errors import AnsibleError

from ansible_collections.openuc.ocs.plugins.plugin_utils.acting import operations, rollout

VARIABLES = {"inventory_hostname": "ns", "_openuc_wave": {"id": "pool.02-dns", "mechanism": "dns"}}
RESULT = {
    "changed": True,
    "summary": "2 to add, 1 to remove",
    "operations": [{"action": "add", "name": "a"}, {"action": "add", "name": "b"}, {"action": "remove", "name": "c"}],
    "undo_id": "r1",
}


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> rollout.UnderWay:
    """A run under way, in a folder of the test's."""
    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(tmp_path))
    (tmp_path / "openuc").mkdir()
    begun = rollout.UnderWay("r1", str(tmp_path / "rollout.jsonl"), str(tmp_path), str(tmp_path), False, {}, ())
    begun.save()
    return begun


def task(**changes: t.Any) -> t.Any:
    told = {"action": "openuc.ocs.dns_records", "args": {}, "check_mode": False, "run_once": False}
    return types.SimpleNamespace(**{**told, **changes})


def told(run: rollout.UnderWay) -> list[dict[str, t.Any]]:
    return [dict(entry.data) for entry in run.log.history().entries]


def test_a_change_is_told_with_counts_names_and_the_way_back(run: rollout.UnderWay) -> None:
    operations.record(task(), VARIABLES, RESULT)
    assert told(run) == [
        {
            "wave": "pool.02-dns",
            "mechanism": "dns",
            "host": "ns",
            "module": "dns_records",
            "state": "replaced",
            "summary": "2 to add, 1 to remove",
            "names": ["a", "b", "c"],
            "undo_id": "r1",
        }
    ]


def test_what_runs_once_for_all_is_nobodys_own(run: rollout.UnderWay) -> None:
    operations.record(task(run_once=True, args={"state": "restored"}), VARIABLES, RESULT)
    assert [(one["host"], one["state"]) for one in told(run)] == [("", "restored")]


def test_of_long_lists_the_beginning_is_named(run: rollout.UnderWay) -> None:
    many = [{"action": "add", "name": str(number)} for number in range(100)]
    operations.record(task(), VARIABLES, {**RESULT, "operations": many})
    assert told(run)[0]["names"] == [str(number) for number in range(operations.MOST_NAMED)]


@pytest.mark.parametrize(
    ("about", "variables", "result"),
    [
        ({"check_mode": True}, VARIABLES, RESULT),
        ({}, {"inventory_hostname": "ns"}, RESULT),
        ({}, VARIABLES, {**RESULT, "changed": False}),
        ({}, VARIABLES, {**RESULT, "failed": True}),
    ],
    ids=["check mode", "outside a wave", "nothing changed", "failed"],
)
def test_all_else_is_not_told(
    run: rollout.UnderWay, about: dict[str, t.Any], variables: dict[str, t.Any], result: dict[str, t.Any]
) -> None:
    operations.record(task(**about), variables, result)
    assert told(run) == []


def test_a_mechanism_works_without_a_roll_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(tmp_path))
    operations.record(task(), VARIABLES, RESULT)
    assert list(tmp_path.iterdir()) == []


def test_a_journal_that_is_full_fails_the_task_that_it_cannot_tell_of(
    run: rollout.UnderWay, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(AnsibleError, match=r"it is done, but the journal of the roll-out cannot be kept: .*No space"):
        operations.record(task(), VARIABLES, RESULT)
