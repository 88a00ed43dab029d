# SPDX-License-Identifier: GPL-3.0-or-later
"""Zone file text of record sets. Private to the collection."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def render_zone(zone: str, records: Iterable[dict[str, Any]]) -> str:
    """Lines of a zone file without SOA and NS, which belong to the server; names are absolute."""
    lines = [f"; Records planned for {zone or 'zones that are not managed here'}"]
    for record in sorted(records, key=lambda item: (sort_key(item["name"]), item["type"])):
        start = f"{record['name']}. {record['ttl']} IN {record['type']}"
        lines.extend(f"{start} {value}" for value in record["values"])
    return "\n".join(lines) + "\n"


def sort_key(name: str) -> list[str]:
    """Names in the order of the tree, so that a domain comes before what is below it."""
    return list(reversed(name.lower().split(".")))
