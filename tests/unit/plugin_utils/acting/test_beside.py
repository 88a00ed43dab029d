# SPDX-License-Identifier: GPL-3.0-or-later
"""Work on a second processor: what comes back, and what happens when it fails."""

from __future__ import annotations

import datetime
import multiprocessing
import os

import pytest

from ansible_collections.openuc.ocs.plugins.plugin_utils.acting.beside import beside


def test_the_work_is_done_elsewhere_and_comes_back() -> None:
    large = "ß" * 1_000_000
    with beside(lambda: (os.getpid(), large, {"since": datetime.date(2009, 1, 1)})) as told:
        elsewhere, found, since = told()
    assert elsewhere != os.getpid()
    assert found == large
    assert since == {"since": datetime.date(2009, 1, 1)}


def test_what_the_copy_could_not_do_is_done_here() -> None:
    mine = os.getpid()

    def only_here() -> str:
        if os.getpid() != mine:
            os._exit(9)
        return "here"

    with beside(only_here) as told:
        assert told() == "here"


def test_a_failure_of_the_work_is_seen_once_and_here(capfd: pytest.CaptureFixture[str]) -> None:
    def fails() -> None:
        raise ValueError("out of words")

    with pytest.raises(ValueError, match="out of words"), beside(fails) as told:
        told()
    assert capfd.readouterr().err == ""


def test_a_failure_meanwhile_leaves_no_process_behind() -> None:
    with pytest.raises(ValueError, match="out of words"), beside(lambda: "x" * 10_000_000):
        raise ValueError("out of words")
    assert multiprocessing.active_children() == []


def test_without_a_second_process_the_work_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> int:
        raise OSError("Cannot allocate memory")

    monkeypatch.setattr(os, "fork", refused)
    with beside(lambda: "here") as told:
        assert told() == "here"
