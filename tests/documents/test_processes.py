# SPDX-License-Identifier: GPL-3.0-or-later
"""The printed deployment processes: the order of their steps, and who may carry each of them out."""

from __future__ import annotations

import itertools
import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue import loader
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.steps import PermissionFact, StepFact
from tests.documents.printed import explains
from tests.documents.test_permissions import FIRST, LAST, sets_in

FOLDER = Path(__file__).parent / "ocs2007r2"
PRINTED: dict[str, t.Any] = yaml.safe_load((FOLDER / "processes.yml").read_text())
TABLE_STEPS: dict[int, list[str]] = yaml.safe_load((FOLDER / "credential_steps.yml").read_text())["steps"]
PROCESSES: dict[str, list[dict[str, t.Any]]] = PRINTED["processes"]
CATALOGUE = loader.load("ocs2007r2")
STEPS = CATALOGUE.facts(StepFact)
IN_TABLE = [fact for fact in CATALOGUE.facts(PermissionFact) if FIRST <= fact.source.lines[0] <= LAST]
ELSEWHERE = [fact for fact in CATALOGUE.facts(PermissionFact) if fact not in IN_TABLE]

Groups = frozenset[frozenset[str]]
Statement = tuple[tuple[int, ...], str, Groups]  # lines that print it, step, sets of groups

# Two processes of voice print two of their steps the other way round; the plan takes the order of the first one.
TURNED_ROUND = {"departmental": ("erratum.voice-enable-im-order", ("configure", "enable-im"))}
# Nothing says who may set the rights on shared folders; the text only says what the rights are.
NOT_PRINTED = {"ocs2007r2.permission.process-shares"}


def in_order(process: str) -> list[StepFact]:
    found = [fact for fact in STEPS if fact.process == f"ocs2007r2.process.{process}"]
    return sorted(found, key=lambda fact: fact.order)


def printed_steps(process: str) -> list[str]:
    return [f"{process}-{step}" for entry in PROCESSES[process] for step in entry["steps"]]


def slug(step_id: str) -> str:
    return step_id.removeprefix("ocs2007r2.step.")


def groups_of(paragraphs: t.Sequence[str]) -> Groups:
    """All paragraphs are needed; `or` inside one tells alternatives apart."""
    alternatives = [sets_in(paragraph) for paragraph in paragraphs]
    return frozenset(frozenset().union(*choice) for choice in itertools.product(*alternatives))


def statements() -> list[Statement]:
    """Who may do each step, as the processes and the text around them print it."""
    entries = [(process, entry) for process, entries in PROCESSES.items() for entry in entries]
    entries += [(entry["process"], entry) for entry in PRINTED["also"]]
    return [
        (tuple(entry[key] for key in ("line", "reprint") if key in entry), f"{process}-{step}", groups_of(entry["who"]))
        for process, entry in entries
        if "who" in entry
        for step in entry["steps"]
    ]


STATEMENTS = statements()


def groups_asked(fact: PermissionFact) -> Groups:
    return frozenset(frozenset(groups) for groups in fact.any_of)


def says(fact: PermissionFact, statement: Statement) -> bool:
    """True when the row was read from one of the lines of the statement, and asks for the same groups."""
    lines, _step, groups = statement
    first, last = fact.source.lines[0], fact.source.lines[-1]
    return any(first <= line <= last for line in lines) and groups_asked(fact) == groups


def test_every_process_of_the_catalogue_is_transcribed() -> None:
    assert {fact.process.rpartition(".")[2] for fact in STEPS} == set(PROCESSES)


@pytest.mark.parametrize("process", PROCESSES)
def test_steps_come_in_the_printed_order(process: str) -> None:
    found = in_order(process)
    assert [slug(fact.id) for fact in found] == printed_steps(process)
    assert [fact.order for fact in found] == list(range(1, len(found) + 1))


@pytest.mark.parametrize("printed", PRINTED["voice_orders"], ids=lambda printed: t.cast("str", printed["name"]))
def test_voice_follows_each_of_its_printed_orders(printed: dict[str, t.Any]) -> None:
    found = [slug(fact.id).removeprefix("voice-") for fact in in_order("voice")]
    ours = [step for step in found if step in printed["steps"]]
    theirs = list(printed["steps"])
    if printed["name"] in TURNED_ROUND:
        erratum, pair = TURNED_ROUND[printed["name"]]
        assert explains("ocs2007r2", erratum, "guide-r2", printed["line"])
        at = theirs.index(pair[0])
        assert theirs[at : at + 2] == list(pair)
        theirs[at : at + 2] = reversed(pair)
    if printed["name"].startswith("from PBX"):  # its third phase may come before the first
        theirs.remove("exchange-um")
        ours.remove("exchange-um")
    assert ours == theirs


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda statement: f"{statement[0][0]}-{statement[1]}")
def test_printed_credentials_are_those_of_a_row(statement: Statement) -> None:
    facts = [fact for fact in (*IN_TABLE, *ELSEWHERE) if says(fact, statement)]
    assert statement[1] in {slug(step) for fact in facts for step in fact.steps}


@pytest.mark.parametrize("fact", [fact for fact in ELSEWHERE if fact.id not in NOT_PRINTED], ids=lambda fact: fact.id)
def test_a_row_speaks_of_the_printed_steps(fact: PermissionFact) -> None:
    printed = {step for statement in STATEMENTS if says(fact, statement) for step in [statement[1]]}
    assert {slug(step) for step in fact.steps} == printed
    assert len(fact.steps) == len(printed)


@pytest.mark.parametrize("fact", IN_TABLE, ids=lambda fact: fact.id)
def test_a_row_of_the_table_speaks_of_its_steps(fact: PermissionFact) -> None:
    wanted = TABLE_STEPS[fact.source.lines[0]]
    assert [slug(step) for step in fact.steps] == (wanted if isinstance(wanted, list) else [wanted])


def test_every_line_of_the_table_has_its_row() -> None:
    assert set(TABLE_STEPS) == {fact.source.lines[0] for fact in IN_TABLE}
