# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal and the lease as files: whole lines whoever writes, and one holder at a time."""

from __future__ import annotations

import dataclasses
import json
import multiprocessing
import os
from pathlib import Path

import pytest

from ansible_collections.openuc.ocs.plugins.module_utils.files import FileError
from ansible_collections.openuc.ocs.plugins.plugin_utils.acting import rollout_files
from ansible_collections.openuc.ocs.plugins.plugin_utils.acting.rollout_files import LeaseFile, RolloutJournal
from ansible_collections.openuc.ocs.plugins.plugin_utils.rollout.lease import HeldError, Holder


@pytest.fixture
def journal(tmp_path: Path) -> RolloutJournal:
    return RolloutJournal(tmp_path / "journal" / "rollout.jsonl")


def test_an_estate_without_journal_has_no_history(journal: RolloutJournal) -> None:
    assert journal.history().entries == ()
    assert journal.standing().runs == ()


def test_entries_are_added_in_private_files(journal: RolloutJournal) -> None:
    journal.add("begun", "r1", {"who": "ann"})
    journal.add("ended", "r1", {"verdict": "complete"})
    assert [entry.event for entry in journal.history().entries] == ["begun", "ended"]
    assert journal.path.stat().st_mode & 0o777 == 0o600
    run = journal.standing().last_run
    assert run is not None
    assert (run.who, run.verdict) == ("ann", "complete")


def test_a_torn_line_is_left_behind_and_the_next_one_is_whole(journal: RolloutJournal) -> None:
    journal.add("begun", "r1", {})
    with journal.path.open("a") as file:
        file.write('{"event":"inte')
    journal.add("begun", "r2", {})
    history = journal.history()
    assert [entry.run for entry in history.entries] == ["r1", "r2"]
    assert history.torn == (2,)


def _add_many(path: str, run: str) -> None:
    for number in range(50):
        RolloutJournal(Path(path)).add("checkpoint", run, {"step": f"{run}-{number}", "evidence": "x" * 3000})


def test_tasks_of_several_hosts_write_at_the_same_time(journal: RolloutJournal) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_add_many, args=(str(journal.path), f"r{number}")) for number in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    history = journal.history()
    assert history.torn == ()
    assert len({entry.data["step"] for entry in history.entries}) == 150


def test_a_journal_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "rollout.jsonl").mkdir()
    with pytest.raises(FileError, match=r"rollout\.jsonl"):
        RolloutJournal(tmp_path / "rollout.jsonl").add("begun", "r1", {})


def ours(run: str) -> Holder:
    """This process as the holder: what forks tasks of a run is their parent, here what runs the tests."""
    return dataclasses.replace(rollout_files.holder_of(run), process=os.getpid(), born=rollout_files._born(os.getpid()))


def test_the_lease_goes_from_run_to_run(tmp_path: Path) -> None:
    lease = LeaseFile(tmp_path / "journal" / "lease.json")
    assert lease.take(ours("r1"), "") is None
    with pytest.raises(HeldError, match="run r1 of"):
        lease.take(ours("r2"), "")
    lease.renew(ours("r1"))
    lease.release("r2")
    held = lease.read()
    assert held is not None
    assert held.holder.run == "r1"
    lease.release("r1")
    assert lease.read() is None
    with pytest.raises(HeldError, match="nobody holds it now"):
        lease.renew(ours("r1"))


def test_a_dead_process_holds_nothing(tmp_path: Path) -> None:
    lease = LeaseFile(tmp_path / "lease.json")
    child = os.fork()
    if child == 0:
        os._exit(0)
    gone = dataclasses.replace(ours("r1"), process=child, born=rollout_files._born(child))
    os.waitpid(child, 0)
    lease.take(gone, "")
    before = lease.take(ours("r2"), "")
    assert before is not None
    assert before.holder.run == "r1"


def test_a_process_with_the_number_of_a_dead_one_is_another(tmp_path: Path) -> None:
    assert not rollout_files.lives(dataclasses.replace(ours("r1"), born="another boot/1"))
    assert rollout_files.lives(ours("r1"))


@pytest.mark.parametrize("text", ["", "{", "[]", json.dumps({"holder": 1})])
def test_a_spoilt_lease_holds_nothing(tmp_path: Path, text: str) -> None:
    path = tmp_path / "lease.json"
    path.write_text(text)
    assert LeaseFile(path).read() is None


def test_check_mode_thinks_on_a_copy(journal: RolloutJournal, tmp_path: Path) -> None:
    journal.add("begun", "r1", {})
    copy = RolloutJournal(rollout_files.copy_for_check(journal.path, tmp_path / "private"))
    copy.add("begun", "r2", {})
    assert [entry.run for entry in copy.history().entries] == ["r1", "r2"]
    assert [entry.run for entry in journal.history().entries] == ["r1"]
    fresh = RolloutJournal(rollout_files.copy_for_check(tmp_path / "none", tmp_path / "private"))
    assert fresh.history().entries == ()


def test_the_person_behind_sudo_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUDO_USER", "ann")
    assert rollout_files.user_name() == "ann"
    monkeypatch.delenv("SUDO_USER")
    monkeypatch.setenv("LOGNAME", "bob")
    assert rollout_files.user_name() == "bob"
