# SPDX-License-Identifier: GPL-3.0-or-later
"""Which server types may share a computer."""

from __future__ import annotations

import itertools

import pytest

from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue import loader
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.collocation import (
    CollocationFact,
    companions,
    judge,
)

R2 = loader.load("ocs2007r2")

# The collocation table of the guide, lines 11799 to 12000, read again by hand: all pairs that it allows.
PRINTED_AS_ALLOWED = {
    frozenset(("archiving", "monitoring")),
    frozenset(("archiving", "web_components")),
    frozenset(("monitoring", "web_components")),
    frozenset(("archiving", "standard_edition")),
    frozenset(("monitoring", "standard_edition")),
}
IN_THE_TABLE = (
    "standard_edition",
    "front_end",
    "back_end",
    "web_conferencing",
    "av_conferencing",
    "web_components",
    "director",
    "web_access",
    "edge",
    "mediation",
    "archiving",
    "monitoring",
    "group_chat",
    "compliance",
)


@pytest.mark.parametrize("pair", list(itertools.combinations(IN_THE_TABLE, 2)), ids="-".join)
def test_the_printed_table(pair: tuple[str, str]) -> None:
    allowed = judge(R2, *pair).verdict in ("supported", "discouraged")
    assert allowed == (frozenset(pair) in PRINTED_AS_ALLOWED)


def test_archiving_on_standard_edition_is_possible_but_not_recommended() -> None:
    assert judge(R2, "standard_edition", "archiving").verdict == "discouraged"
    assert judge(R2, "standard_edition", "monitoring").verdict == "supported"


def test_the_order_of_a_pair_does_not_matter() -> None:
    types = [fact.type for fact in R2.facts(CollocationFact)]
    for one, other in itertools.combinations(types, 2):
        assert judge(R2, one, other).verdict == judge(R2, other, one).verdict


def test_both_rows_of_a_pair_name_each_other() -> None:
    facts = {fact.type: fact for fact in R2.facts(CollocationFact)}
    for name, fact in facts.items():
        for other in fact.allowed:
            assert name in facts[other].allowed, f"{other} does not name {name}"
        assert set(fact.discouraged) <= set(fact.allowed)


def test_nothing_stands_on_a_domain_controller() -> None:
    assert companions(R2, "domain_controller") == ()
    assert judge(R2, "exchange_um", "front_end").verdict == "unsupported"


def test_the_reason_names_both_rows() -> None:
    assert judge(R2, "director", "edge").why == ("ocs2007r2.collocation.director", "ocs2007r2.collocation.edge")


def test_silence_is_not_permission_nor_refusal() -> None:
    assert judge(R2, "archiving", "certification_authority").verdict == "not_covered"
    assert judge(loader.load("lync2010"), "archiving", "mediation").verdict == "not_covered"
