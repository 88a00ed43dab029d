# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan after each stage: it grows, and replaces only what it says."""

from __future__ import annotations

import pytest

from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.base import Stages
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.plan import Plan, items_of
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.prefix import until
from tests import support

DESIGN = support.example_design("lab")
STAGES = Stages(DESIGN.topology.catalogue)


def lab() -> Plan:
    assert DESIGN.plan is not None
    return DESIGN.plan


def ids(plan: Plan) -> set[str]:
    return {item.id for item in items_of(plan)}


def test_a_prefix_holds_nothing_of_later_stages() -> None:
    first = until(lab(), STAGES, "first_pool")
    assert {item.stage for item in items_of(first)} <= set(STAGES.names[: STAGES.rank("first_pool") + 1])
    assert any(flow.stage == "first_pool" for flow in first.flows)


@pytest.mark.parametrize("rank", range(1, len(STAGES.names)))
def test_each_stage_keeps_what_was_there_or_replaces_it(rank: int) -> None:
    before = until(lab(), STAGES, STAGES.names[rank - 1])
    after = until(lab(), STAGES, STAGES.names[rank])
    replaced = {item.replaces for item in items_of(after)}
    assert ids(before) - ids(after) <= replaced


def test_after_the_last_stage_only_replaced_items_are_gone() -> None:
    finished = until(lab(), STAGES, STAGES.names[-1])
    assert ids(lab()) - ids(finished) == {item.replaces for item in items_of(lab()) if item.replaces} & ids(lab())


def test_clients_find_the_pool_until_the_director_meets_them() -> None:
    def target(stage: str) -> set[str]:
        return {
            value
            for record in until(lab(), STAGES, stage).records
            if (record.name, record.type, record.view) == ("_sipinternaltls._tcp.contoso.com", "SRV", "internal")
            for value in record.values
        }

    assert target("first_pool") == {"0 0 5061 pool1.corp.contoso.com."}
    assert target("director") == {"0 0 5061 dirpool.corp.contoso.com."}


@pytest.mark.parametrize("stage", STAGES.names)
def test_every_prefix_is_whole(stage: str) -> None:
    """Sets that flows name are there, and every service has the members that it names."""
    part = until(lab(), STAGES, stage)
    names = {item.name for item in part.sets}
    assert {end for flow in part.flows for end in (flow.source, flow.destination)} <= names
    services = {service.id for service in part.services}
    assert {flow.service for flow in part.flows if flow.service} <= services
