# SPDX-License-Identifier: GPL-3.0-or-later
"""What is looked at before anything is changed, and who then needs no wave."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.openuc.ocs.plugins.plugin_utils.rollout.looks import differing, looks_of, silent_words
from ansible_collections.openuc.ocs.plugins.plugin_utils.rollout.standing import Standing
from ansible_collections.openuc.ocs.plugins.plugin_utils.rollout.walk import Selection, Wave, walk
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.inputs.run import WavesInput

from .samples import HOSTS, STAGES, blueprint

ALL = Selection(tuple(STAGES), frozenset(HOSTS))
POOL = ("fe1", "fe2", "fe3", "fe4")


def done(*targets: tuple[str, str], stages: t.Collection[str] = tuple(STAGES)) -> Standing:
    return Standing(done=dict.fromkeys(targets, frozenset(stages)), contents=dict.fromkeys(targets, ""))


def hosts_of(waves: t.Iterable[Wave], kind: str = "apply") -> list[tuple[str, tuple[str, ...]]]:
    return [(wave.mechanism, wave.hosts) for wave in waves if wave.kind == kind]


def test_an_untouched_estate_is_not_looked_at() -> None:
    waves = walk(blueprint(), ALL, Standing(), WavesInput())
    assert looks_of(waves, Standing()) == ()


def test_all_targets_of_a_mechanism_that_hold_what_is_planned_are_looked_at_together() -> None:
    standing = done(("dns", "ns"), *(("certificates", host) for host in (*POOL, "edge1")))
    looks = looks_of(walk(blueprint(), ALL, standing, WavesInput()), standing)
    assert {look.mechanism: look.hosts for look in looks} == {"dns": ("ns",), "certificates": (*POOL, "edge1")}
    assert looks[0].stages["ns"] == ("preflight", "pool", "edge"), "all that it is to hold at the end of the run"


def test_a_target_that_lacks_a_later_stage_is_not_looked_at() -> None:
    standing = done(("dns", "ns"), stages=("preflight", "pool"))
    assert looks_of(walk(blueprint(), ALL, standing, WavesInput()), standing) == ()


def test_a_target_for_which_something_else_is_planned_now_is_not_looked_at() -> None:
    standing = dataclasses.replace(done(("dns", "ns")), contents={("dns", "ns"): "before"})
    assert looks_of(walk(blueprint(), ALL, standing, WavesInput()), standing) == ()


def test_what_is_as_planned_needs_no_wave_and_the_first_of_the_others_is_the_canary() -> None:
    standing = done(*(("certificates", host) for host in POOL))
    as_planned = frozenset({("certificates", "fe1"), ("certificates", "fe3")})
    waves = walk(blueprint(), dataclasses.replace(ALL, as_planned=as_planned), standing, WavesInput())
    assert hosts_of(waves)[:3] == [("dns", ("ns",)), ("certificates", ("fe2",)), ("certificates", ("fe4",))]


def test_steps_of_people_and_verification_stay_where_nothing_is_to_be_changed() -> None:
    targets = [(demand.mechanism, demand.host) for demand in blueprint().demands]
    standing, looking = done(*targets), dataclasses.replace(ALL, verifies=True)
    before = walk(blueprint(), looking, standing, WavesInput())
    after = walk(blueprint(), dataclasses.replace(looking, as_planned=frozenset(targets)), standing, WavesInput())
    assert after == tuple(wave for wave in before if wave.kind != "apply")
    assert {wave.kind for wave in after} == {"checkpoints", "verify"}


LOOK = Wave(
    id="look.certificates",
    stage="",
    title="",
    kind="look",
    mechanism="certificates",
    hosts=("fe1", "fe2"),
    stages=dict.fromkeys(("fe1", "fe2"), ("pool",)),
)
WELL = [{"module": "certificate_install", "host": host, "changed": False} for host in ("fe1", "fe2")]


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"failed": True, "msg": "no way to the host"}, "no way to the host"),
        ({"failed": True}, "it could not be compared"),
        ({"changed": True, "summary": "1 to add"}, "1 to add"),
        ({"changed": True}, "it differs"),
        ({"changed": False, "would_need": ["pool", "edge"]}, "it needs pool, edge"),
        ({"changed": False, "by_hand": True}, "people change it"),
    ],
)
def test_a_host_is_as_planned_only_where_nothing_speaks_against_it(told: dict[str, t.Any], words: str) -> None:
    assert differing(LOOK, WELL) == {}
    assert differing(LOOK, [*WELL, {"module": "m", "host": "fe2", **told}]) == {"fe2": words}


def test_a_host_that_nothing_was_seen_of_is_not_as_planned() -> None:
    assert differing(LOOK, WELL[:1]) == {"fe2": "nothing was seen of it"}
    assert differing(LOOK, []) == dict.fromkeys(LOOK.hosts, "nothing was seen of it")


def test_what_the_controller_holds_itself_concerns_every_host() -> None:
    renewed = {"module": "certificate_issue", "host": "", "changed": True, "summary": "1 to renew"}
    assert differing(LOOK, [*WELL, renewed]) == dict.fromkeys(LOOK.hosts, "1 to renew")


def test_who_does_not_answer_is_named_once_and_stops_all() -> None:
    names = dataclasses.replace(LOOK, id="look.dns", mechanism="dns", hosts=("fe2",))
    assert silent_words((LOOK, names), {"fe1", "fe2"}) == ""
    assert silent_words((LOOK, names), {"fe1"}).startswith("The roll-out stops before it changes anything: fe2 could")
