# SPDX-License-Identifier: GPL-3.0-or-later
"""Marks at a real packet filter: applied, read back, undone; and what they do to packets."""

from __future__ import annotations

import typing as t

import pytest

from tests.unit.module_utils.firewall.policies import mark, options, rule

from .box import Box

AUDIO = mark("audio")
VIDEO = mark("video", ports="57501-65534", dscp=34, side="destination")
KEPT = {key: said for key, said in mark("kept", ports="3478").items() if key != "dscp"}
REST = {**{key: said for key, said in mark("rest").items() if key not in ("protocol", "side", "ports")}, "dscp": 0}
A = rule("a", destination="media", ports=["443"])


def test_marks_are_applied_found_and_undone(box: Box) -> None:
    box.apply(A)
    applied = box.four_runs(**options(A, marks=[AUDIO, VIDEO, KEPT, REST]))
    assert applied["summary"] == "4 to add"
    changed = box.four_runs(**options(A, marks=[{**AUDIO, "dscp": 11}, VIDEO, KEPT, REST]))
    assert [(told["before"], told["after"]) for told in changed["operations"]] == [("46 for audio", "11 for audio")]
    box.four_runs(state="restored", run=changed["undo_id"])
    box.four_runs(state="restored", run=applied["undo_id"])
    assert "mark" not in box.rules()


def test_what_is_gathered_asks_for_the_same(box: Box) -> None:
    box.four_runs(**options(A, marks=[AUDIO, VIDEO, KEPT, REST]))
    gathered = box.module(state="gathered")["gathered"]
    assert {found["id"] for found in gathered["marks"]} == {"rest", "kept", "audio", "video"}
    assert not box.module(**{**gathered, "state": "overridden"})["changed"]


@pytest.mark.parametrize(("state", "given"), [("overridden", options(A)), ("deleted", options(marks=[AUDIO]))])
def test_marks_go_with_their_names(box: Box, state: str, given: dict[str, t.Any]) -> None:
    box.four_runs(**options(A, marks=[AUDIO]))
    box.four_runs(**given, state=state)
    assert "mark" not in box.rules()
    assert box.allowed() == {"a 443"}


def test_a_packet_filter_that_marks_by_hand_is_told_and_put_right(box: Box) -> None:
    box.four_runs(**options(A, marks=[AUDIO]))
    box.run("nft", "add", "rule", "inet", "openuc_filter", "mark_46", "ip", "dscp", "set", "cs1")
    mended = box.module(**options(A, marks=[AUDIO]))
    assert "ip dscp set 8" in str(mended["operations"])
    assert "cs1" not in box.rules()
