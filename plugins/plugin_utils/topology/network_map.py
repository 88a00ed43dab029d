# SPDX-License-Identifier: GPL-3.0-or-later
"""Which network an address lies in, and which firewalls lie between two networks."""

from __future__ import annotations

import collections
import dataclasses
import typing as t

from .inputs.network import Address, NetworkInput

# Routers join all internal networks, and the Internet joins all outside ones; neither is a host of the inventory.
_CORE = "(internal routing)"
_WORLD = "(internet)"


@dataclasses.dataclass(frozen=True, slots=True)
class Crossing:
    """A packet's way through one firewall."""

    firewall: str
    ingress: str
    egress: str


class NetworkMap:
    """Networks by address, and the graph that firewalls make of them."""

    def __init__(self, networks: t.Mapping[str, NetworkInput], firewalls: t.Mapping[str, t.Mapping[str, str]]) -> None:
        self.networks = networks
        self.firewalls = firewalls
        self._by_prefix: dict[int, dict[int, str]] = {}
        for name, network in networks.items():
            prefix = network.cidr.prefixlen
            self._by_prefix.setdefault(prefix, {})[int(network.cidr.network_address)] = name
        self._prefixes = sorted(self._by_prefix, reverse=True)
        self._links = self._graph()
        self._paths: dict[tuple[str, str], tuple[Crossing, ...] | None] = {}

    def locate(self, address: Address) -> str:
        """Name of the smallest network that holds the address, or nothing."""
        number = int(address)
        for prefix in self._prefixes:
            found = self._by_prefix[prefix].get(number >> (32 - prefix) << (32 - prefix) if prefix else 0)
            if found is not None:
                return found
        return ""

    def zone(self, network: str) -> str:
        found = self.networks.get(network)
        return found.zone if found else ""

    def internet(self) -> tuple[str, ...]:
        """Networks that stand for the Internet."""
        return tuple(name for name, network in self.networks.items() if network.zone == "internet")

    def path(self, source: str, destination: str) -> tuple[Crossing, ...] | None:
        """Firewalls on the shortest way between two networks; None when no way is known.

        Firewalls side by side between the same networks are all named, since a packet may take either.
        """
        key = (source, destination)
        if key not in self._paths:
            self._paths[key] = self._search(source, destination)
        return self._paths[key]

    def _graph(self) -> dict[str, dict[str, list[Crossing]]]:
        links: dict[str, dict[str, list[Crossing]]] = collections.defaultdict(lambda: collections.defaultdict(list))
        for name, network in self.networks.items():
            hub = {"internal": _CORE, "internet": _WORLD}.get(network.zone)
            if hub:
                links[name].setdefault(hub, [])
                links[hub].setdefault(name, [])
        for firewall, interfaces in self.firewalls.items():
            sides = list(interfaces.items())
            for ingress, source in sides:
                for egress, destination in sides:
                    if ingress != egress:
                        links[source][destination].append(Crossing(firewall, ingress, egress))
        return links

    def _search(self, source: str, destination: str) -> tuple[Crossing, ...] | None:
        """Breadth first, where joining an internal network or the Internet costs nothing and a firewall costs one."""
        queue = collections.deque([source])
        best: dict[str, int] = {source: 0}
        found: dict[str, tuple[Crossing, ...]] = {source: ()}
        while queue:
            node = queue.popleft()
            for neighbour, crossings in self._links.get(node, {}).items():
                cost = best[node] + (1 if crossings else 0)
                if cost < best.get(neighbour, 1 << 30):
                    best[neighbour] = cost
                    found[neighbour] = (*found[node], *crossings)
                    (queue.append if crossings else queue.appendleft)(neighbour)
        return found.get(destination)
