# SPDX-License-Identifier: GPL-3.0-or-later
"""What a zone holds: by one transfer, or by asking for names where transfers are refused. Private to the collection."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

from . import names, rdata, wire
from .connection import Connection
from .errors import (
    BadSignatureError,
    ChangedError,
    DnsError,
    NotAuthoritativeError,
    RefusedError,
    TruncatedError,
    UnreachableError,
    of_code,
)

# Owner and type of a record set, its time to live and its values in order.
Key = tuple[bytes, int]
RRset = tuple[int, tuple[bytes, ...]]
# RRSIG, NSEC, DNSKEY, NSEC3, NSEC3PARAM, CDS, CDNSKEY, TYPE65534: made by the server that signs the zone.
SIGNING = frozenset((46, 47, 48, 50, 51, 59, 60, 65534))
# FORMERR and NOTIMP.
_KNOWS_NONE = (1, 4)


@dataclasses.dataclass
class Live:
    """A zone as its server has it. Incomplete when only some names were asked for; then `free` are those not in use."""

    zone: bytes
    soa: bytes
    records: dict[Key, RRset]
    complete: bool = True
    free: frozenset[bytes] = frozenset()
    why_incomplete: str = ""

    @property
    def serial(self) -> int:
        return wire.serial_of(self.soa)

    def is_free(self, name: bytes, used: frozenset[bytes]) -> bool:
        return name not in used if self.complete else name in self.free


def read(connection: Connection, zone: bytes, asked: Iterable[Key]) -> Live:
    """The zone. Where a transfer is refused, the record sets that are asked for."""
    try:
        return transfer(connection, zone)
    except RefusedError as refusal:
        connection.close()
        return query(connection, zone, sorted(set(asked)), refusal.what)


def transfer(connection: Connection, zone: bytes) -> Live:
    """The whole zone, by AXFR."""
    taken = _Transfer(zone)
    try:
        for message in connection.transfer(wire.question(connection.number(), zone, wire.AXFR)):
            if message.header.code:
                raise _refusal(message, connection)
            if not message.answers and not taken.soa:
                raise RefusedError("the server does no transfers (an empty answer to AXFR)", "Ask for names instead")
            taken.add(message.answers)
            if taken.ended or not message.answers:
                break
    except UnreachableError as error:
        if not taken.soa:
            raise
        what = f"the transfer was cut off after {taken.count} records: {error.what}"
        raise TruncatedError(what, error.remedy) from None
    if not taken.ended:
        raise TruncatedError(
            f"the transfer ended after {taken.count} records without the closing SOA", wire.REMEDY_BROKEN
        )
    connection.finish()
    return Live(zone, taken.soa, {key: (ttl, ordered(values)) for key, (ttl, values) in taken.records.items()})


class _Transfer:
    """Collects the records between the two SOA of a transfer."""

    def __init__(self, zone: bytes) -> None:
        self._zone = zone
        self.soa = b""
        self.ended = False
        self.count = 0
        self.records: dict[Key, tuple[int, list[bytes]]] = {}

    def add(self, answers: Sequence[wire.Record]) -> None:
        records = self.records
        for owner, kind, _class, ttl, value in answers:
            if kind == rdata.SOA:
                self._soa(owner, value)
                continue
            if not self.soa:
                raise TruncatedError("the transfer does not begin with the zone's SOA", wire.REMEDY_BROKEN)
            self.count += 1
            known = records.get((owner, kind))
            if known is None:
                records[owner, kind] = (ttl, [value])
            else:
                known[1].append(value)

    def _soa(self, owner: bytes, value: bytes) -> None:
        if owner != self._zone:
            raise TruncatedError("the transfer is of another zone", wire.REMEDY_BROKEN)
        if self.soa and value != self.soa:
            raise ChangedError("the zone changed while it was transferred", "Run again")
        self.ended = bool(self.soa)
        self.soa = value


def ordered(values: Sequence[bytes]) -> tuple[bytes, ...]:
    return (values[0],) if len(values) == 1 else tuple(sorted(set(values)))


def _refusal(message: wire.Message, connection: Connection) -> DnsError:
    error = of_code(message.header.code, "a transfer (AXFR)", connection.key_name)
    # Of servers that know no transfers some say that they do not understand the question.
    return RefusedError(error.what, error.remedy) if message.header.code in _KNOWS_NONE else error


def query(connection: Connection, zone: bytes, asked: Sequence[Key], why: str) -> Live:
    """Record sets by name and type, and which names are not in use."""
    soa = _soa(connection, zone)
    wanted = {name for name, _kind in asked}
    requests = {}
    for name, kind in asked:
        requests[wire.question(connection.number(), name, kind)] = (name, kind)
    records: dict[Key, RRset] = {}
    free = set()
    for request, message in connection.ask_all(list(requests)):
        name, kind = requests[request]
        if message.header.code == 3:
            free.add(name)
        elif message.header.code:
            raise of_code(message.header.code, f"a query for {names.to_text(name)}", connection.key_name)
        # An alias, which stands in the way of every other type, is the answer to a question for any.
        for each in sorted({kind, rdata.CNAME}):
            found = [record for record in message.answers if record[0] == name and record[1] == each]
            if found:
                records[name, each] = (found[0][3], ordered([record[4] for record in found]))
    live = Live(zone, soa, records, complete=False, free=frozenset(free), why_incomplete=why)
    return _without_wildcards(connection, live, wanted)


def _soa(connection: Connection, zone: bytes) -> bytes:
    message = connection.ask(wire.question(connection.number(), zone, rdata.SOA))
    if message.header.code:
        raise of_code(message.header.code, "a query for the zone's SOA", connection.key_name)
    for owner, kind, _class, _ttl, value in message.answers:
        if owner == zone and kind == rdata.SOA and message.header.authoritative:
            return value
    raise NotAuthoritativeError(
        "the server is not authoritative for the zone", "Name the zone's primary server, and the zone as that has it"
    )


def _without_wildcards(connection: Connection, live: Live, wanted: set[bytes]) -> Live:
    """Answers that a wildcard made are no records. An UPDATE of prerequisites alone tells whether a name is in use."""
    above = sorted({parent for name in wanted for parent in names.parents(name, live.zone)})
    requests = {wire.question(connection.number(), b"\1*" + name, rdata.A): b"\1*" + name for name in above}
    wildcards = {
        requests[request][2:]
        for request, message in connection.ask_all(list(requests))
        if not message.header.code and requests[request] not in wanted
    }
    doubtful = {
        name
        for name in wanted - live.free
        if name[:2] != b"\1*" and any(parent in wildcards for parent in names.parents(name, live.zone))
    }
    free = set(live.free)
    for name in sorted(doubtful):
        asking = wire.Writer(live.zone)
        asking.require(name, wire.ANY, wire.NONE)
        code = connection.ask(asking.wire(connection.number())).header.code
        if code == 0:
            free.add(name)
        elif code != 6:
            raise of_code(code, f"whether {names.to_text(name)} is in use", connection.key_name)
    live.records = {key: value for key, value in live.records.items() if key[0] not in free}
    live.free = frozenset(free)
    return live


def serial(connection: Connection, zone: bytes) -> int | None:
    """The serial number at an authoritative server; none when it is not one."""
    try:
        return wire.serial_of(_soa(connection, zone))
    except (NotAuthoritativeError, BadSignatureError):
        return None
