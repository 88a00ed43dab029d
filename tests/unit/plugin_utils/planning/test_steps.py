# SPDX-License-Identifier: GPL-3.0-or-later
"""What the plan says about steps, decisions, prerequisites and safeguards."""

from __future__ import annotations

import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.openuc.ocs.plugins.plugin_utils.engine import design
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.plan import Plan
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.steps import Groups, satisfying_all
from tests import support


def plan_of(**changes: t.Any) -> Plan:
    found = design(support.changed(support.example("lab"), changes), support.TODAY)
    assert found.plan is not None, [finding.message for finding in found.errors]
    return found.plan


def titles(plan: Plan, process: str) -> list[str]:
    return [step.why[0].rpartition(".")[2] for step in plan.steps if step.process.endswith(process)]


def test_an_open_decision_shows_the_steps_of_all_options() -> None:
    plan = plan_of()
    decision = next(step for step in plan.steps if step.decision == "voice_method" and step.kind == "decision")
    assert decision.chosen == ""
    assert decision.options == ("pbx_coexistence", "greenfield", "departmental", "pbx_to_stand_alone")
    assert "voice-forking" in titles(plan, ".voice")
    assert "voice-replace-phones" in titles(plan, ".voice")


def test_a_decision_taken_leaves_its_own_steps() -> None:
    plan = plan_of(uc_decisions={"voice_method": "pbx_coexistence"})
    found = titles(plan, ".voice")
    assert "voice-forking" in found
    assert "voice-exchange-um" not in found
    assert "voice-replace-phones" not in found
    assert next(step for step in plan.steps if step.kind == "decision" and step.decision == "voice_method").chosen


def test_the_departmental_order_enables_users_after_configuring() -> None:
    plan = plan_of(uc_decisions={"voice_method": "greenfield"})
    assert titles(plan, ".voice")[:4] == ["voice-method", "voice-planning", "voice-ocs", "voice-mediation"]


def test_only_what_is_there_has_steps() -> None:
    plan = support.example_design("standard").plan
    assert plan is not None
    processes = {step.process.rpartition(".")[2] for step in plan.steps}
    assert "standard-edition" in processes
    assert "enterprise-pool" not in processes
    assert "group-chat" not in processes


@pytest.mark.parametrize("product", ["lync2010", "ocs2007"])
def test_where_the_documents_print_no_processes_setup_is_one_step_that_says_so(product: str) -> None:
    plan = support.example_design(product).plan
    assert plan is not None
    steps = [
        (step.id.rpartition(".")[2], step.targets) for step in plan.steps if step.stage in ("directory", "first_pool")
    ]
    assert steps == [
        ("active-directory-schema@directory", ()),
        ("active-directory-forest@directory", ()),
        ("active-directory-domain@directory", ()),
        ("pool-setup@first_pool", ("pool1.corp.contoso.com",)),
        ("pool-start@first_pool", ("pool1.corp.contoso.com",)),
    ]
    assert [step.who for step in plan.steps[:3]] == [
        (("Schema Admins", "Administrator of the schema master"),),
        (("Enterprise Admins",),),
        (("Domain Admins",),),
    ]
    assert "not planned here" in next(step.title for step in plan.steps if "setup" in step.id)


def test_stages_are_there_for_whatever_is_planned_with_or_without_steps() -> None:
    plan = support.example_design("lync2010").plan
    assert plan is not None
    names = [stage.stage for stage in plan.stages]
    assert {item.stage for item in (*plan.flows, *plan.records, *plan.certificates)} <= set(names)
    assert names.index("first_pool") < names.index("director") < names.index("external_access")


def test_lines_come_once_however_many_servers() -> None:
    plan = plan_of()
    ids = [line.id for line in plan.prerequisites]
    assert len(ids) == len(set(ids))
    windows = next(line for line in plan.prerequisites if line.why == ("ocs2007r2.prerequisite.windows",))
    assert windows.count == 12  # two Front Ends, two Directors, two Edges, and one of each of six further types
    assert windows.stage == "first_pool"


def test_safeguards_start_with_what_they_guard() -> None:
    stages = {line.why[0].rpartition(".")[2]: line.stage for line in plan_of().safeguards}
    assert stages["edge"] == "external_access"
    assert stages["mediation-srtp"] == "voice"


def test_satisfying_all_asks_for_no_more_than_needed() -> None:
    either: Groups = (("A", "B"), ("A", "C"))
    assert satisfying_all([]) == ()
    assert satisfying_all([either, (("A",),)]) == either
    assert satisfying_all([(("A",),), (("B",),)]) == (("A", "B"),)
    assert satisfying_all([(("A",),), (("A",), ("B",))]) == (("A",),)


GROUPS = st.lists(
    st.lists(st.sampled_from("ABCD"), min_size=1, max_size=3, unique=True).map(tuple), min_size=1, max_size=3
).map(tuple)


@given(demands=st.lists(GROUPS, min_size=1, max_size=4), member=st.frozensets(st.sampled_from("ABCD")))
def test_satisfying_all_means_all(demands: list[Groups], member: frozenset[str]) -> None:
    def allows(any_of: Groups) -> bool:
        return any(set(groups) <= member for groups in any_of)

    assert allows(satisfying_all(demands)) == all(allows(any_of) for any_of in demands)
