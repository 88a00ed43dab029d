# SPDX-License-Identifier: GPL-3.0-or-later
"""Those files of `intended/` that are of the whole estate."""

from __future__ import annotations

import typing as t

from ..engine import Design
from ..findings import Finding
from ..findings import line as finding_line
from ..json_text import dump
from ..planning.plan import Plan
from ..planning.serial import to_json
from ..topology.model import Topology
from . import (
    checklist,
    flows,
    host_firewalls,
    ipsec,
    posters,
    probes,
    qos_guide,
    reverse_proxies,
    sections,
    zones,
)
from .tables import page

Renderer = t.Callable[[Topology, Plan], t.Iterable[tuple[str, str]]]

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


def files_of(design: Design) -> dict[str, str]:
    """Path and text of each; the design must have a plan."""
    plan = design.planned
    found = {"plan.json": to_json(plan, estate=design.topology.estate.title)}
    found["findings.json"] = dump(design.findings)
    found["findings.md"] = _findings_page(design.findings)
    for renderer in RENDERERS:
        found.update(renderer(design.topology, plan))
    return found


def _findings_page(findings: t.Sequence[Finding]) -> str:
    lines = [f"- {finding_line(finding)}" for finding in findings]
    return page("Findings", "What is wrong or risky about the inventory, worst first.", *(lines or ["None."])) + "\n"
