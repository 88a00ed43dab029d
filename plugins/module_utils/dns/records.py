# SPDX-License-Identifier: GPL-3.0-or-later
"""Records as options of a task and as record sets, and back. Private to the collection."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..items import problems_of
from ..specs import DNS_RECORD
from . import names, rdata
from .transfer import SIGNING, Key, Live, RRset, ordered

MOST_TTL = 2**31 - 1


@dataclasses.dataclass(frozen=True)
class Wanted:
    """A record set as it is wanted. Without a time to live any is right, and a new one gets the default."""

    ttl: int | None
    values: tuple[bytes, ...]
    index: int
    why: str = ""


def decode(zone: str, items: Any) -> tuple[dict[Key, Wanted], list[str]]:
    """The wanted record sets, and everything that is wrong with them."""
    problems: list[str] = []
    try:
        apex = names.from_text(zone)
    except names.BadNameError as error:
        return {}, [f"zone: {error}"]
    if isinstance(items, Sequence) and not isinstance(items, str):
        items = [_given(item) for item in items]
    problems = problems_of("records", items, DNS_RECORD)
    if problems:
        return {}, problems
    replaced = {item["replaces"] for item in items if item.get("replaces")}
    found: dict[Key, Wanted] = {}
    for index, item in enumerate(items):
        if item.get("id") in replaced:
            continue
        where = f"records[{index}]"
        try:
            key, wanted = _record(apex, zone, index, item)
        except (names.BadNameError, rdata.BadValueError) as error:
            problems.append(f"{where}: {item['name']} {item['type']}: {error}")
            continue
        first = found.setdefault(key, wanted)
        if first is not wanted:
            problems.append(
                f"{where}: {item['name']} {item['type']} stands in records[{first.index}] already; "
                "write all values of a name and type in one record"
            )
    return found, problems + _beside_aliases(found)


def _given(item: Any) -> Any:
    """Without what is null, which is the same as not there."""
    if isinstance(item, Mapping) and None in item.values():
        return {key: value for key, value in item.items() if value is not None}
    return item


def _record(apex: bytes, zone: str, index: int, item: Mapping[str, Any]) -> tuple[Key, Wanted]:
    name = names.from_text(item["name"])
    if not names.within(name, apex):
        given = str(item["name"]).rstrip(".")
        relative = "." not in given or given.rpartition(".")[2].startswith("_")
        hint = f"; did you mean {given}.{zone}?" if relative else ""
        raise names.BadNameError(f"is not in the zone {zone}; names are whole ones{hint}")
    kind = rdata.TYPES[item["type"]]
    values = item["values"]
    if not values:
        raise rdata.BadValueError("values is empty; leave the record out to have none")
    if kind == rdata.CNAME and len(values) > 1:
        raise rdata.BadValueError(f"an alias has one target, got {len(values)}")
    if kind == rdata.CNAME and name == apex:
        raise rdata.BadValueError("the zone's own name cannot be an alias; write A records")
    ttl = item.get("ttl")
    if ttl is not None and not 0 <= ttl <= MOST_TTL:
        raise rdata.BadValueError(f"ttl: expected 0 to {MOST_TTL}, got {ttl}")
    wires = ordered([rdata.from_text(kind, value) for value in values])
    return (name, kind), Wanted(ttl, wires, index, ", ".join(item.get("why", ())))


def _beside_aliases(found: Mapping[Key, Wanted]) -> list[str]:
    aliases = {name: wanted for (name, kind), wanted in found.items() if kind == rdata.CNAME}
    return [
        f"records[{aliases[name].index}]: {names.to_text(name)} CNAME: an alias allows nothing beside it, "
        f"but records[{wanted.index}] is {rdata.type_text(kind)} of the same name; keep one of them"
        for (name, kind), wanted in found.items()
        if name in aliases and kind != rdata.CNAME
    ]


def key_text(key: Key) -> str:
    return f"{names.to_text(key[0])} {rdata.type_text(key[1])}"


def set_text(key: Key, rrset: RRset | None) -> str:
    """A record set on one line; empty for none."""
    if rrset is None:
        return ""
    return f"{rrset[0]} " + ", ".join(rdata.to_text(key[1], value) for value in rrset[1])


def item_of(key: Key, rrset: RRset) -> dict[str, Any]:
    """A record set as an option of a task."""
    return {
        "name": names.to_text(key[0]),
        "type": rdata.type_text(key[1]),
        "ttl": rrset[0],
        "values": [rdata.to_text(key[1], value) for value in rrset[1]],
    }


def set_of(item: Mapping[str, Any]) -> tuple[Key, RRset]:
    """The reverse of `item_of`."""
    kind = rdata.TYPES[item["type"]]
    values = ordered([rdata.from_text(kind, value) for value in item["values"]])
    return (names.from_text(item["name"]), kind), (item["ttl"], values)


def is_servers(key: Key, zone: bytes) -> bool:
    """True for what belongs to the server: the zone's SOA and NS, and what signs it."""
    return key[1] in SIGNING or (key[0] == zone and key[1] in (rdata.SOA, rdata.NS))


def writable(live: Live) -> Iterable[tuple[Key, RRset]]:
    """The record sets of a zone that a task could have asked for, in order of the tree."""
    listed = [key for key in live.records if key[1] in rdata.TYPE_NAMES and key[1] != rdata.NS]
    return ((key, live.records[key]) for key in sorted(listed, key=tree_order))


def tree_order(key: Key) -> tuple[list[str], int]:
    return names.to_text(key[0]).split(".")[::-1], key[1]
