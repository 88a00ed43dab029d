# SPDX-License-Identifier: GPL-3.0-or-later
"""Zone files of the planned records per view, and hosts files where a view has no zone; as all stages leave them."""

from __future__ import annotations

import typing as t

from ...module_utils.zone_text import render_zone
from ..planning.base import Item
from ..planning.plan import Plan
from ..topology.model import Topology

Planned = t.TypeVar("Planned", bound=Item)


def render(_topology: Topology, plan: Plan) -> t.Iterator[tuple[str, str]]:
    """zones/<view>/<zone>.zone, to the letter what `state: rendered` returns for the zone's slice.

    Records of zones that the estate does not own stand in zones/<view>/unowned.zone, and those that a server of the
    perimeter must have in its hosts file in native/<server>.hosts.
    """
    by_zone: dict[tuple[str, str], list[dict[str, t.Any]]] = {}
    for record in _final(plan.records):
        entry = {"name": record.name, "type": record.type, "ttl": record.ttl, "values": list(record.values)}
        by_zone.setdefault((record.view, record.zone), []).append(entry)
    for (view, zone), records in sorted(by_zone.items()):
        yield f"zones/{view}/{zone or 'unowned'}.zone", render_zone(zone, records)
    yield from _hosts_files(plan)


def _hosts_files(plan: Plan) -> t.Iterator[tuple[str, str]]:
    by_host: dict[str, list[str]] = {}
    for entry in _final(plan.hosts_entries):
        by_host.setdefault(entry.host, []).extend(f"{address} {entry.name}" for address in entry.addresses)
    for host, lines in sorted(by_host.items()):
        head = f"# Names that {host} must resolve, and that no DNS server of the perimeter answers"
        yield f"native/{host}.hosts", "\n".join([head, *sorted(lines), ""])


def _final(items: t.Sequence[Planned]) -> t.Iterator[Planned]:
    """Without what later stages replace."""
    replaced = {item.replaces for item in items}
    return (item for item in items if item.id not in replaced)
