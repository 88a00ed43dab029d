# SPDX-License-Identifier: GPL-3.0-or-later
"""Only the plan that was approved is deployed."""

from __future__ import annotations

from ansible_collections.openuc.ocs.plugins.plugin_utils.rollout.approval import refusal

APPROVED = {"input": "i1", "files": {"plan.json": "p1", "slices/dns_records/ns/a.json": "s1", "findings.md": "f1"}}


def test_the_same_plan_is_deployed_whatever_findings_the_day_brings() -> None:
    assert refusal(APPROVED, {**APPROVED, "files": {**APPROVED["files"], "findings.md": "f2"}}) == ""  # type: ignore[dict-item]


def test_a_changed_inventory_is_named() -> None:
    changed = {"input": "i2", "files": {**APPROVED["files"], "plan.json": "p2"}}  # type: ignore[dict-item]
    assert refusal(APPROVED, changed) == (
        "this is not the plan that was approved: the inventory has changed since. Different are plan.json. "
        "Plan again and have the difference approved, or go back to what was approved"
    )


def test_a_changed_catalogue_is_named() -> None:
    words = refusal(APPROVED, {"input": "i1", "files": {f"slices/{n}.json": "x" for n in range(9)}})
    assert "the inventory is the same, but the catalogue or the planner has changed since" in words
    assert "plan.json, slices/0.json, slices/1.json, slices/2.json, slices/3.json and 6 more" in words


def test_nothing_that_was_approved_is_nothing_to_deploy() -> None:
    assert "Different are plan.json" in refusal({}, {"files": {"plan.json": "p"}})
