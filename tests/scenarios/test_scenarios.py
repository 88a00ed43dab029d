# SPDX-License-Identifier: GPL-3.0-or-later
"""One deliberately broken inventory per finding, and the exact words of what is found."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue import loader
from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue.facts import FindingFact
from ansible_collections.openuc.ocs.plugins.plugin_utils.engine import design
from ansible_collections.openuc.ocs.plugins.plugin_utils.findings import Finding, line
from tests import support

HERE = Path(__file__).parent
SCENARIOS = sorted(HERE.rglob("*.yml"))


def scenario_id(path: Path) -> str:
    return path.relative_to(HERE).with_suffix("").as_posix()


def found_in(scenario: dict[str, t.Any]) -> set[Finding]:
    """Findings that the changes bring to the base, which is an example or an inventory of the scenario's own."""
    if "base" in scenario:
        base = support.example(scenario["base"])
        before = set(support.example_design(scenario["base"]).findings)
    else:
        base = support.inventory_of(scenario.get("groups") or {}, scenario.get("estate") or {})
        before = set(design(base, support.TODAY).findings) if scenario.get("changes") else set()
    inventory = support.changed(base, scenario.get("changes") or {})
    return set(design(inventory, support.TODAY).findings) - before


@pytest.mark.parametrize("path", SCENARIOS, ids=scenario_id)
def test_scenario(path: Path) -> None:
    scenario = yaml.safe_load(path.read_text())
    found = {line(finding) for finding in found_in(scenario)}
    expected = {entry["text"] for entry in scenario["expect"]}
    assert found == expected
    assert all(f"[{entry['rule']}" in entry["text"] for entry in scenario["expect"])


def test_every_finding_has_a_scenario() -> None:
    expected = {entry["rule"] for path in SCENARIOS for entry in yaml.safe_load(path.read_text())["expect"]}
    known = {fact.id for name in loader.products() for fact in loader.load(name).facts(FindingFact)}
    assert known - expected == set()
