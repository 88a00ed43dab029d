# SPDX-License-Identifier: GPL-3.0-or-later
"""Zone files of the planned records, per view."""

from __future__ import annotations

import typing as t

from ...module_utils.zone_text import render_zone
from ..planning.plan import Plan
from ..topology.model import Topology


def render(_topology: Topology, plan: Plan) -> t.Iterator[tuple[str, str]]:
    """zones/<view>/<zone>.zone; records of zones that the estate does not own stand in zones/<view>/unowned.zone."""
    by_zone: dict[tuple[str, str], list[dict[str, t.Any]]] = {}
    for record in plan.records:
        entry = {"name": record.name, "type": record.type, "ttl": record.ttl, "values": list(record.values)}
        by_zone.setdefault((record.view, record.zone), []).append(entry)
    for (view, zone), records in sorted(by_zone.items()):
        yield f"zones/{view}/{zone or 'unowned'}.zone", render_zone(zone, records)
