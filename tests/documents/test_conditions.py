# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows that are *not* planned where a condition of theirs does not hold, in estates that lack one thing each.

The printed tables are compared in estates that have everything; what makes a row superfluous stands in the text around
them. Each row with conditions is named here under an estate that fails one of them alone.
"""

from __future__ import annotations

import functools
import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue import loader
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.plan import build
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.build import read
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.inventory import RawInventory
from tests import support

# Estate: what is changed in an example, and groups whose hosts are left out.
Estate = tuple[str, dict[str, t.Any], tuple[str, ...]]
TABLE: dict[str, t.Any] = yaml.safe_load((Path(__file__).parent / "conditions.yml").read_text())
ESTATES: dict[str, Estate] = {
    name: (estate["base"], estate.get("changes", {}), tuple(estate.get("without", ())))
    for name, estate in TABLE["estates"].items()
}


@functools.cache
def planned(name: str) -> frozenset[str]:
    """Ids of the rows that the plan of an estate gives as reasons."""
    base, changes, without = ESTATES[name]
    raw = support.changed(support.example(base), changes)
    raw = RawInventory(tuple(host for host in raw.hosts if not set(host.groups) & set(without)))
    topology, problems = read(raw)
    assert problems == []
    return frozenset(citation.id for citation in build(topology).citations)


def test_rows_and_estates_are_known() -> None:
    known = {row.id for product in loader.products() for row in loader.load(product).all_rows()}
    assert {row for rows in TABLE["not_planned"].values() for row in rows} <= known
    assert set(TABLE["not_planned"]) == set(ESTATES)


@pytest.mark.parametrize("name", ESTATES)
def test_what_an_estate_lacks_is_not_planned(name: str) -> None:
    assert set(TABLE["not_planned"].get(name, [])) & planned(name) == set()
