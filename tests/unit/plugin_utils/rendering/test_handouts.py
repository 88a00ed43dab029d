# SPDX-License-Identifier: GPL-3.0-or-later
"""What teams are handed: their part of the plan and nothing else, and workbooks that spreadsheets open."""

from __future__ import annotations

import functools
import io
import re
import xml.etree.ElementTree as ET
import zipfile

import pytest

from ansible_collections.openuc.ocs.plugins.plugin_utils.rendering import handouts
from tests import support

EXAMPLES = ("departments", "lab", "lync2010", "multisite", "ocs2007", "standard")
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@functools.cache
def handed(name: str) -> dict[str, bytes]:
    return dict(handouts.handouts(support.example_design(name)))


def cells(book: bytes, sheet: int = 1) -> list[list[str]]:
    """Texts of a sheet, row by row, read without the library that wrote it."""
    with zipfile.ZipFile(io.BytesIO(book)) as files:
        shared = ["".join(node.itertext()) for node in ET.fromstring(files.read("xl/sharedStrings.xml"))]
        rows = ET.fromstring(files.read(f"xl/worksheets/sheet{sheet}.xml")).iter(f"{SHEET}row")
        return [[shared[int(cell.findtext(f"{SHEET}v") or 0)] for cell in row] for row in rows]


def test_the_firewall_team_gets_what_crosses_a_firewall_and_no_more() -> None:
    plan = support.example_design("lab").plan
    assert plan is not None
    rows = cells(handed("lab")["firewalls.xlsx"])
    assert len(rows) - 1 == sum(1 for flow in plan.flows if flow.crossings)
    firewalls = rows[0].index("firewalls")
    assert all("fw-" in row[firewalls] for row in rows[1:])


@pytest.mark.parametrize("name", EXAMPLES)
def test_pages_and_workbooks_say_the_same(name: str) -> None:
    teams = {path.partition(".")[0] for path in handed(name)}
    assert teams >= {"firewalls", "dns", "certificates"}
    assert set(handed(name)) == {f"{team}.{kind}" for team in teams for kind in ("md", "xlsx")}
    for team in teams:
        headings = re.findall(r"^## (.*)", handed(name)[f"{team}.md"].decode(), re.MULTILINE)
        with zipfile.ZipFile(io.BytesIO(handed(name)[f"{team}.xlsx"])) as files:
            sheets = ET.fromstring(files.read("xl/workbook.xml")).iter(f"{SHEET}sheet")
            assert [sheet.attrib["name"] for sheet in sheets] == [heading[:31] for heading in headings]


def test_the_same_plan_is_the_same_workbook() -> None:
    again = dict(handouts.handouts(support.example_design("lab")))
    assert again == handed("lab")


def test_no_cell_computes() -> None:
    """Names that begin with an equals sign are names."""
    with zipfile.ZipFile(io.BytesIO(handed("multisite")["voice.xlsx"])) as files:
        sheets = [files.read(name) for name in files.namelist() if name.startswith("xl/worksheets/")]
    assert not any(b"<f>" in sheet for sheet in sheets)


def test_without_the_library_there_are_pages_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handouts, "xlsxwriter", None)
    assert {path.rpartition(".")[2] for path, _text in handouts.handouts(support.example_design("lab"))} == {"md"}
