# SPDX-License-Identifier: GPL-3.0-or-later
"""Zone files: whole ones, and the records of one without what is its servers'. Private to the collection."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

_MOST_IN_STRING = 255
# Types whose values end in the name of something.
_NAMING = ("CNAME", "MX", "PTR", "SRV")
FIRST_SERIAL, MOST_SERIAL = 1, 2**32 - 1
# How long secondaries wait before they look again, try again and give up, and how long others remember that a name is
# not there: common values of RFC 1912 and RFC 2308, where new names soon answer.
_TIMERS = "3600 600 1209600 900"
_SOA = re.compile(r"^(\S+ IN SOA \S+ \S+) (\d+) ", re.MULTILINE)


@dataclasses.dataclass(frozen=True)
class NameServer:
    """A server of a zone, or of a zone below it that is delegated to it."""

    name: str
    addresses: tuple[str, ...] = ()
    zone: str = ""


def render_records(zone: str, records: Iterable[dict[str, Any]]) -> str:
    """Lines of a zone file without SOA and NS, which belong to the server; names are absolute."""
    return "\n".join([f"; Records planned for {zone or 'zones that are not managed here'}", *_lines(records), ""])


def render_zone(
    zone: str, records: Sequence[dict[str, Any]], servers: Sequence[NameServer], serial: int, default_ttl: int
) -> str:
    """A whole zone, which holds nothing that is not planned. The first server is the primary."""
    first = next(server.name for server in servers if not server.zone)
    return "\n".join(
        [
            f"; The zone {zone} as planned, and nothing else: what others have in a zone of this name is not here.",
            "; Secondaries look at the serial number alone, the first of these: raise it with each change.",
            f"$TTL {default_ttl}",
            f"{zone}. IN SOA {_absolute(first)} hostmaster.{zone}. {serial} {_TIMERS}",
            *_servers(zone, servers, records),
            *_lines(records),
            "",
        ]
    )


def counted(text: str, there: str) -> str:
    """A zone file made here, with a serial number that goes on from the file that is there, where anything differs."""
    old, least = _SOA.search(there), _SOA.search(text)
    if not old or not least:
        return text
    serial = int(old.group(2))
    if int(least.group(2)) <= serial and _with_serial(text, serial) == there:
        return there
    return _with_serial(text, max(int(least.group(2)), serial % MOST_SERIAL + 1))


def _with_serial(text: str, serial: int) -> str:
    return _SOA.sub(rf"\g<1> {serial} ", text, count=1)


def without_address(zone: str, servers: Sequence[NameServer], records: Iterable[dict[str, Any]]) -> list[str]:
    """Name servers that nobody finds: their names are in the zone, which has no address for them."""
    known = _with_address(records) | {_key(server.name) for server in servers if server.addresses}
    named = dict.fromkeys(_key(server.name) for server in servers)
    return [name for name in named if _is_within(name, zone) and name not in known]


def _servers(zone: str, servers: Sequence[NameServer], records: Iterable[dict[str, Any]]) -> Iterator[str]:
    """NS of the zone and of those below it, and addresses of servers whose names only this zone can tell."""
    for server in servers:
        yield f"{_absolute(server.zone or zone)} IN NS {_absolute(server.name)}"
    told = _with_address(records)
    for server in servers:
        name = _key(server.name)
        if name in told or not _is_within(name, zone):
            continue
        told.add(name)
        for address in server.addresses:
            yield f"{name}. IN {'AAAA' if ':' in address else 'A'} {address}"


def _with_address(records: Iterable[dict[str, Any]]) -> set[str]:
    return {_key(record["name"]) for record in records if record["type"] in ("A", "AAAA")}


def _is_within(name: str, zone: str) -> bool:
    return f".{name}".endswith(f".{_key(zone)}")


def _key(name: str) -> str:
    return name.rstrip(".").lower()


def _lines(records: Iterable[dict[str, Any]]) -> Iterator[str]:
    for record in sorted(records, key=lambda item: (sort_key(item["name"]), item["type"])):
        ttl = record.get("ttl")
        start = f"{_absolute(record['name'])} {'' if ttl is None else f'{ttl} '}IN {record['type']}"
        yield from (f"{start} {_written(record['type'], value)}" for value in record["values"])


def whole_value(kind: str, value: str) -> str:
    """The value with the dot that keeps a name at its end from being read as one below the zone."""
    return _absolute(value) if kind in _NAMING else value


def _absolute(name: str) -> str:
    return name if name.endswith(".") else f"{name}."


def _written(kind: str, value: str) -> str:
    """The value as a zone file has it: text that is not quoted yet is, in strings as long as they may be."""
    if kind != "TXT" or value.startswith('"'):
        return whole_value(kind, value)
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
