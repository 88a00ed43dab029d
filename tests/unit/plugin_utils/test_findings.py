# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings in their final words, their order, and what waivers do to them."""

from __future__ import annotations

import datetime

import pytest

from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue.model import Catalogue, CatalogueError, RawRow
from ansible_collections.openuc.ocs.plugins.plugin_utils.findings import (
    Finding,
    Violation,
    Waiver,
    line,
    violation,
    word,
)

TODAY = datetime.date(2026, 11, 1)


def row(slug: str, severity: str, message: str = "{value} is odd", **more: object) -> RawRow:
    data = {"id": f"finding.{slug}", "severity": severity, "message": message, "remedy": "Mend {path}.", **more}
    return RawRow(
        f"finding.{slug}", "findings", "common", "findings.yml", {**data, "source": {"document": "collection"}}
    )


CATALOGUE = Catalogue(
    "none",
    [
        row("bad", "error"),
        row("risky", "warning"),
        row("better", "advice", "{other} would be better than {value}"),
        row("firm", "error", waivable=False),
    ],
    {},
)


def worded(*found: Violation, waivers: tuple[Waiver, ...] = ()) -> tuple[Finding, ...]:
    return word(found, CATALOGUE, waivers, TODAY, lambda host, path: f"{host or 'all'}.yml:{len(path)}")


def test_a_finding_says_what_where_and_how_to_mend_it() -> None:
    (found,) = worded(violation("finding.bad", "uc_x", host="h1", value=5, allowed="1 to 4"))
    assert line(found) == "error: h1 uc_x: 5 is odd Allowed: 1 to 4. Mend uc_x. [finding.bad, h1.yml:4]"
    assert found.is_error


def test_the_nearest_word_takes_the_place_of_all_that_is_allowed() -> None:
    (found,) = worded(violation("finding.better", "uc_x", value="a", nearest="b", allowed="b, c", other="c"))
    assert line(found) == (
        "advice: uc_x: c would be better than a Did you mean b? Mend uc_x. [finding.better, all.yml:4]"
    )


def test_a_value_that_the_message_leaves_out_is_shown() -> None:
    (found,) = worded(violation("finding.better", "uc_x", value="", other="c"))
    assert "Value" not in line(found)


def test_long_values_are_cut() -> None:
    (found,) = worded(violation("finding.bad", "uc_x", value="a" * 5_000_000))
    assert len(found.value) == 120
    assert found.value.endswith("…")


def test_the_worst_comes_first_and_the_waived_last() -> None:
    found = worded(
        violation("finding.better", "a", other="", value=""),
        violation("finding.risky", "a"),
        violation("finding.bad", "z"),
        violation("finding.bad", "a"),
        waivers=(Waiver("finding.bad", "Known", path="a"),),
    )
    assert [(item.id, item.path, item.waived) for item in found] == [
        ("finding.bad", "z", ""),
        ("finding.risky", "a", ""),
        ("finding.better", "a", ""),
        ("finding.bad", "a", "Known"),
    ]


def test_the_same_finding_is_told_once() -> None:
    assert len(worded(violation("finding.bad", "a"), violation("finding.bad", "a"))) == 1


@pytest.mark.parametrize(
    ("waiver", "covered"),
    [
        (Waiver("finding.bad", "Known"), True),
        (Waiver("finding.bad", "Known", path="uc_x", host="h1"), True),
        (Waiver("finding.bad", "Known", path="uc_y"), False),
        (Waiver("finding.bad", "Known", host="h2"), False),
        (Waiver("finding.risky", "Known"), False),
        (Waiver("finding.bad", "Known", until=TODAY), True),
        (Waiver("finding.bad", "Known", until=TODAY - datetime.timedelta(days=1)), False),
    ],
)
def test_a_waiver_covers_what_it_names_until_its_day(waiver: Waiver, covered: bool) -> None:
    (found,) = worded(violation("finding.bad", "uc_x", host="h1"), waivers=(waiver,))
    assert found.is_error is not covered


def test_a_waiver_shows_with_its_reason_and_its_day() -> None:
    waiver = Waiver("finding.bad", "Next week", until=datetime.date(2026, 12, 1))
    (found,) = worded(violation("finding.bad", "uc_x"), waivers=(waiver,))
    assert line(found).endswith("Waived until 2026-12-01: Next week")


def test_some_findings_cannot_be_waived() -> None:
    (found,) = worded(violation("finding.firm", "uc_x"), waivers=(Waiver("finding.firm", "Please"),))
    assert found.is_error


def test_every_finding_cites_itself_and_the_rows_behind_it() -> None:
    (found,) = worded(violation("finding.bad", "uc_x", why=("a.row", "finding.bad")))
    assert found.why == ("finding.bad", "a.row")


def test_a_check_that_invents_a_finding_is_a_fault_of_the_collection() -> None:
    with pytest.raises(CatalogueError, match=r"finding\.new"):
        worded(violation("finding.new", "uc_x"))
