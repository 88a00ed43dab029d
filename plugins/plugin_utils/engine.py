# SPDX-License-Identifier: GPL-3.0-or-later
"""The one way in: an inventory becomes findings and, unless there are errors, a plan."""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from .findings import Finding, Violation, Waiver, word
from .memory import no_collection
from .planning.checks.registry import CHECKS as PLAN_CHECKS
from .planning.plan import Plan, build
from .topology.build import read
from .topology.checks.registry import CHECKS as TOPOLOGY_CHECKS
from .topology.inventory import RawInventory
from .topology.model import Topology


@dataclasses.dataclass(frozen=True, slots=True)
class Design:
    """What came of an inventory. There is no plan while there are errors."""

    topology: Topology
    findings: tuple[Finding, ...]
    plan: Plan | None

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.is_error)

    @property
    def planned(self) -> Plan:
        """The plan, for who knows that there are no errors."""
        if self.plan is None:
            raise ValueError("a design with errors has no plan")
        return self.plan


def design(inventory: RawInventory, today: datetime.date) -> Design:
    """Read, check and plan an inventory. `today` is used only where the inventory says no `uc_as_of`."""
    with no_collection():
        return _design(inventory, today)


def _design(inventory: RawInventory, today: datetime.date) -> Design:
    topology, found = read(inventory)
    topology = _dated(topology, today)
    for check in TOPOLOGY_CHECKS:
        found.extend(check(topology))
    findings = _worded(topology, found, inventory, today)
    if any(finding.is_error for finding in findings):
        return Design(topology, findings, None)
    plan = build(topology)
    of_plan = [violation for check in PLAN_CHECKS for violation in check(topology, plan)]
    if of_plan:
        findings = _worded(topology, [*found, *of_plan], inventory, today)
    return Design(topology, findings, None if any(finding.is_error for finding in findings) else plan)


def _dated(topology: Topology, today: datetime.date) -> Topology:
    """The topology with the day its findings are judged on."""
    estate = dataclasses.replace(topology.estate, as_of=topology.estate.as_of or today)
    return dataclasses.replace(topology, estate=estate)


def _worded(
    topology: Topology, found: t.Sequence[Violation], inventory: RawInventory, today: datetime.date
) -> tuple[Finding, ...]:
    waivers = [Waiver(w.finding, w.reason, w.path, w.host, w.until) for w in topology.estate.waivers]
    return word(found, topology.catalogue, waivers, topology.estate.as_of or today, inventory.origin)
