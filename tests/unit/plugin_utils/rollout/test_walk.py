# SPDX-License-Identifier: GPL-3.0-or-later
"""The way through a plan: the order of the documents, and nothing said twice."""

from __future__ import annotations

import dataclasses

from ansible_collections.openuc.ocs.plugins.plugin_utils.rollout.standing import Passed, Standing
from ansible_collections.openuc.ocs.plugins.plugin_utils.rollout.walk import Selection, Wave, phases_of, walk
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.inputs.run import WavesInput

from .samples import DEMANDS, HOSTS, STAGES, STEPS, blueprint, demand, step

EVERYTHING = Selection(tuple(STAGES), frozenset(HOSTS))
ASKED = WavesInput()


def names(waves: tuple[Wave, ...]) -> list[str]:
    return [f"{wave.id} {','.join(wave.hosts or wave.steps)}" for wave in waves]


def test_steps_are_walked_in_their_order_and_what_no_step_speaks_of_first() -> None:
    assert names(walk(blueprint(), EVERYTHING, Standing(), ASKED)) == [
        "preflight.01-checkpoints step.plan@preflight",
        "pool.01-checkpoints step.sql@pool",
        "pool.02-dns ns",
        "pool.03-checkpoints step.create@pool,step.users@pool",
        "pool.04-certificates.1 fe1",
        "pool.04-certificates.2 fe2,fe3",
        "pool.04-certificates.3 fe4",
        "pool.05-checkpoints step.start@pool",
        "edge.01-dns ns",
        "edge.02-firewall fw",
        "edge.03-checkpoints step.install@edge",
        "edge.04-certificates.1 edge1",
        "edge.04-certificates.2 edge2",
    ]


def test_each_stage_adds_to_those_before_it() -> None:
    by_id = {wave.id: wave for wave in walk(blueprint(), EVERYTHING, Standing(), ASKED)}
    assert by_id["pool.02-dns"].stages == {"ns": ("preflight", "pool")}
    assert by_id["edge.01-dns"].stages == {"ns": ("preflight", "pool", "edge")}


def test_a_finished_estate_is_said_once_and_whole() -> None:
    """From the first stage on, so that nothing of a later one is taken away meanwhile."""
    done = {(one.mechanism, one.host): frozenset(STAGES) for one in DEMANDS}
    passed = {one.id: Passed(one.id, frozenset(one.targets), "ann", "", "") for one in STEPS}
    waves = walk(blueprint(), EVERYTHING, Standing(done=done, passed=passed), ASKED)
    assert [wave.id for wave in waves] == [
        "pool.02-dns",
        "pool.04-certificates.1",
        "pool.04-certificates.2",
        "pool.04-certificates.3",
        "edge.02-firewall",
        "edge.04-certificates.1",
        "edge.04-certificates.2",
    ]
    assert waves[0].stages == {"ns": ("preflight", "pool", "edge")}


def test_one_stage_of_a_finished_estate_keeps_the_later_ones() -> None:
    done = {("dns", "ns"): frozenset(STAGES)}
    waves = walk(blueprint(), Selection(("pool",), frozenset(HOSTS)), Standing(done=done), ASKED)
    dns = next(wave for wave in waves if wave.mechanism == "dns")
    assert dns.stages == {"ns": ("preflight", "pool", "edge")}


def test_a_second_step_that_would_say_the_same_is_left_out() -> None:
    steps = (*STEPS[:4], step("more-names", "pool", "dns"), *STEPS[4:])
    waves = walk(blueprint(steps=steps), EVERYTHING, Standing(), ASKED)
    assert [wave.id for wave in waves if wave.mechanism == "dns"] == ["pool.02-dns", "edge.01-dns"]


def test_a_stage_without_steps_prepares_what_it_plans() -> None:
    demands = (demand("qos", "fw", "preflight"), demand("dns", "ns", "preflight"))
    waves = walk(blueprint(demands=demands, steps=()), EVERYTHING, Standing(), ASKED)
    assert names(waves) == ["preflight.01-dns ns", "preflight.02-qos fw"]


