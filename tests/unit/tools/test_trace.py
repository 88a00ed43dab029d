# SPDX-License-Identifier: GPL-3.0-or-later
"""The measure of how much of the documents the plans use."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.tools import trace

REQUIREMENTS = """\
- {id: port-a, version: ocs2007r2, area: port, severity: must}
- {id: port-b, version: ocs2007r2, area: port, severity: must}
- {id: port-c, version: ocs2007r2, area: port, severity: info}
- {id: dns-a, version: ocs2007r2, area: dns, severity: must}
"""


def write(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write(tmp_path, "tests/data/requirements.yml", REQUIREMENTS)
    rows = "rows: [{id: row.a, requirements: [port-a, port-c]}, {id: row.b, requirements: [port-b]}]"
    write(tmp_path, "plugins/plugin_utils/catalogue/data/ocs2007r2/ports.yml", rows)
    return tmp_path


def test_nothing_produced_means_claimed_or_missing(root: Path) -> None:
    result = trace.trace(root)
    assert result.ids("claimed") == ["port-a", "port-b", "port-c"]
    assert result.ids("missing") == ["dns-a"]
    assert result.problems == ()


def test_a_why_in_a_golden_plan_counts_however_deep(root: Path) -> None:
    plan = {"stages": [{"flows": [{"id": "x", "why": ["row.a"]}]}]}
    write(root, "tests/golden/lab/intended/plan.json", json.dumps(plan))
    result = trace.trace(root)
    assert result.ids("used") == ["port-a", "port-c"]
    assert result.used("port") == trace.Count(must=1, all=2)


def test_golden_findings_and_expected_rules_of_scenarios_count(root: Path) -> None:
    write(root, "tests/golden/lab/findings.json", json.dumps([{"why": "row.a"}]))
    write(root, "tests/scenarios/broken/case.yml", "expect:\n  - {rule: row.b, message: no}\n")
    write(root, "tests/scenarios/broken/hosts.yml", "all: {hosts: {}}\n")
    assert trace.trace(root).ids("used") == ["port-a", "port-b", "port-c"]


def test_excused_gives_way_to_claimed(root: Path) -> None:
    write(root, "tests/data/trace/dns.yml", "not_used:\n  - {ids: [dns-a, port-a], why: for people only}\n")
    result = trace.trace(root)
    assert result.ids("excused") == ["dns-a"]
    assert result.ids("claimed", area="port", severity="must") == ["port-a", "port-b"]
    assert result.ids("missing") == []


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        (
            "plugins/plugin_utils/catalogue/data/common/x.yml",
            "rows: [{id: row.x, requirements: [port-z]}]",
            "no such requirement: port-z (in catalogue row row.x)",
        ),
        (
            "tests/data/trace/x.yml",
            "not_used: [{ids: [port-z], why: because}]",
            "no such requirement: port-z (in tests/data/trace)",
        ),
        ("tests/data/trace/x.yml", "not_used: [{ids: [dns-a, dns-a], why: because}]", "excused more than once: dns-a"),
        (
            "tests/data/trace/x.yml",
            "not_used: [{ids: [dns-a]}]",
            "x.yml: an entry needs `ids` and `why`: {'ids': ['dns-a']}",
        ),
    ],
)
def test_problems_are_named(root: Path, name: str, text: str, problem: str) -> None:
    write(root, name, text)
    assert trace.trace(root).problems == (problem,)


def test_the_floor_rises_and_tells_of_a_fall(root: Path) -> None:
    floor = root / "floor.yml"
    floor.write_text("strict: true\nused: {}\n", encoding="utf-8")
    plan = root / "tests/golden/lab/intended/plan.json"
    write(root, "tests/golden/lab/intended/plan.json", json.dumps({"why": ["row.a"]}))
    trace.write_floor(floor, trace.trace(root))
    assert trace.read_floor(floor) == trace.Floor(
        strict=True, used={"dns": trace.Count(0, 0), "port": trace.Count(must=1, all=2)}
    )
    assert trace.falls(trace.trace(root), trace.read_floor(floor)) == []

    plan.unlink()
    trace.write_floor(floor, trace.trace(root))
    assert trace.falls(trace.trace(root), trace.read_floor(floor)) == [
        "port: 0 must, 0 in all are used; it was 1 and 2"
    ]


def test_the_table_adds_up(root: Path) -> None:
    lines = trace.table(trace.trace(root)).splitlines()
    assert lines[0].split() == ["area", "used/must", "|", "used", "claimed", "excused", "missing", "all"]
    assert [line.split() for line in lines[1:]] == [
        ["dns", "0/1", "|", "0", "0", "0", "1", "1"],
        ["port", "0/2", "|", "0", "3", "0", "0", "3"],
        ["total", "0/3", "|", "0", "3", "0", "1", "4"],
    ]


def test_a_malformed_file_is_named(root: Path) -> None:
    write(root, "tests/data/trace/x.yml", "not_used: [port-a]")
    with pytest.raises(SystemExit, match="not_used must be a list of mappings"):
        trace.trace(root)


def test_ids_of_this_repository_exist() -> None:
    assert trace.trace(trace.ROOT).problems == ()


def test_every_requirement_of_this_repository_has_a_place() -> None:
    missing = trace.trace(trace.ROOT).ids("missing")
    if not trace.read_floor(trace.FLOOR).strict:
        pytest.skip(f"{trace.FLOOR.name} says `strict: false`; {len(missing)} requirements have no place yet")
    assert missing == []
