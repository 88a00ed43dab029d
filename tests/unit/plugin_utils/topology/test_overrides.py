# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of the catalogue that an inventory changes."""

from __future__ import annotations

import typing as t

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue import loader
from ansible_collections.openuc.ocs.plugins.plugin_utils.engine import design
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.inputs.policy import OverrideInput
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.overrides import overridden
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.rules import PerimeterFact
from tests import support

ROW = "ocs2007r2.perimeter.remote-site-users"


def catalogues() -> dict[str, t.Any]:
    return {"ocs2007r2": loader.load("ocs2007r2")}


def apply(row: str, value: object) -> tuple[t.Any, list[t.Any]]:
    found, wrong = overridden({row: OverrideInput(value=value, reason="Tested")}, catalogues())
    return found["ocs2007r2"], wrong


def users(catalogue: t.Any) -> int:
    return next(fact.users for fact in catalogue.facts(PerimeterFact) if fact.id == ROW)


@given(st.integers(min_value=0, max_value=10**6))
def test_the_row_takes_the_value(figure: int) -> None:
    catalogue, wrong = apply(ROW, {"users": figure})
    assert wrong == []
    assert users(catalogue) == figure


def test_the_documented_catalogue_stays_as_it_is() -> None:
    before = users(loader.load("ocs2007r2"))
    catalogue, _wrong = apply(ROW, {"users": before + 1})
    assert users(loader.load("ocs2007r2")) == before
    assert catalogue.covers("perimeter")
    assert catalogue.vocabulary is loader.load("ocs2007r2").vocabulary


def test_other_rows_stay_as_they_are() -> None:
    catalogue, _wrong = apply(ROW, {"users": 7})
    original = loader.load("ocs2007r2")
    assert [row for row in catalogue.all_rows() if row.id != ROW] == [
        row for row in original.all_rows() if row.id != ROW
    ]


def test_without_overrides_nothing_is_copied() -> None:
    given_catalogues = catalogues()
    assert overridden({}, given_catalogues) == (given_catalogues, [])


def test_an_unknown_row_is_reported_with_the_nearest() -> None:
    catalogue, (wrong,) = apply(ROW.removesuffix("s"), {"users": 7})
    assert catalogue is loader.load("ocs2007r2")
    assert (wrong.finding, wrong.nearest) == ("finding.override-unknown", ROW)


def test_words_of_findings_are_waived_not_overridden() -> None:
    _catalogue, (wrong,) = apply("finding.no-director", {"severity": "advice"})
    assert wrong.finding == "finding.override-unknown"
    assert not wrong.nearest.startswith("finding.")


def test_identity_and_source_of_a_row_are_fixed() -> None:
    for key in ("id", "source", "requirements"):
        catalogue, (wrong,) = apply(ROW, {key: "x"})
        assert (wrong.finding, catalogue) == ("finding.override-unknown-field", loader.load("ocs2007r2"))


def test_a_value_of_the_wrong_kind_is_not_applied() -> None:
    catalogue, (wrong,) = apply(ROW, {"users": "many"})
    assert (wrong.finding, wrong.path) == ("finding.override-malformed", f"uc_overrides['{ROW}'].value.users")
    assert catalogue is loader.load("ocs2007r2")


def test_the_way_through_a_whole_inventory() -> None:
    base = support.inventory_of(
        {"standard_edition": {"se1.corp.contoso.com": {"addresses": "10.20.0.11"}}},
        {
            "sites": {"redmond": {}, "tokyo": {"users": 250}},
            "pools": {"se1.corp.contoso.com": {"edition": "standard", "site": "redmond"}},
        },
    )
    override = {ROW: {"value": {"users": 500}, "reason": "A fast link"}}
    changed = design(support.changed(base, {"uc_overrides": override}), support.TODAY)
    ids = {finding.id for finding in design(base, support.TODAY).findings}
    assert "finding.remote-site-without-pool" in ids
    after = {finding.id: finding for finding in changed.findings}
    assert "finding.remote-site-without-pool" not in after
    assert after["finding.override-in-force"].severity == "advice"
    assert "A fast link" in after["finding.override-in-force"].message
