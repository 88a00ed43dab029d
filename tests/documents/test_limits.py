# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers of servers, hardware and other single figures that findings go by, beside what is printed."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue import loader
from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue.model import Fact
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.checks.certificates import KeyFact
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.checks.network_rules import NetworkRuleFact
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.prerequisites import PrerequisiteFact
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.redundancy import AvailabilityFact
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.rules import PerimeterFact
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.shapes import ShapeFact
from tests.documents import printed

FIGURES: dict[type[Fact], tuple[str, ...]] = {
    AvailabilityFact: ("least",),
    KeyFact: ("most_bits",),
    NetworkRuleFact: ("at_least",),
    PerimeterFact: ("users",),
    ShapeFact: ("min_servers", "max_servers", "max_in_estate"),
}
DOCUMENTS = {"ocs2007r2": "guide-r2", "lync2010": "lync-poster"}


def figures(product: str) -> dict[tuple[str, str], tuple[int, Fact]]:
    """Figures that rows of a product give, by row and field."""
    return {
        (fact.id.partition(".")[2], name): (getattr(fact, name), fact)
        for cls, names in FIGURES.items()
        for fact in loader.load(product).facts(cls)
        for name in names
        if getattr(fact, name)
    }


@pytest.mark.parametrize("product", sorted(DOCUMENTS))
def test_single_figures(product: str) -> None:
    found = figures(product)
    rows = printed.rows(f"{product}/limits")
    assert {key: value for key, (value, _fact) in found.items()} == {
        (row["row"], row["field"]): row["value"] for row in rows
    }
    for row in rows:
        source = found[row["row"], row["field"]][1].source
        assert source.document == DOCUMENTS[product]
        assert source.lines[0] <= row["line"] <= source.lines[-1], row


def test_short_keys() -> None:
    """The guide prints no least length; that of public authorities is the rule of their own programmes."""
    keys = {fact.id: fact.least_bits for fact in loader.load("ocs2007r2").facts(KeyFact) if fact.least_bits}
    assert keys == {"ocs2007r2.certificate-key.rsa-of-authorities": 2048}


# --- hardware ---------------------------------------------------------------------------------------------------------

# Kinds of servers of a printed table, and the users of a pool above which it holds.
SERVERS: dict[str, tuple[tuple[str, ...], str]] = {
    "Front End Server of 100000 endpoints": (("front_end",), "not pool_users_over.100000"),
    "Front End Server of 200000 endpoints": (("front_end",), "pool_users_over.100000"),
    "Back-End of 100000 endpoints": (("back_end",), "not pool_users_over.100000"),
    "Back-End of 200000 endpoints": (("back_end",), "pool_users_over.100000"),
    "Edge Server": (("edge",), ""),
    "server of an expanded pool": (("web_components", "web_conferencing", "av_conferencing"), ""),
    "one server of the Standard Edition": (("standard_edition",), ""),
    "Mediation Server": (("mediation",), ""),
    "web access server": (("web_access",), ""),
}
LIKE_A_FRONT_END = ("archiving", "monitoring", "group_chat")  # line 12928, where the database is elsewhere


def cores(choices: t.Sequence[str]) -> int:
    """Cores of a printed choice of processors; all choices of a table have as many."""
    (found,) = {int(processors) * int(each) for processors, each in (choice.split("x") for choice in choices)}
    return found


def test_hardware() -> None:
    tables = {row["subject"]: row for row in printed.rows("ocs2007r2/capacity") if "choices" in row}
    expected = {
        (SERVERS[subject][0], SERVERS[subject][1]): (cores(row["choices"]), row["memory_gb"])
        for subject, row in tables.items()
    }
    expected[LIKE_A_FRONT_END, ""] = expected[("front_end",), "not pool_users_over.100000"]
    found = {
        (fact.types, next((word for word in fact.when if "pool_users_over" in word), "")): (fact.cores, fact.memory_gb)
        for fact in loader.load("ocs2007r2").facts(PrerequisiteFact)
        if fact.cores or fact.memory_gb
    }
    assert found == expected
