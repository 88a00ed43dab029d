# SPDX-License-Identifier: GPL-3.0-or-later
"""Zone file text of record sets. Private to the collection."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

_MOST_IN_STRING = 255


def render_zone(zone: str, records: Iterable[dict[str, Any]]) -> str:
    """Lines of a zone file without SOA and NS, which belong to the server; names are absolute."""
    lines = [f"; Records planned for {zone or 'zones that are not managed here'}"]
    for record in sorted(records, key=lambda item: (sort_key(item["name"]), item["type"])):
        ttl = record.get("ttl")
        start = f"{record['name'].rstrip('.')}. {'' if ttl is None else f'{ttl} '}IN {record['type']}"
        lines.extend(f"{start} {_written(record['type'], value)}" for value in record["values"])
    return "\n".join(lines) + "\n"


def _written(kind: str, value: str) -> str:
    """The value as a zone file has it: text that is not quoted yet is, in strings as long as they may be."""
    if kind != "TXT" or value.startswith('"'):
        return value
    octets = value.encode()
    parts = [octets[start : start + _MOST_IN_STRING] for start in range(0, len(octets), _MOST_IN_STRING)] or [b""]
    return " ".join('"' + "".join(map(_quoted, part)) + '"' for part in parts)


def _quoted(code: int) -> str:
    if code in b'"\\':
        return f"\\{chr(code)}"
    return chr(code) if 0x20 <= code < 0x7F else f"\\{code:03d}"


def sort_key(name: str) -> list[str]:
    """Names in the order of the tree, so that a domain comes before what is below it."""
    return list(reversed(name.lower().split(".")))
