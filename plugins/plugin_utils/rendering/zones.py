# SPDX-License-Identifier: GPL-3.0-or-later
"""Zone files of the planned records per view, and hosts files where a view has no zone; as all stages leave them."""

from __future__ import annotations

import typing as t

from ...module_utils.specs import DNS_RECORDS
from ...module_utils.zone_text import FIRST_SERIAL, NameServer, render_records, render_zone
from ..planning.base import lasting
from ..planning.plan import Plan
from ..planning.slices import zone_slices
from ..topology.model import Topology

Arguments = dict[str, t.Any]


def render(topology: Topology, plan: Plan) -> t.Iterator[tuple[str, str]]:
    """zones/<view>/<zone>.zone and .fragment, to the letter what `state: rendered` returns for the zone's slice.

    Records of zones that the estate does not own stand in zones/<view>/unowned.fragment, and those that a server of the
    perimeter must have in its hosts file in native/<server>.hosts.
    """
    for each in zone_slices(topology, plan):
        yield from _files(each.arguments)
    unowned: dict[str, list[Arguments]] = {}
    for record in lasting(plan.records):
        if not record.zone:
            entry = {"name": record.name, "type": record.type, "ttl": record.ttl, "values": list(record.values)}
            unowned.setdefault(record.view, []).append(entry)
    for view, records in sorted(unowned.items()):
        yield f"zones/{view}/unowned.fragment", render_records("", records)
    yield from _hosts_files(plan)


def _files(zone: Arguments) -> t.Iterator[tuple[str, str]]:
    name, path = zone["zone"], f"zones/{zone['view']}/{zone['zone']}"
    replaced = {record["replaces"] for record in zone["records"]}
    records = [record for record in zone["records"] if record["id"] not in replaced]
    given = zone["name_servers"]
    servers = [NameServer(each["name"], tuple(each["addresses"]), each.get("zone", "")) for each in given]
    yield f"{path}.zone", render_zone(name, records, servers, FIRST_SERIAL, DNS_RECORDS["default_ttl"]["default"])
    yield f"{path}.fragment", render_records(name, records)


def _hosts_files(plan: Plan) -> t.Iterator[tuple[str, str]]:
    by_host: dict[str, list[str]] = {}
    for entry in lasting(plan.hosts_entries):
        by_host.setdefault(entry.host, []).extend(f"{address} {entry.name}" for address in entry.addresses)
    for host, lines in sorted(by_host.items()):
        head = f"# Names that {host} must resolve, and that no DNS server of the perimeter answers"
        yield f"native/{host}.hosts", "\n".join([head, *sorted(lines), ""])
