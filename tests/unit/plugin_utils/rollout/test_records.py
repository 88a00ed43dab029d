# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal as text survives what kills leave behind."""

from __future__ import annotations

import hypothesis as h
from hypothesis import strategies as s

from ansible_collections.openuc.ocs.plugins.plugin_utils.rollout.records import line, read

AT = "2026-11-01T10:00:00Z"


def test_an_entry_is_a_line_that_reads_back() -> None:
    written = line("intent", "r1", AT, {"wave": "w", "stages": {"fé1": ["a"]}})
    assert written.count("\n") == 1
    assert written.endswith("\n")
    (entry,) = read(written).entries
    assert (entry.event, entry.run, entry.at) == ("intent", "r1", AT)
    assert entry.data == {"wave": "w", "stages": {"fé1": ["a"]}}


@h.given(cut=s.integers(min_value=1, max_value=60))
def test_a_torn_line_hides_nothing_before_or_after_it(cut: int) -> None:
    first, second, third = (line("begun", run, AT, {"who": "x"}) for run in ("r1", "r2", "r3"))
    torn = second[: min(cut, len(second) - 2)]
    history = read(f"{first}{torn}\n{third}")
    assert [entry.run for entry in history.entries] == ["r1", "r3"]
    assert history.torn == (2,)


def test_what_is_no_entry_is_told_by_its_line() -> None:
    text = '[]\n{"event":"sings","run":"r","at":"t"}\n\n{"run":"r","at":"t"}\n7\n' + line("ended", "r", AT, {})
    history = read(text)
    assert [entry.event for entry in history.entries] == ["ended"]
    assert history.torn == (1, 2, 4, 5)
