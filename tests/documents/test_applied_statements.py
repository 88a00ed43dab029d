# SPDX-License-Identifier: GPL-3.0-or-later
"""To what rows about certificates, balancers, directories, IPsec and publications apply, and on what conditions.

What they plan there is compared with the printed tables. Words are those of `statements/vocabulary.yml`.
"""

from __future__ import annotations

import functools
import typing as t

import pytest
import yaml

from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue import loader
from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue.model import Fact
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.certificates import (
    CertificateFact,
    CertificateRuleFact,
)
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.iis import VirtualDirectoryFact
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.ipsec import IpsecFact
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.load_balancing import ServiceFact
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.publications import PublicationFact
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.balancing import BalancerNeedFact

from .test_dns_statements import EACH, condition, party
from .test_flow_statements import FOLDER, PRODUCTS

APPLIED: tuple[type[Fact], ...] = (
    CertificateFact,
    ServiceFact,
    BalancerNeedFact,
    VirtualDirectoryFact,
    IpsecFact,
    PublicationFact,
)
Statement = dict[str, t.Any]


@functools.cache
def statements() -> dict[str, str]:
    tables = yaml.safe_load((FOLDER / "applied.yml").read_text())
    return {f"{product}.{row}": line for product in PRODUCTS for row, line in tables[product].items()}


def said(line: str) -> Statement:
    found: Statement = {"if": set(), "since": "", "moved": False}
    for clause in line.split("; "):
        first, _by, rest = clause.partition(" ")
        if first == "if":
            found["if"] = {condition(word) for word in rest.split(", ")}
        elif first == "since":
            found["since"] = rest
        elif clause == "port may be moved":
            found["moved"] = True
        else:
            servers, each = clause.split(", each ")
            role, _by, interface = party(servers).partition(":")
            found |= {"of": role, "interface": interface or "internal", "each": EACH.get(each, each)}
    return found


def of_row(fact: t.Any) -> Statement:
    found: Statement = {
        "if": set(fact.when),
        "since": getattr(fact, "stage", ""),
        "moved": getattr(fact, "movable", False),
    }
    if not isinstance(fact, CertificateRuleFact):
        found |= {"of": fact.role, "interface": getattr(fact, "interface", "") or "internal", "each": fact.per}
    return found


@functools.cache
def facts(product: str) -> dict[str, t.Any]:
    catalogue = loader.load(product)
    applied = {fact.id: fact for kind in APPLIED for fact in catalogue.facts(kind)}
    return applied | {fact.id: fact for fact in catalogue.facts(CertificateRuleFact) if fact.when}


@pytest.mark.parametrize("row", statements())
def test_a_row_is_applied_as_the_statement_says(row: str) -> None:
    assert of_row(facts(row.partition(".")[0])[row]) == said(statements()[row])


@pytest.mark.parametrize("product", PRODUCTS)
def test_there_is_a_statement_for_every_row(product: str) -> None:
    assert set(facts(product)) == {row for row in statements() if row.startswith(f"{product}.")}
