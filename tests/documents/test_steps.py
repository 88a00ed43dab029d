# SPDX-License-Identifier: GPL-3.0-or-later
"""The documented order of the roll-out, written down by hand from the guide, against the steps of the lab."""

from __future__ import annotations

import pytest

from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.steps import Step
from tests import support

# Processes as the guide prints them (first line in the comment), the lab's conditions applied by hand.
ENTERPRISE = [  # 5525
    "prerequisites", "windows", "install-sql", "configure-sql", "load-balancer", "dns", "create-pool", "shares",
    "configure", "iis", "add-servers", "certificates", "start", "validate", "meeting-policies", "create-users",
    "enable-users", "clients",
]  # fmt: skip
# A Director homes nobody: no shares, no IIS, no meetings, no users.
DIRECTOR = [step for step in ENTERPRISE if step not in {
    "shares", "iis", "meeting-policies", "create-users", "enable-users", "clients",
}]  # fmt: skip
DOCUMENTED: dict[tuple[str, str], list[str]] = {
    ("directory", "active-directory"): [  # 2629
        "check", "web-access-first", "migration-tool", "schema", "forest", "domain", "rerun-forest",
    ],
    ("first_pool", "device-updates"): ["share", "pool-path", "administrators"],  # 7539
    ("first_pool", "enterprise-pool"): ENTERPRISE,
    ("director", "enterprise-pool"): DIRECTOR,
    ("first_pool", "live-meeting"): ["client", "add-in"],  # 6526
    ("internal_addons", "archiving"): ["prerequisites", "install", "associate", "users", "start"],  # 6969
    ("internal_addons", "monitoring"): ["prerequisites", "install", "start", "reports", "associate"],  # 7149
    ("internal_addons", "group-chat"): [  # 6757
        "database", "accounts", "certificates", "install", "iis", "admin-tool", "users", "compliance",
    ],
    ("external_access", "edge"): [  # 8130
        "reverse-proxy", "dns", "firewalls", "director", "load-balancers", "install", "activate", "configure",
        "certificates", "start", "anonymous", "users", "connect", "validate",
    ],
    ("federation", "edge"): ["federation"],  # printed before the anonymous users; a stage of its own here
    ("voice", "response-group"): ["ocs", "activate", "agents", "workflows", "tab"],  # 4586
    ("voice", "dial-in"): [  # 5949
        "ocs", "applications", "web-access", "web-access-outside", "test-page", "location-profiles", "pin",
        "global-policy", "mediation", "gateway", "gateway-numbers", "attendant", "add-in", "line-uri",
        "static-routes", "welcome",
    ],
    ("voice", "exchange-um"): ["roles", "trust", "dial-plans", "exchucutil", "utility", "retire-pbx-mail"],
    ("mobile", "outside-voice"): ["ocs", "mediation", "activate", "start", "test"],  # 4769
}  # fmt: skip


def steps() -> tuple[Step, ...]:
    plan = support.example_design("lab").plan
    assert plan is not None
    return plan.steps


def slug(step: Step) -> str:
    process = step.process.rpartition(".")[2]
    return step.why[0].partition("step.")[2].removeprefix(f"{process}-")


@pytest.mark.parametrize(("stage", "process"), DOCUMENTED, ids="-".join)
def test_order_inside_a_process(stage: str, process: str) -> None:
    found = [slug(step) for step in steps() if step.stage == stage and step.process.endswith(f".{process}")]
    assert found == DOCUMENTED[(stage, process)]


def test_order_of_the_stages() -> None:
    """Inside before outside, outside before voice, voice before mobile; the directory before everything."""
    plan = support.example_design("lab").plan
    assert plan is not None
    assert [stage.stage for stage in plan.stages] == [
        "preflight", "directory", "infrastructure", "first_pool", "director", "internal_addons", "external_access",
        "federation", "voice", "mobile",
    ]  # fmt: skip
    assert plan.stages[-1].after == tuple(stage.stage for stage in plan.stages[:-1])


def test_steps_come_stage_by_stage() -> None:
    ranks = {stage: number for number, stage in enumerate(dict.fromkeys(step.stage for step in steps()))}
    numbers = [ranks[step.stage] for step in steps()]
    assert numbers == sorted(numbers)


def test_a_step_depends_on_the_one_before() -> None:
    by_slug = {(step.stage, step.why[0].partition("step.")[2]): step for step in steps()}
    assert by_slug[("first_pool", "enterprise-pool-create-pool")].depends_on == (
        "ocs2007r2.step.enterprise-pool-dns@first_pool",
    )
