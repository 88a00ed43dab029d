# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rule set does to one packet, and which rules make it do so. Private to the collection."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ..items import Field, item_problems
from .ruleset import PROTOCOLS, WITH_PORTS, Accept, Inwards, Outwards, Ruleset, Translated
from .spans import Names, address_span, address_text, holds

PACKET: Mapping[str, Field] = {
    "ingress": Field(str, required=True),
    "egress": Field(str, required=True),
    "protocol": Field(str, required=True, choices=PROTOCOLS),
    "source": Field(str, required=True),
    "source_port": Field(int),
    "destination": Field(str, required=True),
    "port": Field(int),
}
_LARGEST = 2**16 - 1


class Packet(NamedTuple):
    """The first packet of a connection, as it arrives. A port that is not said may be any."""

    ingress: str
    egress: str
    protocol: str
    source: int
    source_port: int | None
    destination: int
    port: int | None


class Explanation(NamedTuple):
    """What becomes of a packet, and the entries that accept it.

    A verdict is `accepted`, `refused`, `observed` (it would be refused) or `not guarded`.
    """

    verdict: str
    rules: Names
    reason: str
    destination: str
    source: str
    accepts: tuple[Accept, ...]


def packet_of(given: Mapping[str, Any]) -> tuple[Packet | None, list[str]]:
    """The packet that options describe, and their problems."""
    problems = item_problems("packet", given, PACKET)
    if problems:
        return None, problems
    ends: list[int] = []
    for key in ("source", "destination"):
        try:
            first, last = address_span(given[key])
        except ValueError:
            first, last = 0, 1
        if first != last:
            problems.append(f"packet.{key}: {given[key]!r} is no IPv4 address")
        ends.append(first)
    for key in ("source_port", "port"):
        port = given.get(key)
        if port is not None and not 0 < port <= _LARGEST:
            problems.append(f"packet.{key}: {port} is no port, which are 1 to {_LARGEST}")
        if port is not None and given["protocol"] not in WITH_PORTS:
            problems.append(f"packet.{key}: {given['protocol']} has no ports; leave it out")
    if problems:
        return None, problems
    ports = (given.get("source_port"), given.get("port"))
    return Packet(given["ingress"], given["egress"], given["protocol"], ends[0], ports[0], ends[1], ports[1]), []


def inwards_of(
    ruleset: Ruleset, interface: str, address: str, protocol: str, port: int | None
) -> tuple[Inwards, Translated] | None:
    """What translates the destination of a packet, as the table looks for it: one port, a range, all."""
    found = [
        (key, translated)
        for key, translated in ruleset.inwards.items()
        if key[:3] == (interface, address, protocol) and (port is None or holds(key.ports, port))
    ]
    return min(found, key=lambda each: each[0].ports[1] - each[0].ports[0], default=None)


def outwards_of(ruleset: Ruleset, interface: str, source: str, destination: str) -> Translated | None:
    """What translates the source of a packet: for its destination, or for all."""
    exact = ruleset.outwards.get(Outwards(interface, source, destination))
    return exact or ruleset.outwards.get(Outwards(interface, source, ""))


def explain(ruleset: Ruleset, packet: Packet) -> Explanation:
    """What happens to a packet that opens a connection."""
    sent_to = address_text((packet.destination, packet.destination))
    inwards = inwards_of(ruleset, packet.ingress, sent_to, packet.protocol, packet.port)
    arrives = address_span(inwards[1].address)[0] if inwards else packet.destination
    inside = packet._replace(destination=arrives)
    matching = dict(sorted(_accepting(ruleset, inside)))
    verdict, reason = _verdict(ruleset, inside, matching)
    names = tuple(dict.fromkeys(name for held in matching.values() for name in held))
    source, destination = address_text((packet.source, packet.source)), address_text((arrives, arrives))
    outwards = outwards_of(ruleset, packet.egress, source, destination)
    return Explanation(verdict, names, reason, destination, outwards.address if outwards else source, tuple(matching))


def _verdict(ruleset: Ruleset, packet: Packet, matching: Mapping[Accept, Names]) -> tuple[str, str]:
    way = (packet.ingress, packet.egress)
    if matching:
        return "accepted", "; ".join(map(str, matching))
    if way not in ruleset.guarded:
        return "not guarded", f"{' > '.join(way)} is none of the guarded ways, so our table lets it pass"
    ends = [address_text((number, number)) for number in (packet.source, packet.destination)]
    protected = [address for address in ends if address in ruleset.protected]
    if not protected:
        return "not guarded", f"neither {ends[0]} nor {ends[1]} is protected, so our table lets it pass"
    reason = f"no rule lets it through, and {' and '.join(protected)} gets planned traffic only"
    return ("refused" if ruleset.enforce == "enforce" else "observed"), reason


def _accepting(ruleset: Ruleset, packet: Packet) -> Iterator[tuple[Accept, Names]]:
    for accept, names in ruleset.accepts.items():
        if accept.way != (packet.ingress, packet.egress) or accept.protocol != packet.protocol:
            continue
        if not holds(accept.source, packet.source) or not holds(accept.destination, packet.destination):
            continue
        ports = ((accept.source_ports, packet.source_port), (accept.ports, packet.port))
        if all(port is None or holds(span, port) for span, port in ports):
            yield accept, names
