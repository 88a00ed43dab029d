# SPDX-License-Identifier: GPL-3.0-or-later
"""Where to look whether a step of people is done, and what several looks come to."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue import loader
from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue.model import Source
from ansible_collections.openuc.ocs.plugins.plugin_utils.rollout.blueprint import PlannedStep
from ansible_collections.openuc.ocs.plugins.plugin_utils.rollout.checkpoints import Judged, looked_at, words
from ansible_collections.openuc.ocs.plugins.plugin_utils.rollout.checks import (
    Endpoint,
    Seen,
    State,
    StepCheckFact,
    decided,
    endpoints,
    summed,
)

STEP = PlannedStep(id="s.start@pool", stage="pool", title="Start", kind="checkpoint", targets=("pool1",))
PLAN: dict[str, t.Any] = {
    "overview": {"clusters": [{"name": "pool1", "servers": ["fe1", "fe2"], "roles": {"front_end": ["fe1", "fe2"]}}]},
    "sets": [
        {"name": "front_end@pool1", "members": [{"host": "fe1", "address": "a1"}, {"host": "fe2", "address": "a2"}]},
        {"name": "back_end@sql", "members": [{"host": "sql", "address": "a9"}]},
        {"name": "clients", "members": []},
    ],
    "flows": [
        {"source": "clients", "destination": "front_end@pool1", "ports": ["5061", "50000-60000"], "stage": "pool"},
        {"source": "clients", "destination": "front_end@pool1", "ports": ["8057"], "stage": "edge"},
        {"source": "front_end@pool1", "destination": "back_end@sql", "ports": ["1433"], "stage": "pool"},
        {"source": "clients", "destination": "back_end@sql", "ports": ["445"], "stage": "pool"},
    ],
}
for flow in PLAN["flows"]:
    flow.update(protocol="tcp", leg="direct")


def check(name: str = "c", **fields: t.Any) -> StepCheckFact:
    told: dict[str, t.Any] = {"steps": ("s.start",), "title": "", "look": "listening", **fields}
    return StepCheckFact(id=name, source=Source("guide"), **told)


def seen(state: State, told: str = "x", name: str = "c") -> Seen:
    return Seen(name, state, told)


def test_the_servers_of_a_step_listen_on_the_single_ports_of_stages_that_were_reached() -> None:
    assert endpoints(PLAN, check(), STEP, {"pool"}) == (Endpoint("fe1", "a1", 5061), Endpoint("fe2", "a2", 5061))
    later = endpoints(PLAN, check(), STEP, {"pool", "edge"})
    assert {place.port for place in later} == {5061, 8057}


def test_what_the_servers_lean_on_is_looked_at_where_they_connect_to_it() -> None:
    assert endpoints(PLAN, check(role="back_end"), STEP, {"pool"}) == (Endpoint("sql", "a9", 1433),)


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        (["seen", "seen"], "seen"),
        (["seen", "missing", "unknown"], "missing"),
        (["seen", "unknown"], "unknown"),
        ([], "unknown"),
    ],
)
def test_several_places_come_to_the_worst(states: list[State], expected: State) -> None:
    assert summed(check(), [seen(state, state) for state in states]).state == expected


def test_what_is_missing_is_named() -> None:
    told = summed(check(), [seen("missing", f"port {number}") for number in range(8)]).words
    assert told == "port 0, port 1, port 2, port 3, port 4, port 5 and 2 more"


def test_a_look_decides_only_where_its_row_says_so_and_nothing_else_is_in_doubt() -> None:
    enough, hint = check("c", decides=True), check("d")
    assert decided([enough], [seen("seen")])
    assert not decided([hint], [seen("seen", name="d")])
    assert not decided([enough, hint], [seen("seen"), seen("unknown", name="d")])
    assert not decided([enough], [])


CONFIRMED = Judged(STEP, "confirmed", "ann", "she did it", ("pool1",))
OPEN = Judged(STEP, "open", targets=("pool1",))


def test_nobodys_word_passes_a_step_of_which_something_is_missing() -> None:
    stopped = looked_at(CONFIRMED, (seen("missing", "fe1 port 5061: refused"),), enough=False, binding=True)
    assert stopped.state == "open"
    assert words(stopped).splitlines() == [
        "Start [pool1]",
        "    Said to be done by ann (she did it), but something is missing",
        "    Missing: fe1 port 5061: refused",
        "    Id: s.start",
    ]


def test_a_word_counts_where_looking_only_tells_or_nobody_could_look() -> None:
    assert looked_at(CONFIRMED, (seen("missing"),), enough=False, binding=False).state == "confirmed"
    assert looked_at(CONFIRMED, (seen("unknown"),), enough=False, binding=True).state == "confirmed"


def test_a_step_is_passed_by_what_was_seen_where_that_is_enough() -> None:
    passed = looked_at(OPEN, (seen("seen", "fe1 port 5061"),), enough=True, binding=True)
    assert (passed.state, passed.by, passed.evidence) == ("confirmed", "the roll-out, which looked", "fe1 port 5061")
    assert looked_at(OPEN, (seen("seen"),), enough=False, binding=True).state == "open"


@pytest.mark.parametrize(("product", "version"), [("ocs2007", 1007), ("ocs2007r2", 1008), ("lync2010", 1100)])
def test_a_schema_is_extended_where_it_has_the_version_of_the_product(product: str, version: int) -> None:
    checks = loader.load(product).facts(StepCheckFact)
    (schema,) = [check for check in checks if check.container == "schema"]
    assert (schema.least, schema.steps) == (version, (f"{product}.step.active-directory-schema",))
    looked_at = {step.rpartition(".")[2] for check in checks if check.decides for step in check.steps}
    assert {"active-directory-schema", "active-directory-forest", "edge-start"} <= looked_at