def test_what_shows_certificates_comes_after_them_and_before_it_is_looked_at() -> None:
    demands = (demand("publications", "rp", "pool"), demand("certificates", "fe1", "pool"))
    looked = blueprint(demands=demands)
    phases = [phase.mechanism or phase.kind for phase in phases_of(looked, "pool")]
    assert phases.index("publications") == phases.index("certificates") + 1
    assert phases.index("publications") < phases.index("verify")
    alone = blueprint(demands=demands[:1], steps=())
    assert [phase.mechanism or phase.kind for phase in phases_of(alone, "pool")] == ["publications", "verify"]


def test_hosts_and_mechanisms_that_are_not_asked_for_are_left_alone() -> None:
    few = Selection(("pool",), frozenset({"fe2", "ns"}), frozenset({"certificates"}))
    changing = [wave for wave in walk(blueprint(), few, Standing(), ASKED) if wave.kind == "apply"]
    assert names(tuple(changing)) == ["pool.04-certificates fe2"]


def test_steps_of_people_are_kept_whatever_mechanisms_are_asked_for() -> None:
    few = Selection(("pool",), frozenset(HOSTS), frozenset())
    assert [wave.id for wave in walk(blueprint(), few, Standing(), ASKED)] == [
        "pool.01-checkpoints",
        "pool.03-checkpoints",
        "pool.05-checkpoints",
    ]


def test_a_pool_that_grew_is_asked_about_again() -> None:
    passed = {"step.sql@pool": Passed("step.sql@pool", frozenset({"pool0"}), "ann", "", "")}
    waves = walk(blueprint(), EVERYTHING, Standing(passed=passed), ASKED)
    assert any("step.sql@pool" in wave.steps for wave in waves)


def test_decided_decisions_ask_nobody() -> None:
    decided = step("method", "pool", kind="decision", decision="method", options=("a", "b"), chosen="a")
    undecided = step("other", "pool", kind="decision", decision="other", options=("a", "b"))
    waves = walk(blueprint(steps=(decided, undecided), demands=()), EVERYTHING, Standing(), ASKED)
    assert [wave.steps for wave in waves] == [("step.other@pool",)]


def test_what_was_applied_is_looked_at_before_people_say_that_it_is_valid() -> None:
    valid = step("validate", "pool", kind="checkpoint", mechanism="verify", targets=("pool1",))
    users = step("users-enabled", "pool")
    early = step("look-around", "pool", kind="checkpoint", mechanism="verify")
    steps = (early, *STEPS[1:7], valid, users, *STEPS[7:])
    waves = walk(blueprint(steps=steps), dataclasses.replace(EVERYTHING, verifies=True), Standing(), ASKED)
    of_pool = [f"{wave.id} {','.join(wave.hosts or wave.steps)}" for wave in waves if wave.stage == "pool"]
    assert of_pool[-3:] == [
        "pool.05-checkpoints step.start@pool",
        "pool.verify fe1",
        "pool.07-checkpoints step.validate@pool,step.users-enabled@pool",
    ]
    assert [wave.id for wave in waves][-1] == "edge.verify", "where no step asks for it, it comes last"
    assert waves[-1].hosts == ("fe1", "edge1")
    assert waves[-1].stages["fe1"] == ("preflight", "pool", "edge")


def test_nobody_looks_where_nothing_is_changed_or_nobody_is_asked_to() -> None:
    looking = dataclasses.replace(EVERYTHING, verifies=True)
    assert not any(wave.kind == "verify" for wave in walk(blueprint(), EVERYTHING, Standing(), ASKED))
    assert not any(wave.kind == "verify" for wave in walk(blueprint(demands=()), looking, Standing(), ASKED))
    assert not any(wave.kind == "verify" for wave in walk(blueprint(vantages={}), looking, Standing(), ASKED))
