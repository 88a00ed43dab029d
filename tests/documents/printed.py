# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading the transcribed tables, and the errata that may explain a difference."""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

import yaml

from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue import loader
from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue.facts import ErratumFact
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.plan import Plan, build
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.build import read
from tests import support

HERE = Path(__file__).parent
Row = dict[str, t.Any]


def rows(table: str) -> list[Row]:
    """Rows of a transcription, such as `ocs2007r2/ports`."""
    content = yaml.safe_load((HERE / f"{table}.yml").read_text())
    return t.cast("list[Row]", content["rows"])


def ports(cell: object) -> tuple[str, ...]:
    """Ports of a cell as they stand in the catalogue: `60,000 to 64,000` is `60000-64000`, `5060/5061` are two."""
    text = str(cell).replace(",", "")
    bounds = re.findall(r"\d+", text)
    if len(bounds) == 2 and "/" not in text:
        return (f"{bounds[0]}-{bounds[1]}",)
    return tuple(bounds)


def explains(product: str, erratum: str, document: str, line: int) -> bool:
    """True when the erratum exists and names this line."""
    for fact in loader.load(product).facts(ErratumFact):
        if fact.id == erratum:
            own = fact.source.document == document and fact.source.lines[0] <= line <= fact.source.lines[-1]
            return own or f"{document}:{line}" in fact.also
    return False


def planned(example: str, changes: t.Mapping[str, t.Any] | None = None) -> Plan:
    """The plan of an example with something changed, whatever its checks say."""
    topology, problems = read(support.changed(support.example(example), changes or {}))
    assert not problems, problems
    return build(topology)
