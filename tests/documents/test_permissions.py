# SPDX-License-Identifier: GPL-3.0-or-later
"""The guide's table of credentials, row by row, against who may do the planned steps."""

from __future__ import annotations

import dataclasses
import itertools
import re
import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue import loader
from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue.facts import ErratumFact
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.steps import PermissionFact, StepFact
from tests import support

PRINTED = yaml.safe_load((Path(__file__).parent / "ocs2007r2" / "permissions.yml").read_text())
FIRST, LAST = PRINTED["source"]["lines"]
ROWS: list[dict[str, t.Any]] = PRINTED["rows"]
CATALOGUE = loader.load("ocs2007r2")
PERMISSIONS = [fact for fact in CATALOGUE.facts(PermissionFact) if FIRST <= fact.source.lines[0] <= LAST]

# Words of the print by the group that they mean; the longer ones first.
GROUPS = (
    (r"READ on the pools in AD DS", "READ on the pools in the directory"),
    (r"READ/WRITE on the Exchange configuration containers", "READ/WRITE on the Exchange configuration containers"),
    (r"Schema ?Admins", "Schema Admins"),
    (r"Administrator rights on the schema master", "Administrator of the schema master"),
    (r"Enterprise ?Admins", "Enterprise Admins"),
    (r"Domain ?Admins", "Domain Admins"),
    (r"DNS Admins", "DnsAdmins"),
    (r"RTCUniversalServerAdmins", "RTCUniversalServerAdmins"),
    (r"RTCUniversalUserAdmins", "RTCUniversalUserAdmins"),
    (r"Exchange Organization Administrators", "Exchange Organization Administrators"),
    (r"SQL Server administrator", "SQL Server administrator"),
    (r"Load balancer administrator", "Load balancer administrator"),
    (r"Database administrator", "Database administrator"),
    (r"Channel service administrator", "Channel service administrator"),
    (r"Administrator of the SIP trunking provider", "Administrator of the SIP trunking provider"),
    (r"\[Administrator on the client computer\]", "Administrator of the client computer"),
    (r"Administrator on the media gateway", "Administrator of the media gateway"),
    (r"delegated setup group", "Delegated setup group"),
    (r"equivalent credentials", "Equivalent rights"),
    (r"Office Communications Server 2007 R2 user", "User"),
    (r"(?i:local administrators?)(?: credentials)?|Administrators [Gg]roup|local Administrators", "Administrators"),
    (r"^Administrator$", "Administrator of the device"),
)


def groups_in(cell: t.Sequence[str]) -> set[str]:
    """The groups that the paragraphs of a cell name."""
    found = set()
    for paragraph in cell:
        text = paragraph
        for pattern, group in GROUPS:
            text, hits = re.subn(pattern, "", text)
            if hits:
                found.add(group)
    return found


def facts_of(row: dict[str, t.Any]) -> list[PermissionFact]:
    """Catalogue rows that were read from the lines of a printed one."""
    following = [other["line"] for other in ROWS if other["line"] > row["line"]]
    end = min(following, default=LAST + 1)
    return [fact for fact in PERMISSIONS if row["line"] <= fact.source.lines[0] < end]


def sets_in(paragraph: str) -> set[frozenset[str]]:
    """Sets of groups of a paragraph: `or` tells them apart, `and` joins."""
    return {frozenset(groups_in([part])) for part in re.split(r",? or ", paragraph)} - {frozenset()}


def wanted(row: dict[str, t.Any], parts: int) -> list[set[frozenset[str]]]:
    """What a printed row asks for: all of its paragraphs, or one after the other where the task has as many parts."""
    paragraphs = [found for text in row["credentials"] if (found := sets_in(text))]
    if parts == len(paragraphs):
        return paragraphs
    return [{frozenset().union(*choice) for choice in itertools.product(*paragraphs)}]


def agrees(row: dict[str, t.Any], facts: t.Sequence[PermissionFact]) -> bool:
    """Whether catalogue rows say what a printed row says."""
    parts = sorted(facts, key=lambda fact: fact.source.lines[0])
    return [{frozenset(groups) for groups in fact.any_of} for fact in parts] == wanted(row, len(parts))


# The last row of the table prints no credentials: device updates come with the pool.
WITH_CREDENTIALS = [row for row in ROWS if groups_in(row["credentials"])]


def test_all_rows_but_the_last_name_groups() -> None:
    assert [row["section"] for row in ROWS if row not in WITH_CREDENTIALS] == ["Device Update Service"]
    assert len(ROWS) == 95


@pytest.mark.parametrize("row", WITH_CREDENTIALS, ids=lambda row: f"{row['line']}")
def test_row_names_the_printed_groups(row: dict[str, t.Any]) -> None:
    facts = facts_of(row)
    assert facts, "no catalogue row was read from here"
    assert agrees(row, facts)


def test_every_row_of_the_catalogue_is_printed() -> None:
    assert {fact.id for row in ROWS for fact in facts_of(row)} == {fact.id for fact in PERMISSIONS}


@pytest.mark.parametrize("fact", PERMISSIONS, ids=lambda fact: fact.id)
def test_changing_a_row_is_noticed(fact: PermissionFact) -> None:
    row = next(row for row in ROWS if fact in facts_of(row))
    others = [other for other in facts_of(row) if other is not fact]
    more = dataclasses.replace(fact, any_of=tuple((*groups, "Somebody else") for groups in fact.any_of))
    assert agrees(row, [*others, fact])
    assert not agrees(row, [*others, more])
    assert not agrees(row, others)


def test_steps_exist_and_differences_are_errata() -> None:
    steps = {fact.id for fact in CATALOGUE.facts(StepFact)}
    errata = {fact.id for fact in CATALOGUE.facts(ErratumFact)}
    for fact in CATALOGUE.facts(PermissionFact):
        assert set(fact.steps) <= steps, fact.id
        assert not fact.erratum or fact.erratum in errata, fact.id


def test_two_prints_of_one_step_differ_only_by_an_erratum() -> None:
    """Where the rows about a step ask for different groups, an erratum says so, unless the rows are parts of a task."""
    by_step: dict[str, list[PermissionFact]] = {}
    for fact in CATALOGUE.facts(PermissionFact):
        for step in fact.steps:
            by_step.setdefault(step, []).append(fact)
    parts = {"voice-exchange-um", "exchange-um-dial-plans", "exchange-um-exchucutil", "planning-delegation"}
    for step, facts in by_step.items():
        asked = {frozenset(map(frozenset, fact.any_of)) - {frozenset({"Equivalent rights"})} for fact in facts}
        if len(asked) > 1 and step.rpartition("step.")[2] not in parts:
            assert any(fact.erratum for fact in facts), step


def test_credentials_reach_the_plan() -> None:
    plan = support.example_design("lab").plan
    assert plan is not None
    who = {step.why[0].partition("step.")[2]: step.who for step in plan.steps}
    assert who["enterprise-pool-create-pool"] == (("RTCUniversalServerAdmins", "Domain Admins"),)
    assert who["enterprise-pool-dns"] == (("DnsAdmins",),)
    # Two prints, Administrators with one of two groups and Administrators alone: the stricter one holds.
    assert {frozenset(groups) for groups in who["edge-install"]} == {
        frozenset({"Administrators", "Domain Admins"}),
        frozenset({"Administrators", "RTCUniversalServerAdmins"}),
    }
    # Two prints with one group each: whoever is in both satisfies either.
    assert {frozenset(groups) for groups in who["archiving-associate"]} == {
        frozenset({"Administrators", "RTCUniversalUserAdmins"})
    }
