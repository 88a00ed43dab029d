# SPDX-License-Identifier: GPL-3.0-or-later
"""Each row about flows against a sentence about it: who opens to whom, which of them, and on what condition.

A printed table of ports names one end at most, and a plan shows who meets whom only in the estates that are planned.
The sentences of the folder `statements` were written from the documents, in words that their vocabulary explains.
"""

from __future__ import annotations

import functools
import typing as t
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue import loader
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.flows import FlowFact
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.parties import is_role

FOLDER = Path(__file__).parent / "statements"
PRODUCTS = ("ocs2007", "ocs2007r2", "lync2010")
SYMMETRIC = ("any", "same", "other")


@dataclass(frozen=True)
class Statement:
    """What a sentence says, or a row; `way` leads from the opener to the listener."""

    openers: frozenset[str]
    listeners: frozenset[str]
    way: str
    conditions: frozenset[str] = frozenset()
    straight: bool = False
    turned_round: bool = False
    since: str = ""
    port_said_for: str = ""


@functools.cache
def vocabulary() -> dict[str, dict[str, t.Any]]:
    words: dict[str, dict[str, t.Any]] = yaml.safe_load((FOLDER / "vocabulary.yml").read_text())
    return words


@functools.cache
def statements(product: str) -> dict[str, str]:
    lines = yaml.safe_load((FOLDER / f"flows_{product}.yml").read_text())["statements"]
    return {f"{product}.flow.{row}": line for row, line in lines.items()}


def said(line: str) -> Statement:
    """What a sentence says."""
    ends, *clauses = line.split("; ")
    openers, ends = ends.split(" > ")
    phrase = next((phrase for phrase in vocabulary()["ways"] if ends.endswith(f" {phrase}")), "")
    listeners = parties(ends.removesuffix(f" {phrase}"))
    way = vocabulary()["ways"].get(phrase, "any")
    for party in listeners:
        way = vocabulary()["to_servers"].get(party, {}).get(way, way)
    found: dict[str, t.Any] = {}
    for clause in clauses:
        first, _by, rest = clause.partition(" ")
        if first == "if":
            found["conditions"] = frozenset(vocabulary()["conditions"][word] for word in rest.split(", "))
        elif first == "since":
            found["since"] = rest
        elif clause.startswith("port said for "):
            found["port_said_for"] = clause.removeprefix("port said for ")
        else:
            assert clause in ("straight", "turned round"), clause
            found[clause.replace(" ", "_")] = True
    return Statement(parties(openers), listeners, way, **found)


def parties(words: str) -> frozenset[str]:
    names = vocabulary()["parties"]
    return frozenset(names.get(word, word.lower().replace(" ", "_")) for word in words.split(", "))


def of_row(fact: FlowFact) -> Statement:
    """The same of a row of the catalogue, which walks from its anchor."""
    from_listener = fact.anchor == "to" or (not fact.anchor and is_role(fact.listener))
    turned = fact.via.removeprefix("~") if fact.via.startswith("~") else f"~{fact.via}"
    return Statement(
        each(fact.opener),
        each(fact.listener),
        turned if from_listener and fact.via not in SYMMETRIC else fact.via,
        frozenset(fact.when),
        fact.direct,
        fact.hairpin,
        fact.stage,
        fact.chosen_by,
    )


def each(party: str) -> frozenset[str]:
    """`clients.a|b` is two parties; the interfaces of `role:a|b` are one choice."""
    if ":" in party:
        return frozenset({party})
    family, dot, kinds = party.rpartition(".")
    return frozenset(f"{family}{dot}{kind}" for kind in kinds.split("|"))


def facts(product: str) -> dict[str, FlowFact]:
    return {fact.id: fact for fact in loader.load(product).facts(FlowFact)}


@pytest.mark.parametrize("row", [row for product in PRODUCTS for row in statements(product)])
def test_a_row_says_what_the_sentence_says(row: str) -> None:
    product = row.partition(".")[0]
    assert of_row(facts(product)[row]) == said(statements(product)[row])


@pytest.mark.parametrize("product", PRODUCTS)
def test_there_is_a_sentence_for_every_row(product: str) -> None:
    assert set(facts(product)) == set(statements(product))
