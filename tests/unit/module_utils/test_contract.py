# SPDX-License-Identifier: GPL-3.0-or-later
"""What every module of a mechanism returns."""

from __future__ import annotations

from ansible_collections.openuc.ocs.plugins.module_utils.contract import MOST_SHOWN, Operation, result


def test_nothing_to_do() -> None:
    made = result([])
    assert made["changed"] is False
    assert made["summary"] == "nothing to change"


def test_the_diff_shows_operations() -> None:
    made = result([Operation("change", "sip", "10.0.0.1", "10.0.0.2"), Operation("remove", "old", "10.0.0.9")])
    assert made["changed"] is True
    assert made["summary"] == "1 to change, 1 to remove"
    assert made["diff"] == {"before": "sip 10.0.0.1\nold 10.0.0.9\n", "after": "sip 10.0.0.2\n"}


def test_long_lists_are_capped_but_the_summary_counts_all() -> None:
    made = result([Operation("add", str(number), after="x") for number in range(MOST_SHOWN + 5)], details="/tmp/all")
    assert len(made["operations"]) == MOST_SHOWN
    assert made["summary"] == f"{MOST_SHOWN + 5} to add"
    assert made["details"] == "/tmp/all"
