# SPDX-License-Identifier: GPL-3.0-or-later
"""The slices of a plan as files."""

from __future__ import annotations

import typing as t

from ..json_text import dump
from ..planning.plan import Plan
from ..planning.slices import Slice
from ..topology.model import Topology


def render(_topology: Topology, _plan: Plan, slices: t.Sequence[Slice]) -> t.Iterator[tuple[str, str]]:
    """slices/<mechanism>/<target>.json"""
    for item in slices:
        yield f"slices/{item.mechanism}/{item.target}.json", dump(item.arguments)
