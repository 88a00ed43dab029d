# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of IIS, for the servers that they concern."""

from __future__ import annotations

import typing as t

from ansible_collections.openuc.ocs.plugins.plugin_utils.engine import design
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.plan import Plan
from tests import support


def plan_of(changes: t.Mapping[str, t.Any], example: str = "lab") -> Plan:
    found = design(support.changed(support.example(example), changes), support.TODAY)
    assert found.plan, [finding.message for finding in found.errors]
    return found.plan


def settings(plan: Plan, slug: str) -> list[tuple[str, tuple[str, ...]]]:
    return [(item.cluster, item.servers) for item in plan.iis_settings if f".{slug}@" in item.id]


def test_settings_for_another_windows_are_left_out() -> None:
    plan = plan_of(
        {
            "@fe1.corp.contoso.com/uc_windows": "Windows Server 2008",
            "@fe2.corp.contoso.com/uc_windows": "Windows Server 2003 R2",
        }
    )
    assert settings(plan, "kernel-mode") == [("pool1.corp.contoso.com", ("fe1.corp.contoso.com",))]
    assert settings(plan, "response-group-2003") == [("pool1.corp.contoso.com", ("fe2.corp.contoso.com",))]


def test_both_are_listed_where_the_windows_is_not_known() -> None:
    plan = plan_of({"@cwa1.corp.contoso.com/uc_windows": ""})
    for slug in ("web-access-2003", "web-access-2008"):
        assert settings(plan, slug) == [("cwa1.corp.contoso.com", ("cwa1.corp.contoso.com",))]


def test_response_group_needs_iis_only_where_it_runs() -> None:
    without = {"uc_pools/pool1.corp.contoso.com/applications": [], "uc_features": ["im_presence"], "uc_clients": {}}
    assert not settings(plan_of(without), "response-group")


def test_products_without_documents_plan_nothing() -> None:
    plan = plan_of({}, "lync2010")
    assert (plan.virtual_directories, plan.iis_settings) == ((), ())
