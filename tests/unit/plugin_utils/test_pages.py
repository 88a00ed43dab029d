# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages of a plan: complete, and safe to open."""

from __future__ import annotations

import csv
import io
import json

import pytest

from ansible_collections.openuc.ocs.plugins.plugin_utils.engine import Design
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.plan import items_of
from ansible_collections.openuc.ocs.plugins.plugin_utils.rendering.pages import files_of
from ansible_collections.openuc.ocs.plugins.plugin_utils.rendering.sections import PAGES
from ansible_collections.openuc.ocs.plugins.plugin_utils.rendering.tables import comma_separated, markdown, text_of
from tests import support


@pytest.fixture(scope="module")
def lab() -> dict[str, str]:
    return files_of(support.example_design("lab"))


def design_without_plan() -> Design:
    return support.design(support.changed(support.example("lab"), {"uc_pols": 1}), support.TODAY)


def test_a_design_with_errors_has_no_pages() -> None:
    with pytest.raises(ValueError, match="no plan"):
        files_of(design_without_plan())


def test_every_flow_is_in_the_matrix(lab: dict[str, str]) -> None:
    rows = list(csv.DictReader(io.StringIO(lab["flows.csv"])))
    flows = json.loads(lab["plan.json"])["flows"]
    assert [row["id"] for row in rows] == [flow["id"] for flow in flows]
    assert all(row["source addresses"] and row["destination addresses"] for row in rows)


def test_every_reason_leads_to_a_document(lab: dict[str, str]) -> None:
    plan = json.loads(lab["plan.json"])
    cited = {reason for flow in plan["flows"] for reason in flow["why"]}
    cited |= {reason for record in plan["records"] for reason in record["why"]}
    assert cited <= plan["citations"].keys()
    assert all(citation["source"] for citation in plan["citations"].values())


def test_the_checklist_names_every_stage_and_step(lab: dict[str, str]) -> None:
    plan = json.loads(lab["plan.json"])
    assert all(f"Stage `{stage['stage']}`" in lab["checklist.md"] for stage in plan["stages"])
    assert lab["checklist.md"].count("- [ ] ") == len(plan["steps"])


def test_zone_files_hold_each_record_once_that_no_later_one_replaces(lab: dict[str, str]) -> None:
    planned = json.loads(lab["plan.json"])["records"]
    replaced = {record["replaces"] for record in planned} - {""}
    records = [record for record in planned if record["id"] not in replaced]
    assert replaced
    lines = [
        line
        for name, text in lab.items()
        if name.startswith("zones/") and name.endswith(".fragment")
        for line in text.splitlines()
        if line[:1] != ";"
    ]
    assert len(lines) == sum(len(record["values"]) for record in records)


def test_pages_of_products_without_rows_are_left_out() -> None:
    files = files_of(support.example_design("ocs2007"))
    assert {"qos.md", "capacity.md"}.isdisjoint(files)
    assert "Not covered" in files["overview.md"]


@pytest.mark.parametrize(
    ("cell", "text"),
    [(None, ""), ("two\n lines", "two lines"), (3, "3"), (2.50, "2.5"), (("a", "b"), "a, b")],
)
def test_cells_become_one_line(cell: object, text: str) -> None:
    assert text_of(cell) == text  # type: ignore[arg-type]


def test_markdown_cells_cannot_break_the_table() -> None:
    assert markdown(("a",), [("x|y <b>",)]).splitlines()[2] == "| x\\|y &lt;b> |"


@pytest.mark.parametrize("formula", ["=1+1", "+1", "@x"])
def test_spreadsheets_do_not_run_what_an_inventory_says(formula: str) -> None:
    assert comma_separated(("a",), [(formula,)]).splitlines()[1] == f"'{formula}"


def test_every_kind_of_item_stands_on_some_page() -> None:
    """A part of the plan that only plan.json holds is one that no administrator reads."""
    made = support.example_design("multisite").plan
    assert made is not None
    shown: set[int] = set()
    for entry in PAGES:
        for section in entry.sections:
            shown.update(map(id, section.items(made)))
    others = {id(item) for item in (*made.flows, *made.stages, *made.steps)}
    missing = {type(item).__name__ for item in items_of(made) if id(item) not in shown | others}
    assert missing == set()
