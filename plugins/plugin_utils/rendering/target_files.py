# SPDX-License-Identifier: GPL-3.0-or-later
"""Those files of `intended/` that are of a target: the slices, and what says the same as they do in other words."""

from __future__ import annotations

import typing as t

from ..engine import Design
from ..planning.plan import Plan
from ..planning.slices import Slice, slices_of
from ..topology.model import Topology
from . import balancers, firewalls, proofs, slices

Renderer = t.Callable[[Topology, Plan, t.Sequence[Slice]], t.Iterable[tuple[str, str]]]

RENDERERS: tuple[Renderer, ...] = (slices.render, balancers.render, firewalls.render, proofs.render)


def files_of(design: Design) -> dict[str, str]:
    """Path and text of each; the design must have a plan."""
    plan = design.planned
    planned = slices_of(design.topology, plan)
    found: dict[str, str] = {}
    for renderer in RENDERERS:
        found.update(renderer(design.topology, plan, planned))
    return found
