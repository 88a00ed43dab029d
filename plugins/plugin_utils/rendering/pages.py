# SPDX-License-Identifier: GPL-3.0-or-later
"""All files of `intended/`, made from a design."""

from __future__ import annotations

import typing as t

from ..engine import Design
from ..findings import Finding
from ..findings import line as finding_line
from ..json_text import dump
from ..planning.plan import Plan
from ..planning.serial import to_json
from ..planning.slices import Slice, slices_of
from ..topology.model import Topology
from . import (
    balancers,
    checklist,
    firewalls,
    flows,
    host_firewalls,
    ipsec,
    posters,
    probes,
    proofs,
    qos_guide,
    reverse_proxies,
    sections,
    slices,
    zones,
)
from .tables import page

Files = t.Iterable[tuple[str, str]]
Renderer = t.Callable[[Topology, Plan], Files]
SliceRenderer = t.Callable[[Topology, Plan, t.Sequence[Slice]], Files]

RENDERERS: tuple[Renderer, ...] = (
    sections.render,
    flows.render,
    checklist.render,
    zones.render,
    posters.render,
    probes.render,
    ipsec.render,
    host_firewalls.render,
    qos_guide.render,
    reverse_proxies.render,
)
# What says the same as the slices in other words.
OF_SLICES: tuple[SliceRenderer, ...] = (slices.render, balancers.render, firewalls.render, proofs.render)


def files_of(design: Design) -> dict[str, str]:
    """Path and text of every planned file; the design must have a plan."""
    return {**pages_of(design), **files_of_targets(design)}


def pages_of(design: Design) -> dict[str, str]:
    """Those of the whole estate."""
    plan = _plan_of(design)
    found = {"plan.json": to_json(plan, estate=design.topology.estate.title)}
    found["findings.json"] = dump(design.findings)
    found["findings.md"] = _findings_page(design.findings)
    for renderer in RENDERERS:
        found.update(renderer(design.topology, plan))
    return found


def files_of_targets(design: Design) -> dict[str, str]:
    """The slices, and what says the same in other words."""
    plan = _plan_of(design)
    planned = slices_of(design.topology, plan)
    found: dict[str, str] = {}
    for renderer in OF_SLICES:
        found.update(renderer(design.topology, plan, planned))
    return found


def _plan_of(design: Design) -> Plan:
    if design.plan is None:
        raise ValueError("a design with errors has no plan")
    return design.plan


def _findings_page(findings: t.Sequence[Finding]) -> str:
    lines = [f"- {finding_line(finding)}" for finding in findings]
    return page("Findings", "What is wrong or risky about the inventory, worst first.", *(lines or ["None."])) + "\n"
