# SPDX-License-Identifier: GPL-3.0-or-later
"""Two pieces of work at once: what comes back, and what happens when one fails."""

from __future__ import annotations

import multiprocessing
import os

import pytest

from ansible_collections.openuc.ocs.plugins.plugin_utils.acting.beside import both


def test_both_come_back_and_the_second_was_done_elsewhere() -> None:
    large = "ß" * 1_000_000
    here, beside = both(lambda: {"pid": str(os.getpid())}, lambda: {"pid": str(os.getpid()), "large": large})
    assert here == {"pid": str(os.getpid())}
    assert beside["large"] == large
    assert beside["pid"] != here["pid"]


def test_what_the_copy_could_not_do_is_done_here() -> None:
    mine = os.getpid()

    def only_here() -> dict[str, str]:
        if os.getpid() != mine:
            os._exit(9)
        return {"done": "here"}

    assert both(dict, only_here) == ({}, {"done": "here"})


def test_a_failure_of_the_second_is_seen_once_and_here(capfd: pytest.CaptureFixture[str]) -> None:
    def fails() -> dict[str, str]:
        raise ValueError("out of words")

    with pytest.raises(ValueError, match="out of words"):
        both(dict, fails)
    assert capfd.readouterr().err == ""


def test_a_failure_of_the_first_leaves_no_process_behind() -> None:
    def fails() -> dict[str, str]:
        raise ValueError("out of words")

    with pytest.raises(ValueError, match="out of words"):
        both(fails, lambda: {"large": "x" * 10_000_000})
    assert multiprocessing.active_children() == []


def test_without_a_second_process_all_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> int:
        raise OSError("Cannot allocate memory")

    monkeypatch.setattr(os, "fork", refused)
    assert both(lambda: {"a": "1"}, lambda: {"b": "2"}) == ({"a": "1"}, {"b": "2"})
