# SPDX-License-Identifier: GPL-3.0-or-later
"""What may be on one computer, against the printed table: each pair of servers that it names."""

from __future__ import annotations

import itertools

import pytest

from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue import loader
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.collocation import CollocationFact, judge
from tests.documents import printed

# An Application Sharing Server is not a type of its own: it is part of the Front End Server of this version.
TYPES = {
    "Standard Edition": "standard_edition",
    "Enterprise Edition consolidated": "front_end",
    "Back-End Database": "back_end",
    "Front End Server of an expanded pool": "front_end",
    "Web Conferencing Server": "web_conferencing",
    "A/V Conferencing Server": "av_conferencing",
    "Web components": "web_components",
    "Director": "director",
    "Communicator Web Access": "web_access",
    "Edge Server": "edge",
    "Mediation Server": "mediation",
    "Archiving Server": "archiving",
    "Monitoring Server": "monitoring",
    "Group Chat Server": "group_chat",
    "Compliance Server": "compliance",
    "domain controller": "domain_controller",
    "Exchange Unified Messaging": "exchange_um",
    "reverse proxy": "reverse_proxy",
    "firewall": "firewall",
}
ROWS = printed.rows("ocs2007r2/collocation")
ISA = 7826  # the line that says what one product may be, not what stands on one computer


def expected() -> dict[frozenset[str], str]:
    """The verdict on each pair of types; what no line names is not supported."""
    found = {frozenset(pair): "unsupported" for pair in itertools.combinations(sorted(set(TYPES.values())), 2)}
    for row in ROWS:
        if row["server"] not in TYPES:
            continue
        for name in row["may"]:
            pair = frozenset({TYPES[row["server"]], TYPES[name]})
            advised = name not in row.get("not_advised", [])
            if found.get(pair) != "discouraged":
                found[pair] = "supported" if advised else "discouraged"
    return found


@pytest.mark.parametrize("pair", sorted(map(sorted, expected())), ids=" beside ".join)
def test_two_servers_on_one_computer(pair: list[str]) -> None:
    assert judge(loader.load("ocs2007r2"), *pair).verdict == expected()[frozenset(pair)]


def test_what_is_printed_as_impossible_is_nowhere_printed_as_possible() -> None:
    """Holds the transcription together: the two columns of all lines never say different things."""
    for row in ROWS:
        for name in row.get("may_not", []):
            if name in TYPES:
                assert expected()[frozenset({TYPES[row["server"]], TYPES[name]})] == "unsupported", (row, name)
        if row.get("never") and row["server"] in TYPES:
            verdicts = {verdict for pair, verdict in expected().items() if TYPES[row["server"]] in pair}
            assert verdicts == {"unsupported"}, row


def test_a_row_cites_its_line() -> None:
    lines: dict[str, list[int]] = {}
    for row in ROWS:
        if row["server"] in TYPES and row["line"] != ISA:
            lines.setdefault(TYPES[row["server"]], []).append(row["line"])
    facts = {fact.type: fact for fact in loader.load("ocs2007r2").facts(CollocationFact)}
    assert set(facts) == set(TYPES.values())
    for name, printed_on in lines.items():
        start, end = facts[name].source.lines[0], facts[name].source.lines[-1]
        assert all(start <= line <= end for line in printed_on), (name, printed_on)


@pytest.mark.parametrize("server", sorted(set(TYPES.values())))
def test_each_row_says_so_by_itself(server: str) -> None:
    """Both lines of a pair print it, so that both rows do."""
    lines = [row for row in ROWS if TYPES.get(row["server"]) == server]
    (fact,) = [fact for fact in loader.load("ocs2007r2").facts(CollocationFact) if fact.type == server]
    assert set(fact.allowed) == {TYPES[name] for row in lines for name in row["may"]}
    assert set(fact.discouraged) == {TYPES[name] for row in lines for name in row.get("not_advised", [])}
