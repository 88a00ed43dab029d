# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows about what may be, may not be and belongs together, against statements about them.

Words are those of `statements/vocabulary.yml`, or the catalogue's own with spaces.
"""

from __future__ import annotations

import dataclasses
import functools
import re
import typing as t

import pytest
import yaml

from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue import facts as basic
from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue import loader
from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue.model import Fact
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.checks.certificates import AuthorityFact, KeyFact
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.nat import TranslatedAddressFact
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.steps import ProcessFact
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.checks.naming import NameRuleFact
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.checks.network_rules import NetworkRuleFact
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.checks.security import VoipSecurityFact
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.composition import CompositionFact
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.decisions import DecisionFact
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.directory import DirectoryFact
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.rules import (
    ClientFact,
    CoexistenceFact,
    PartnerFact,
    PerimeterFact,
    TranslationFact,
    VirtualFact,
)
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.shapes import ShapeFact

from .test_dns_statements import condition, party
from .test_flow_statements import FOLDER, PRODUCTS

OWN: tuple[type[Fact], ...] = (
    AuthorityFact,
    ClientFact,
    CoexistenceFact,
    CompositionFact,
    DecisionFact,
    DirectoryFact,
    KeyFact,
    NameRuleFact,
    NetworkRuleFact,
    PartnerFact,
    PerimeterFact,
    ShapeFact,
    TranslatedAddressFact,
    TranslationFact,
    VirtualFact,
    VoipSecurityFact,
)
COMMON: tuple[type[Fact], ...] = (basic.ApplicationFact, basic.FeatureFact, basic.ServerTypeFact)
# Words for people, our names of findings, citations, and the patterns of names, which have samples instead.
UNSAID = {"title", "summary", "needs", "finding", "pattern", *(field.name for field in dataclasses.fields(Fact))}
Said = dict[str, t.Any]


@functools.cache
def table() -> dict[str, t.Any]:
    words: dict[str, t.Any] = yaml.safe_load((FOLDER / "rules.yml").read_text())
    return words


@functools.cache
def statements() -> dict[str, Said]:
    owned = {f"{product}.{row}": said for product in PRODUCTS for row, said in table()[product].items()}
    return {**table()["common"], **owned}


def word(value: object) -> object:
    if isinstance(value, (list, tuple, dict)):
        return sorted(str(word(each)) for each in value)
    return party(value) if isinstance(value, str) else value


def said(row: Said) -> Said:
    found = {name: word(value) for name, value in row.items() if name not in ("fits", "unfit", "if", "each")}
    if "each" in row:
        found["per"] = row["each"]
    if "if" in row:
        found["when"] = [condition(each) for each in row["if"]]
    return found


def of_row(fact: Fact) -> Said:
    """What a row says beyond the usual; ways in which a word is written do not count."""
    found = {}
    for field in dataclasses.fields(fact):
        value = getattr(fact, field.name)
        if field.name not in UNSAID and value not in ((), "", {}, field.default):
            found[field.name] = list(value) if field.name == "when" else word(value)
    if isinstance(fact, NameRuleFact):
        found.pop("allowed", None)
    return found


@functools.cache
def facts() -> dict[str, Fact]:
    found = {fact.id: fact for product in PRODUCTS for kind in OWN for fact in loader.load(product).facts(kind)}
    return found | {fact.id: fact for kind in COMMON for fact in loader.load(PRODUCTS[0]).facts(kind)}


def test_there_is_a_statement_for_every_row() -> None:
    assert set(facts()) == set(statements())


@pytest.mark.parametrize("row", statements())
def test_a_row_says_what_the_statement_says(row: str) -> None:
    assert of_row(facts()[row]) == said(statements()[row])


@pytest.mark.parametrize("row", [row for row, said in statements().items() if "fits" in said])
def test_a_pattern_takes_the_names_that_may_be(row: str) -> None:
    fact = facts()[row]
    assert isinstance(fact, NameRuleFact)
    pattern = re.compile(fact.pattern, re.IGNORECASE)
    assert [name for name in statements()[row]["fits"] if not pattern.fullmatch(name)] == []
    assert [name for name in statements()[row]["unfit"] if pattern.fullmatch(name)] == []


def ranks(kind: type[Fact]) -> dict[str, int]:
    found: t.Iterable[t.Any] = (fact for product in PRODUCTS for fact in loader.load(product).facts(kind))
    return {fact.id: fact.rank for fact in found}


@pytest.mark.parametrize("kind", [basic.ProductFact, basic.StageFact, ProcessFact])
def test_what_comes_one_after_the_other(kind: type[Fact]) -> None:
    """Two in one place would come in the order of the file, which says nothing."""
    found = ranks(kind)
    for family in {name.rpartition(".")[0] for name in found}:
        own = {name: rank for name, rank in found.items() if name.rpartition(".")[0] == family}
        assert sorted(own, key=own.__getitem__) == [f"{family}.{name}" for name in table()["in_order"][family]]
        assert len(set(own.values())) == len(own)
