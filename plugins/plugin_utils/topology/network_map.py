# SPDX-License-Identifier: GPL-3.0-or-later
"""Which network an address lies in, and which firewalls lie between two networks."""

from __future__ import annotations

import collections
import dataclasses
import itertools
import typing as t

from .inputs.network import Address, NetworkInput

# Routers join all internal networks, and the Internet joins all outside ones; neither is a host of the inventory.
CORE: t.Final = "(internal routing)"
INTERNET: t.Final = "(internet)"
_HUB = {"internal": CORE, "internet": INTERNET}
_ZONE = {CORE: "internal", INTERNET: "internet"}


@dataclasses.dataclass(frozen=True, slots=True)
class Crossing:
    """A packet's way through one firewall."""

    firewall: str
    ingress: str
    egress: str


Places = tuple[str, ...]
Steps = tuple[tuple[Crossing, ...], ...]
Way = tuple[Crossing, ...]


def _reversed(crossing: Crossing) -> Crossing:
    return Crossing(crossing.firewall, crossing.egress, crossing.ingress)


class NetworkMap:
    """Networks by address, and the graph that firewalls make of them.

    Networks that routers join without a firewall are one *segment*: all internal ones, and all of the Internet. A
    perimeter network is a segment of its own. Ways are searched between segments, so that their number stays small
    however many networks an inventory has.
    """

    def __init__(self, networks: t.Mapping[str, NetworkInput], firewalls: t.Mapping[str, t.Mapping[str, str]]) -> None:
        self.networks = networks
        self.firewalls = firewalls
        self._by_prefix: dict[int, dict[int, str]] = {}
        for name, network in networks.items():
            prefix = network.cidr.prefixlen
            self._by_prefix.setdefault(prefix, {})[int(network.cidr.network_address)] = name
        self._prefixes = sorted(self._by_prefix, reverse=True)
        self._segments = {name: _HUB.get(network.zone, name) for name, network in networks.items()}
        self._forks = frozenset(itertools.chain.from_iterable(map(self._forks_of, firewalls.values())))
        self._links = self._graph()
        self._searches: dict[str, _Search] = {}
        self._ways: dict[tuple[tuple[str, ...], tuple[str, ...]], Way] = {}

    def locate(self, address: Address) -> str:
        """Name of the smallest network that holds the address, or nothing."""
        number = int(address)
        for prefix in self._prefixes:
            found = self._by_prefix[prefix].get(number >> (32 - prefix) << (32 - prefix) if prefix else 0)
            if found is not None:
                return found
        return ""

    def zone(self, network: str) -> str:
        """Zone of a network or of a segment; nothing for a name that is neither."""
        found = self.networks.get(network)
        return found.zone if found else _ZONE.get(network, "")

    def internet(self) -> tuple[str, ...]:
        """Networks that stand for the Internet; the Internet as such where the inventory declares none."""
        return tuple(name for name, network in self.networks.items() if network.zone == "internet") or (INTERNET,)

    def segment(self, network: str) -> str:
        """What the network is part of as far as firewalls are concerned."""
        return self._segments.get(network, network)

    def ways_through(self, firewall: str) -> t.Iterator[tuple[str, str]]:
        """Interfaces of a firewall, two by two, that stand in different segments."""
        interfaces = self.firewalls.get(firewall, {})
        for ingress, egress in itertools.permutations(interfaces, 2):
            if self.segment(interfaces[ingress]) != self.segment(interfaces[egress]):
                yield ingress, egress

    def zone_of_interface(self, firewall: str, interface: str) -> str:
        return self.zone(self.firewalls.get(firewall, {}).get(interface, ""))

    def path(self, source: str, destination: str) -> Way | None:
        """Firewalls on the shortest way between two networks; None when no way is known.

        Firewalls side by side between the same segments are all named, since a packet may take either.
        """
        steps = self._steps_between(self.segment(source), self.segment(destination))
        if steps is None:
            return None
        refined = [list(step) for step in steps]
        if refined:
            refined[0] = self._preferring(refined[0], source, ingress=True)
            refined[-1] = self._preferring(refined[-1], destination, ingress=False)
        return tuple(crossing for step in refined for crossing in step)

    def between(self, sources: t.Iterable[str], destinations: t.Iterable[str]) -> Way:
        """Every firewall on a way from one of some networks to one of others."""
        return self.ways(self.places(sources), self.places(destinations))

    def ways(self, starts: Places, ends: Places) -> Way:
        """The same between places, for callers that ask for the same networks again and again."""
        key = (starts, ends)
        if key not in self._ways:
            found: dict[Crossing, None] = {}
            for start in starts:
                for end in ends:
                    if self.segment(start) != self.segment(end):
                        found.update(dict.fromkeys(self.path(start, end) or ()))
            self._ways[key] = tuple(found)
        return self._ways[key]

    def places(self, networks: t.Iterable[str]) -> Places:
        """The networks, where those of a segment count as one unless a firewall has several interfaces in it."""
        return tuple(
            dict.fromkeys(network if network in self._forks else self.segment(network) for network in networks)
        )

    def _steps_between(self, source: str, destination: str) -> Steps | None:
        """Steps from one segment to another. Those that begin at a hub are kept, and serve for the way back too."""
        if destination in _ZONE and source not in _ZONE:
            back = self._search_from(destination).to(source)
            return None if back is None else tuple(tuple(map(_reversed, step)) for step in reversed(back))
        return self._search_from(source).to(destination)

    def _forks_of(self, interfaces: t.Mapping[str, str]) -> t.Iterator[str]:
        """Networks of a firewall that has other interfaces in the same segment."""
        segments = collections.Counter(self.segment(network) for network in interfaces.values())
        return (network for network in interfaces.values() if segments[self.segment(network)] > 1)

    def _preferring(self, step: list[Crossing], network: str, ingress: bool) -> list[Crossing]:
        """Of a firewall that stands in the very network, only the interface there; of others, all they have."""

        def stands_there(crossing: Crossing) -> bool:
            side = crossing.ingress if ingress else crossing.egress
            return self.firewalls[crossing.firewall][side] == network

        exact = {crossing.firewall for crossing in step if stands_there(crossing)}
        return [crossing for crossing in step if crossing.firewall not in exact or stands_there(crossing)]

    def _graph(self) -> dict[str, dict[str, list[Crossing]]]:
        links: dict[str, dict[str, list[Crossing]]] = collections.defaultdict(dict)
        for firewall, interfaces in self.firewalls.items():
            for ingress, source in interfaces.items():
                for egress, destination in interfaces.items():
                    start, end = self.segment(source), self.segment(destination)
                    if start != end:
                        links[start].setdefault(end, []).append(Crossing(firewall, ingress, egress))
        return links

    def _search_from(self, source: str) -> _Search:
        if source not in self._searches:
            self._searches[source] = _Search(self._links, source)
        return self._searches[source]


class _Search:
    """Ways from a segment to others, breadth first, and no further than somebody has asked for."""

    def __init__(self, links: t.Mapping[str, t.Mapping[str, t.Sequence[Crossing]]], source: str) -> None:
        self._links = links
        self._found: dict[str, Steps] = {source: ()}
        self._queue = collections.deque([source])

    def to(self, destination: str) -> Steps | None:
        while destination not in self._found and self._queue:
            node = self._queue.popleft()
            for neighbour, crossings in self._links.get(node, {}).items():
                if neighbour not in self._found:
                    self._found[neighbour] = (*self._found[node], tuple(crossings))
                    self._queue.append(neighbour)
        return self._found.get(destination)
