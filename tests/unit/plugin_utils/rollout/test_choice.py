# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run is asked to do, and what is refused before anything is begun."""

from __future__ import annotations

import pytest

from ansible_collections.openuc.ocs.plugins.plugin_utils.rollout.choice import RefusedError, choose
from ansible_collections.openuc.ocs.plugins.plugin_utils.rollout.standing import Passed, Standing
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.inputs.run import RunInput

from .samples import DEMANDS, HOSTS, STEPS, blueprint

PLAN = blueprint()
NOTHING = Standing()


def refusal(asked: RunInput, standing: Standing = NOTHING, tags: tuple[str, ...] = ("all",)) -> str:
    with pytest.raises(RefusedError) as refused:
        choose(PLAN, asked, standing, HOSTS, tags)
    return str(refused.value)


def test_everything_is_asked_for_unless_something_is() -> None:
    chosen = choose(PLAN, RunInput(), NOTHING, HOSTS)
    assert chosen.stages == ("preflight", "pool", "edge")
    assert chosen.hosts == frozenset(HOSTS)
    assert chosen.mechanisms == {"dns", "firewall", "load_balancer", "certificates", "publications", "qos"}


def test_until_takes_the_stages_before_it_along() -> None:
    assert choose(PLAN, RunInput(until="pool"), NOTHING, HOSTS).stages == ("preflight", "pool")


def test_a_stage_by_itself_needs_those_before_it() -> None:
    assert refusal(RunInput(stage="edge")) == (
        "Nothing was begun:\n"
        "  uc_stage: edge: an earlier stage is not complete: preflight lacks one step of people; "
        "run it first, or use uc_until: edge\n"
        "  uc_stage: edge: an earlier stage is not complete: pool lacks 3 steps of people, dns at ns, "
        "certificates at fe1, certificates at fe2, certificates at fe3 and 1 more; "
        "run it first, or use uc_until: edge"
    )
    passed = {one.id: Passed(one.id, frozenset(one.targets), "ann", "", "") for one in STEPS}
    done = {(one.mechanism, one.host): frozenset({"pool"}) for one in DEMANDS}
    assert choose(PLAN, RunInput(stage="edge"), Standing(passed=passed, done=done), HOSTS).stages == ("edge",)


def test_sites_pools_and_servers_narrow_the_hosts() -> None:
    assert choose(PLAN, RunInput(only=("branch",)), NOTHING, HOSTS).hosts == {"ns"}
    assert choose(PLAN, RunInput(only=("edges", "fw")), NOTHING, HOSTS).hosts == {"edge1", "edge2", "fw"}
    assert choose(PLAN, RunInput(only=("pool1",)), NOTHING, ("fe1", "ns")).hosts == {"fe1"}


def test_tags_choose_mechanisms() -> None:
    assert choose(PLAN, RunInput(), NOTHING, HOSTS, ["dns", "always"]).mechanisms == {"dns"}
    kept = choose(PLAN, RunInput(), NOTHING, HOSTS, ["all"], ["qos", "dns"]).mechanisms
    assert kept == {"firewall", "load_balancer", "certificates", "publications"}


def test_all_that_is_wrong_is_told_at_once() -> None:
    asked = RunInput(until="polo", only=("pool2", "fe1"))
    assert refusal(asked, tags=("dms",)) == (
        "Nothing was begun:\n"
        "  uc_until: polo: expected one of preflight, pool, edge\n"
        "  uc_only: pool2: expected a site, a pool or a server of the inventory; nearest: pool1\n"
        "  tag dms: expected one of certificates, dns, firewall, load_balancer, publications, qos; nearest: dns"
    )


def test_a_stage_and_a_last_stage_contradict_each_other() -> None:
    assert "uc_stage: preflight and uc_until: pool: say one of them" in refusal(
        RunInput(stage="preflight", until="pool")
    )
