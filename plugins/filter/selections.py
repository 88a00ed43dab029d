# Copyright: the OpenUC contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filters over a plan: the items of one kind that concern a host, a stage, a view or a firewall."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from ansible.errors import AnsibleFilterError

try:
    import jmespath
except ImportError:
    jmespath = None

Item = dict[str, t.Any]
Plan = Mapping[str, t.Any]
_NO_PLAN = "expected a plan with {kind}, as the filter openuc.ocs.plan or plan.json gives it"


def flows(plan: Plan, host: str = "", firewall: str = "", stage: str = "") -> list[Item]:
    """Flows that a host opens or listens to, that cross a firewall, that a stage first needs."""
    sets = {item["name"]: {member["host"] for member in item["members"]} for item in _items(plan, "sets")}
    return [
        item
        for item in _items(plan, "flows", stage)
        if (not host or host in sets[item["source"]] | sets[item["destination"]])
        and (not firewall or any(crossing["firewall"] == firewall for crossing in item["crossings"]))
    ]


def records(plan: Plan, view: str = "", zone: str = "", stage: str = "") -> list[Item]:
    """DNS records of a view or zone."""
    return [
        item
        for item in _items(plan, "records", stage)
        if (not view or item["view"] == view) and (not zone or item["zone"] == zone)
    ]


def services(plan: Plan, balancer: str = "", host: str = "", stage: str = "") -> list[Item]:
    """Balanced services of a balancer, or of which a host is a member."""
    return [
        item
        for item in _items(plan, "services", stage)
        if (not balancer or item["balancer"] == balancer) and (not host or host in item["members"])
    ]


def certificates(plan: Plan, host: str = "", stage: str = "") -> list[Item]:
    """Certificates that a host holds."""
    return [item for item in _items(plan, "certificates", stage) if not host or host in item["hosts"]]


def markings(plan: Plan, target: str = "", stage: str = "") -> list[Item]:
    """QoS settings of a host or a client population."""
    if not isinstance(plan, Mapping) or not isinstance(plan.get("qos"), Mapping):
        raise AnsibleFilterError(_NO_PLAN.format(kind="qos"))
    return [
        item
        for kind in plan["qos"]
        for item in _items(plan["qos"], kind, stage)
        if "target" in item and (not target or item["target"] == target)
    ]


def capacity(plan: Plan, subject: str = "", stage: str = "") -> list[Item]:
    """Figures of load against limit."""
    return [item for item in _items(plan, "capacity", stage) if not subject or item["subject"] == subject]


def query(plan: Plan, expression: str) -> t.Any:
    """Whatever a JMESPath expression finds in the plan."""
    if jmespath is None:
        raise AnsibleFilterError("the filter query needs the Python package jmespath on the controller")
    try:
        return jmespath.search(expression, plan)
    except jmespath.exceptions.JMESPathError as error:
        raise AnsibleFilterError(f"the JMESPath expression {expression!r} cannot be read: {error}") from error


def _items(plan: Plan, kind: str, stage: str = "") -> list[Item]:
    if not isinstance(plan, Mapping) or not isinstance(plan.get(kind), list):
        raise AnsibleFilterError(_NO_PLAN.format(kind=kind))
    return [item for item in plan[kind] if not stage or item["stage"] == stage]


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {
            "flows": flows,
            "records": records,
            "services": services,
            "certificates": certificates,
            "markings": markings,
            "capacity": capacity,
            "query": query,
        }
