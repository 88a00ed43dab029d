# SPDX-License-Identifier: GPL-3.0-or-later
"""Each row about DNS against a statement about it: whose record, where it is seen, and on what condition.

Owner names, values and ports are compared with the printed tables; these statements hold what the tables say in their
headings and in the text around them. Their words are those of `statements/vocabulary.yml`.
"""

from __future__ import annotations

import functools
import typing as t

import pytest
import yaml

from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue import loader
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.dns import DnsFact

from .test_flow_statements import FOLDER, PRODUCTS, vocabulary

EACH = {"pool": "cluster", "server": "server", "pool and SIP domain": "cluster_sip_domain"}
VIEWS = {"inside": "internal", "perimeter": "perimeter", "outside": "external"}
Statement = dict[str, t.Any]


@functools.cache
def statements(product: str) -> dict[str, Statement]:
    tables = yaml.safe_load((FOLDER / "dns.yml").read_text())
    return {f"{product}.dns.{row}": statement for row, statement in tables[product].items()}


def party(words: str) -> str:
    name: str = vocabulary()["parties"].get(words, words.lower().replace(" ", "_"))
    return name


def condition(words: str) -> str:
    word: str = vocabulary()["conditions"].get(words) or f"not {condition(words.removeprefix('not '))}"
    return word


def each(statement: Statement, key: str) -> list[str]:
    text = statement.get(key, "")
    return text.split(" + ") if text else []


def parties_and_way(statement: Statement, key: str) -> tuple[set[str], str]:
    """The way to all of them stands behind the last."""
    ways: dict[str, str] = vocabulary()["ways_to_askers"]
    text = str(statement.get(key, ""))
    phrase = next((phrase for phrase in ways if text.endswith(f" {phrase}")), "")
    words = text.removesuffix(f" {phrase}") if phrase else text
    return {party(word) for word in words.split(" + ") if word}, ways.get(phrase, "same")


def said(statement: Statement) -> Statement:
    port = statement.get("port")
    return {
        "of": {party(word) for word in each(statement, "of")},
        "each": EACH[statement["each"]],
        "seen": {VIEWS[word] for word in each(statement, "seen")},
        "if": {condition(word) for word in each(statement, "if")},
        "asked": parties_and_way(statement, "asked"),
        "tls": parties_and_way(statement, "tls"),
        "since": statement.get("since", ""),
        "once": statement.get("once", False),
        "else": statement.get("else", ""),
        "port": f"{{{port}}}" if port else "",
    }


def of_row(fact: DnsFact) -> Statement:
    return {
        "of": {*fact.roles, *([fact.role] if fact.role else [])},
        "each": fact.per,
        "seen": set(fact.views),
        "if": set(fact.when),
        "asked": ({fact.asked_by} if fact.asked_by else set(), fact.via),
        "tls": (set(fact.reaches), fact.reaches_via),
        "since": fact.stage,
        "once": fact.exclusive,
        "else": fact.otherwise,
        "port": fact.port_given,
    }


def facts(product: str) -> dict[str, DnsFact]:
    return {fact.id: fact for fact in loader.load(product).facts(DnsFact)}


@pytest.mark.parametrize("row", [row for product in PRODUCTS for row in statements(product)])
def test_a_row_says_what_the_statement_says(row: str) -> None:
    product = row.partition(".")[0]
    assert of_row(facts(product)[row]) == said(statements(product)[row])


@pytest.mark.parametrize("product", PRODUCTS)
def test_there_is_a_statement_for_every_row(product: str) -> None:
    assert set(facts(product)) == set(statements(product))
