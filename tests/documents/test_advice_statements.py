# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows whose text people read: to whom they apply, when, what they need, how strongly, and the figures in the text.

Words are those of `statements/vocabulary.yml`.
"""

from __future__ import annotations

import functools
import re
import typing as t

import pytest
import yaml

from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue import loader
from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue.model import Fact
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.certificate_trust import TrustFact
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.iis import IisSettingFact
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.load_balancing import BalancerRequirementFact
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.prerequisites import SafeguardFact
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.publications import ProxyRequirementFact
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.steps import StepFact
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.checks.publications import PublicationNeedFact
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.prerequisites import PrerequisiteFact
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.redundancy import AvailabilityFact
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.voice import DialPlanFact, MobileFact, VoiceFact

from .test_dns_statements import condition, party
from .test_flow_statements import FOLDER, PRODUCTS, vocabulary

READ: tuple[type[Fact], ...] = (
    AvailabilityFact,
    BalancerRequirementFact,
    DialPlanFact,
    IisSettingFact,
    MobileFact,
    PrerequisiteFact,
    ProxyRequirementFact,
    PublicationNeedFact,
    SafeguardFact,
    StepFact,
    TrustFact,
    VoiceFact,
)
TEXTS = ("text", "requirement", "value", "title", "purpose", "purposes", "statement")
FIGURE = re.compile(r"(?<![A-WYZa-wyz\d])(?:\d[\d,.]*\d|\d)")  # neither S60 nor R2, but both sides of 240x320
EACH = {"pool": "cluster", "server": "server", "population": "population"}
STRENGTH = {"recommended": "should", "for information": "info"}
FLAGS = {"advised": "advise", "lenient": "lenient", "optional": "optional", "virtual": "virtual"}
Statement = dict[str, t.Any]


@functools.cache
def statements() -> dict[str, str]:
    tables = [yaml.safe_load((FOLDER / f"{name}.yml").read_text()) for name in ("advice", "steps")]
    rows = ((product, table.get(product, {})) for product in PRODUCTS for table in tables)
    return {f"{product}.{row}": line for product, found in rows for row, line in found.items()}


def either(words: str) -> str:
    """A condition, or several of which one will do."""
    if words in vocabulary()["conditions"]:
        return condition(words)
    return " or ".join(map(condition, words.split(" or ")))


def said(line: str) -> Statement:
    servers, *clauses = line.split("; ")
    who, _by, each = servers.partition(", each ")
    found: Statement = {
        "of": set() if who == "estate" else {party(word) for word in who.split(" + ")},
        "each": EACH.get(each, "estate"),
        "strength": "must",
    }
    for clause in clauses:
        first, _by, rest = clause.partition(" ")
        if clause in STRENGTH:
            found["strength"] = STRENGTH[clause]
        elif clause in FLAGS:
            found[clause] = True
        elif first in ("if", "needs"):
            found[first] = {either(word) for word in rest.split(", ")}
        elif first in ("on", "never"):
            kind, _by, names = rest.partition(" ") if first == "on" else (first, "", rest)
            found[kind] = set(names.split(", "))
        elif first == "counts":
            counted, _by, edition = rest.partition(" of the ")
            found["counts"] = party(counted)
            found["edition"] = edition.partition(" ")[0].lower()
        elif first == "decided":
            word, answers = rest.split(" as ")
            found["decided"] = word.replace(" ", "_"), {answer.replace(" ", "_") for answer in answers.split(" or ")}
        else:
            assert first in ("by", "since", "figures"), clause
            found[first] = rest
    return {key: value for key, value in found.items() if value}


def of_row(fact: t.Any) -> Statement:
    def has(name: str) -> t.Any:
        return getattr(fact, name, ())

    figures = [figure for name in TEXTS for figure in FIGURE.findall(has(name) or "")]
    mechanism = has("mechanism") if has("mechanism") != "none" else ""
    found: Statement = {
        "of": {*has("types"), *fact.roles, *([fact.role] if fact.role else [])},
        "each": fact.per,
        "strength": getattr(fact, "level", "should" if has("recommended") else "must"),
        "if": set(fact.when),
        "needs": set(has("needs")),
        "Windows": set(has("windows")),
        "hypervisors": set(has("hypervisors")),
        "never": set(has("never")),
        "counts": has("counted"),
        "edition": has("edition"),
        "decided": (has("decision"), set(has("options"))) if has("decision") else (),
        "by": f"{mechanism} ours".replace("_", " ") if has("kind") == "automated" else mechanism,
        "since": fact.stage,
        "figures": " ".join(figures),
        **{flag: has(name) for flag, name in FLAGS.items()},
    }
    return {key: value for key, value in found.items() if value}


@functools.cache
def facts(product: str) -> dict[str, t.Any]:
    return {fact.id: fact for kind in READ for fact in loader.load(product).facts(kind)}


@pytest.mark.parametrize("row", statements())
def test_a_row_says_what_the_statement_says(row: str) -> None:
    assert of_row(facts(row.partition(".")[0])[row]) == said(statements()[row])


@pytest.mark.parametrize("product", PRODUCTS)
def test_there_is_a_statement_for_every_row(product: str) -> None:
    assert set(facts(product)) == {row for row in statements() if row.startswith(f"{product}.")}
