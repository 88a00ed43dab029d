# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures of the estate, of its roll-out, and of each workload: files that scale, and print to any size."""

from __future__ import annotations

import typing as t

from ..planning.plan import Plan
from ..topology.model import Topology
from .poster.estate import overview
from .poster.layout import drawn
from .poster.posters import posters_of
from .poster.shapes import Drawing
from .poster.stages import sequence
from .poster.svg import svg


def drawings(topology: Topology, plan: Plan) -> t.Iterator[tuple[str, Drawing]]:
    """Each picture with the name of its file."""
    yield "estate", overview(topology, plan)
    yield "stages", sequence(plan)
    for scene in posters_of(topology, plan):
        yield scene.slug, drawn(scene)


def render(topology: Topology, plan: Plan) -> t.Iterator[tuple[str, str]]:
    """posters/<name>.svg."""
    for name, drawing in drawings(topology, plan):
        yield f"posters/{name}.svg", svg(drawing)
