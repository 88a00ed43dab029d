# SPDX-License-Identifier: GPL-3.0-or-later
"""The network's side of QoS: which marks the estate's firewalls keep, set and clear."""

from __future__ import annotations

import collections
import dataclasses
import itertools
import typing as t

from ..topology.context import contexts
from ..topology.model import Topology
from .base import Stages
from .qos_facts import QosFact
from .qos_items import Marking, MediaRange, NetworkMark, QosPlan

Side = t.Literal["source", "destination"]
Action = t.Literal["set", "keep", "clear"]
CLEARED: t.Final = 0


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """Packets of one way through a firewall that are told by their ports."""

    firewall: str
    ingress: str
    egress: str
    protocol: str
    side: Side
    first: int
    last: int


@dataclasses.dataclass(frozen=True, slots=True)
class Asked:
    """What a range asks for at a place: a mark, or with none that packets keep theirs."""

    place: Place
    dscp: int
    source: MediaRange


def plan_marks(topology: Topology, stages: Stages, qos: QosPlan) -> tuple[NetworkMark, ...]:
    """Marks of every way that packets of a zone take whose marks are not simply left alone."""
    rows = _rows(topology)
    if not rows or not topology.estate.qos.network:
        return ()
    stage = min((stages.of(fact, context) for fact, context in rows), key=stages.rank)
    why = tuple(dict.fromkeys(fact.id for fact, _context in rows))
    found: list[NetworkMark] = []
    for firewall, ingress, egress, action in _ways(topology):
        if action == "set":
            found += _by_ports(asked(topology, qos, firewall, ingress, egress), stage, why)
        found.append(_all_else(firewall, ingress, egress, stage, why))
    return tuple(found)


def asked(topology: Topology, qos: QosPlan, firewall: str, ingress: str, egress: str) -> list[Asked]:
    """What ranges ask for on a way: those in use behind where packets come in, and behind where they go out."""
    classes = {marking.medium: marking for marking in qos.markings}
    remote = {(policy.target, policy.first) for policy in qos.policies if policy.match == "destination"}
    found = []
    for item in qos.ranges:
        # The range of those that the target sends to, who are told by their own.
        if (item.target, item.first) in remote:
            continue
        sides: tuple[tuple[Side, str], ...] = (("source", ingress), ("destination", egress))
        for side, interface in sides:
            if _is_behind(topology, item.target, firewall, interface):
                for protocol in ("tcp", "udp") if item.protocol == "both" else (item.protocol,):
                    place = Place(firewall, ingress, egress, protocol, side, item.first, item.last)
                    found.append(Asked(place, _dscp(classes.get(item.medium)), item))
    return found


def contradictions(topology: Topology, qos: QosPlan) -> t.Iterator[tuple[Asked, Asked]]:
    """Two ranges that overlap on a way, and whose packets would get different marks; a pair for each way."""
    for firewall, ingress, egress, action in _ways(topology):
        listed = asked(topology, qos, firewall, ingress, egress) if action == "set" else []
        distinct = {(one.place, one.dscp): one for one in listed}.values()
        pairs = itertools.combinations(distinct, 2)
        found = next(((one, other) for one, other in pairs if one.dscp != other.dscp and _overlap(one, other)), None)
        if found:
            yield found


def _overlap(one: Asked, other: Asked) -> bool:
    same = (one.place.protocol, one.place.side) == (other.place.protocol, other.place.side)
    return same and one.place.first <= other.place.last and other.place.first <= one.place.last


def _rows(topology: Topology) -> list[tuple[QosFact, t.Any]]:
    if not topology.estate.qos.enabled:
        return []
    return [
        (fact, context)
        for product, catalogue in topology.catalogues.items()
        for fact in catalogue.facts(QosFact)
        if fact.network
        for context in contexts(topology, product, fact.per, fact.role)
    ]


def _ways(topology: Topology) -> t.Iterator[tuple[str, str, str, str]]:
    """Interfaces of each firewall, two by two, with what is done to packets that come in by the first."""
    given = topology.estate.qos.network
    for firewall, interfaces in sorted(topology.networks.firewalls.items()):
        for ingress in sorted(interfaces):
            zone = topology.networks.zone_of_interface(firewall, ingress)
            action = {str(name): said for name, said in given.items()}.get(zone, "trust")
            if action != "trust":
                yield from ((firewall, ingress, egress, action) for egress in sorted(interfaces) if egress != ingress)


def _is_behind(topology: Topology, target: str, firewall: str, interface: str) -> bool:
    """Whether a server or population stands in the network of an interface, or in what routers join with it."""
    networks = topology.networks
    there = networks.firewalls[firewall].get(interface, "")
    attached = set(networks.firewalls[firewall].values())
    return any(
        own == there or (own not in attached and networks.segment(own) == networks.segment(there))
        for own in _networks_of(topology, target)
    )


def _networks_of(topology: Topology, target: str) -> tuple[str, ...]:
    if target in topology.estate.clients:
        return (topology.estate.clients[target].network,)
    server = topology.servers.get(target)
    if server is None:
        return ()
    addresses = filter(None, map(server.address, server.given.addresses.given()))
    return tuple(dict.fromkeys(filter(None, map(topology.networks.locate, addresses))))


def _dscp(marking: Marking | None) -> int:
    """The mark of a medium; none where ports tell no medium, or where it is left to Windows."""
    return marking.dscp if marking else CLEARED


def _by_ports(listed: t.Iterable[Asked], stage: str, why: tuple[str, ...]) -> t.Iterator[NetworkMark]:
    """One entry for all ranges that are alike."""
    groups: dict[tuple[Place, int], list[MediaRange]] = collections.defaultdict(list)
    for one in listed:
        groups[one.place, one.dscp].append(one.source)
    for (place, dscp), sources in groups.items():
        ports = str(place.first) if place.first == place.last else f"{place.first}-{place.last}"
        media = tuple(dict.fromkeys(source.medium for source in sources))
        action: Action = "set" if dscp else "keep"
        yield NetworkMark(
            id=f"mark@{place.firewall}:{place.ingress}-to-{place.egress}:{place.side}:{ports}/{place.protocol}",
            stage=stage,
            why=tuple(dict.fromkeys([*why, *(row for source in sources for row in source.why)])),
            firewall=place.firewall,
            ingress=place.ingress,
            egress=place.egress,
            protocol=place.protocol,
            side=place.side,
            ports=ports,
            action=action,
            dscp=dscp,
            media=media,
        )


def _all_else(firewall: str, ingress: str, egress: str, stage: str, why: tuple[str, ...]) -> NetworkMark:
    return NetworkMark(
        id=f"mark@{firewall}:{ingress}-to-{egress}:all-else",
        stage=stage,
        why=why,
        firewall=firewall,
        ingress=ingress,
        egress=egress,
        protocol="",
        side="",
        ports="",
        action="clear",
        dscp=CLEARED,
        media=(),
    )
