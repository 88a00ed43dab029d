# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a load balancer is required, unneeded or unsupported, and how things may be balanced."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue import loader
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.load_balancing import ServiceFact
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.balancing import BalancingFact
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.build import read
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.checks.load_balancing import needs
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.inventory import RawInventory
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.model import Topology
from tests import support

Statement = dict[str, t.Any]
PRINTED: dict[str, list[Statement]] = yaml.safe_load((Path(__file__).with_name("balancing.yml")).read_text())


def estate(statement: Statement) -> Topology:
    """The example that the statement names, with its changes."""
    changes: dict[str, t.Any] = {}
    for number, (host, (group, pool)) in enumerate(statement.get("hosts", {}).items()):
        changes[f"@{host}/groups"] = [group]
        changes[f"@{host}/uc_pool"] = pool
        changes[f"@{host}/uc_addresses"] = f"10.20.0.{230 + number}"
    changes.update(statement.get("changes", {}))  # new hosts first: they take the estate of the example with them
    raw = support.changed(support.example(statement["base"]), changes)
    kept = tuple(host for host in raw.hosts if host.name not in statement.get("without", ()))
    assert len(raw.hosts) - len(kept) == len(statement.get("without", ()))
    topology, problems = read(RawInventory(kept))
    assert problems == []
    return topology


def found(topology: Topology) -> list[str]:
    return sorted(f"{violation.finding.removeprefix('finding.')} {violation.path}" for violation in needs(topology))


@pytest.mark.parametrize(
    "statement", PRINTED["needs"], ids=lambda statement: f"{statement['product']}: {statement['says']}"
)
def test_where_a_balancer_belongs(statement: Statement) -> None:
    assert found(estate(statement)) == statement["finds"]


@pytest.mark.parametrize("example", ["lab", "ocs2007", "lync2010", "standard"])
def test_complete_estates_lack_no_address_and_have_none_too_many(example: str) -> None:
    assert found(estate({"base": example})) == []


@pytest.mark.parametrize(
    "printed", PRINTED["support"], ids=lambda printed: f"{printed['product']} {printed['subject']}"
)
def test_how_a_thing_may_be_balanced(printed: Statement) -> None:
    facts = [
        fact for fact in loader.load(printed["product"]).facts(BalancingFact) if fact.subject == printed["subject"]
    ]
    assert [
        (set(fact.modes), set(fact.kinds), set(fact.nat), fact.users_per_snat, set(fact.own_web_name)) for fact in facts
    ] == [
        (
            set(printed["modes"]),
            set(printed["kinds"]),
            set(printed["nat"]),
            printed.get("connections", 0),
            set(printed.get("own_web_name", ())),
        )
    ]


def test_every_row_about_ways_of_balancing_is_transcribed() -> None:
    printed = {(statement["product"], statement["subject"]) for statement in PRINTED["support"]}
    rows = [
        (product, fact.subject) for product in loader.products() for fact in loader.load(product).facts(BalancingFact)
    ]
    assert sorted(rows) == sorted(printed)


@pytest.mark.parametrize("product", sorted({statement["product"] for statement in PRINTED["support"]}))
def test_services_are_translated_as_their_kind_may_be(product: str) -> None:
    """Media of Edge Servers may be translated both ways too; it takes the one that shows the address of the client."""
    supported = {
        statement["subject"]: statement["nat"] for statement in PRINTED["support"] if statement["product"] == product
    }
    for fact in loader.load(product).facts(ServiceFact):
        subject = {"pool": "pool", "web": "pool", "site": "web_access"}.get(fact.vip, "edge_pool")
        media = fact.vip.endswith(".av") and set(fact.ports) <= {"443", "3478"}
        assert list(fact.nat) == (["dnat"] if media else supported[subject]), fact.id
