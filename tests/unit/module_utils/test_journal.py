# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that remember what is ours and what a run found."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from ansible_collections.openuc.ocs.plugins.module_utils.files import FileError, write_whole
from ansible_collections.openuc.ocs.plugins.module_utils.journal import KEPT_RUNS, Journal, JournalError, run_id


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(str(tmp_path), "dns1.contoso.com")


def test_nothing_is_ours_before_it_is_said(journal: Journal) -> None:
    assert journal.owned() is None
    journal.own({"records": [{"name": "sip"}, {"name": "münchen"}]})
    assert journal.owned() == {"records": [{"name": "sip"}, {"name": "münchen"}]}


def test_each_item_has_a_line_of_its_own(journal: Journal) -> None:
    journal.own({"records": ["a", "b"], "empty": []})
    assert (journal.folder / "owned.json").read_text().splitlines() == [
        '{"records": [',
        '"a",',
        '"b"',
        "],",
        '"empty": []}',
    ]


def test_the_state_before_the_first_change_of_a_run_stays(journal: Journal) -> None:
    journal.store("r1", {"before": "nothing"})
    journal.store("r1", {"before": "half"})
    assert journal.stored("r1") == {"before": "nothing"}
    journal.replace("r1", {"before": "nothing", "made": ["key"]})
    assert journal.stored("r1") == {"before": "nothing", "made": ["key"]}


def test_an_unknown_run_is_told_with_those_that_are_there(journal: Journal) -> None:
    journal.store("r1", {})
    with pytest.raises(JournalError, match=r"'r2' is not stored in .*; stored are r1$"):
        journal.stored("r2")
    with pytest.raises(JournalError, match="is not stored"):
        journal.stored("../../etc/passwd")


def test_only_the_last_runs_are_kept_with_their_notes(journal: Journal) -> None:
    for number in range(KEPT_RUNS + 2):
        name = f"2026.{number:02}"
        path = journal.store(name, {"number": number})
        os.utime(path, ns=(number, number))
        journal.note(name, "done")
    assert journal.runs() == [f"2026.{number:02}" for number in range(2, KEPT_RUNS + 2)]
    assert len(list(journal.folder.glob("runs/*.log"))) == KEPT_RUNS


def test_notes_are_lines_with_times_that_only_their_owner_reads(journal: Journal) -> None:
    path = journal.store("r1.5", {})
    journal.note("r1.5", "zone sent")
    journal.note("r1.5", "zone verified")
    log = path.with_name("r1.5.log")
    assert [line.split(" ", 1)[1] for line in log.read_text().splitlines()] == ["zone sent", "zone verified"]
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(journal.folder.stat().st_mode) == 0o700


def test_two_runs_do_not_work_on_one_target_at_once(journal: Journal, tmp_path: Path) -> None:
    with (
        journal.locked(),
        pytest.raises(JournalError, match="another run works here"),
        Journal(str(tmp_path), "DNS1.contoso.com").locked(),
    ):
        pass
    with Journal(str(tmp_path), "dns1.contoso.com").locked():
        assert journal.runs() == []


def test_what_a_killed_run_left_half_written_goes(journal: Journal) -> None:
    journal.own({})
    half = journal.folder / ".half-owned.json-00ff"
    half.write_text("{")
    with journal.locked():
        assert not half.exists()


def test_targets_with_odd_names_have_folders_of_their_own(tmp_path: Path) -> None:
    names = ["../up", "a/b", "a b", "ä", "a%2fb"]
    folders = {Journal(str(tmp_path), name).folder for name in names}
    assert len(folders) == len(names)
    assert {folder.parent for folder in folders} == {tmp_path}


def test_a_spoilt_file_is_told_with_its_remedy(journal: Journal) -> None:
    journal.own({})
    (journal.folder / "owned.json").write_text("{")
    with pytest.raises(JournalError, match=r"owned\.json is spoilt .*restore it from a backup"):
        journal.owned()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalError, match="Not a directory"):
        Journal(str(tmp_path / "file"), "x").own({})


def test_a_file_that_cannot_be_written_leaves_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "folder"
    target.mkdir()
    with pytest.raises(FileError, match="Is a directory"):
        write_whole(target, b"text")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


@pytest.mark.parametrize("name", ["", None])
def test_a_run_without_a_name_gets_one_that_is_its_own(name: str | None) -> None:
    assert run_id(name) != run_id(name)


@pytest.mark.parametrize("name", ["../x", "a b", ".hidden", "x" * 101])
def test_a_run_is_named_in_plain_letters(name: str) -> None:
    with pytest.raises(JournalError, match="cannot name a run"):
        run_id(name)
