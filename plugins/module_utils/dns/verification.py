# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether what was done is there, at the server and at its secondaries. Private to the collection."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

from . import names, rdata, transfer, wire
from .connection import Connection
from .errors import DnsError
from .jobs import AnyKey
from .planning import Change
from .records import Wanted, key_text, set_text
from .signing import Key as SigningKey
from .transfer import Key, Live

_HALF = 2**31


@dataclasses.dataclass(frozen=True)
class Standing:
    """How far another authoritative server is: current, behind, not_authoritative or unreachable."""

    server: str
    address: str
    standing: str
    serial: int | None = None
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.server} ({self.address})" if self.address else self.server


def differences(changes: Iterable[Change], live: Live) -> list[str]:
    """Record sets that are not as they were left; the time to live counts too."""
    return [
        f"{key_text(change.key)}: expected {set_text(change.key, change.after) or 'none'}, "
        f"the server has {set_text(change.key, live.records.get(change.key)) or 'none'}"
        for change in changes
        if live.records.get(change.key) != change.after
    ]


def standings(
    servers: Sequence[tuple[str, str]], port: int, zone: bytes, serial: int, key: AnyKey | None, timeout: float
) -> list[Standing]:
    """Each authoritative server's serial number beside the primary's. A key agreed upon holds for one server only."""
    shared = key if isinstance(key, SigningKey) else None
    return [_standing(name, address, port, zone, serial, shared, timeout) for name, address in servers]


def _standing(
    name: str, address: str, port: int, zone: bytes, serial: int, key: SigningKey | None, timeout: float
) -> Standing:
    if not address:
        detail = "it was not asked, since neither the zone nor this server knows its address"
        return Standing(name, address, "unreachable", detail=detail)
    try:
        with Connection(address, port, key, timeout) as connection:
            theirs = transfer.serial(connection, zone)
    except DnsError as error:
        return Standing(name, address, "unreachable", detail=f"{error.what}. {error.remedy}")
    if theirs is None:
        return Standing(name, address, "not_authoritative", detail="it does not answer for the zone with authority")
    behind = theirs != serial and (serial - theirs) % 2**32 < _HALF
    detail = f"it has serial {theirs}, the primary {serial}; is it notified, and may it transfer?" if behind else ""
    return Standing(name, address, "behind" if behind else "current", theirs, detail)


def name_servers(connection: Connection, live: Live, primary: str) -> list[tuple[str, str]]:
    """The zone's name servers but the primary, as name and address: of the zone, or what its server knows of others.

    Without an address where neither knows one.
    """
    found = []
    targets = _values(connection, live, live.zone, rdata.NS)
    for target in [each for each in targets if names.to_text(each).lower() != primary]:
        addresses = [
            rdata.to_text(kind, value)
            for kind in (rdata.A, rdata.AAAA)
            for value in _values(connection, live, target, kind)
        ]
        found += [(names.to_text(target), address) for address in addresses or [""]]
    return found


def _values(connection: Connection, live: Live, name: bytes, kind: int) -> Sequence[bytes]:
    """From the zone as it was read; asked for where that does not hold the name."""
    if live.complete and names.within(name, live.zone):
        return live.records.get((name, kind), (0, ()))[1]
    try:
        message = connection.ask(wire.question(connection.number(), name, kind))
    except DnsError:
        return ()
    return [record[4] for record in message.answers if record[:2] == (name, kind)]


def broken_chains(want: Mapping[Key, Wanted], zones: Mapping[bytes, Live]) -> list[str]:
    """Wanted SRV records and aliases whose targets are names of these zones of a view, and have no address there."""
    found = []
    for key, wanted in want.items():
        if key[1] not in (rdata.SRV, rdata.CNAME):
            continue
        for value in wanted.values:
            target = value[6:] if key[1] == rdata.SRV else value
            if not _leads_to_address(target, zones):
                zone = names.to_text(_zone_of(target, zones) or b"")
                found.append(f"{key_text(key)}: {names.to_text(target)} has no address in the zone {zone}")
    return found


def _zone_of(name: bytes, zones: Mapping[bytes, Live]) -> bytes | None:
    """The zone that holds a name: the nearest above it."""
    return max((zone for zone in zones if names.within(name, zone)), key=len, default=None)


def _leads_to_address(name: bytes, zones: Mapping[bytes, Live], depth: int = 8) -> bool:
    """True also where it cannot be known: outside these zones, or where a zone was not read as a whole."""
    apex = _zone_of(name, zones)
    if apex is None or not zones[apex].complete:
        return True
    held = zones[apex].records
    for candidate in [name, *(b"\1*" + parent for parent in names.parents(name, apex))]:
        if (candidate, rdata.A) in held or (candidate, rdata.AAAA) in held:
            return True
        alias = held.get((candidate, rdata.CNAME))
        if alias and depth:
            return _leads_to_address(alias[1][0], zones, depth - 1)
        if any((parent, rdata.NS) in held for parent in names.parents(candidate, apex) if parent != apex):
            return True
    return False
