# SPDX-License-Identifier: GPL-3.0-or-later
"""The picture of the example lab in docs/."""

from __future__ import annotations

from pathlib import Path

from tests.lab.estate import read
from tests.lab.layout import layout
from tests.lab.picture import draw
from tests.lab.svg import Drawing, svg

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "pictures" / "lab.svg"


def render(example: str = "lab") -> str:
    """The picture of the lab of an example inventory, as it should be."""
    return svg(drawing(example), title(example))


def drawing(example: str) -> Drawing:
    estate = read(ROOT / "inventories" / example)
    topology = estate.design.topology
    drawn = layout(topology, estate.connections, [host.name for host in estate.inventory.hosts])
    return draw(drawn, topology.networks.networks, title(example))


def title(example: str) -> str:
    return f"Networks of the lab of inventories/{example}"
