# SPDX-License-Identifier: GPL-3.0-or-later
"""Routes of every host, from which router stands in which networks."""

from __future__ import annotations

import collections
import dataclasses
import ipaddress
import typing as t

Address = ipaddress.IPv4Address
Network = ipaddress.IPv4Network

EVERYWHERE: t.Final = Network("0.0.0.0/0")


@dataclasses.dataclass(frozen=True)
class Route:
    """A destination and who to send its packets to."""

    destination: Network
    gateway: Address


@dataclasses.dataclass(frozen=True)
class Map:
    """Networks, and the routers with the address that each has in each of its networks."""

    networks: t.Mapping[str, Network]
    internet: t.Collection[str]
    routers: t.Mapping[str, t.Mapping[str, Address]]

    def routes(
        self,
        host: str,
        stands_in: t.Collection[str],
        given: t.Sequence[Route] = (),
        translated: t.Mapping[Network, str] | None = None,
    ) -> tuple[Route, ...]:
        """Routes of a host: those given to it, a default route towards the Internet, and to all else that is in reach.

        `translated` are addresses that the Internet sends to the firewall before the network that each belongs to.
        """
        routes = {route.destination: route for route in given if self._is_near(route.gateway, stands_in)}
        hops = self._next_hops(host, stands_in)
        outside = not set(stands_in) & set(self.internet)
        if outside and EVERYWHERE not in routes:
            found = next((hops[network] for network in self.internet if network in hops), None)
            if found is not None:
                routes[EVERYWHERE] = Route(EVERYWHERE, found)
        wanted = {self.networks[name]: name for name in self.networks}
        wanted.update({} if outside else translated or {})
        default = routes.get(EVERYWHERE)
        for destination, network in wanted.items():
            hop = hops.get(network)
            if hop is not None and destination not in routes and (default is None or default.gateway != hop):
                routes[destination] = Route(destination, hop)
        return tuple(routes.values())

    def _is_near(self, gateway: Address, stands_in: t.Collection[str]) -> bool:
        return any(gateway in self.networks[name] for name in stands_in)

    def _next_hops(self, host: str, stands_in: t.Collection[str]) -> dict[str, Address]:
        """The first router on the shortest way to each network that the host does not stand in."""
        hops: dict[str, Address] = {}
        seen = set(stands_in)
        queue: collections.deque[tuple[str, Address | None]] = collections.deque((name, None) for name in stands_in)
        while queue:
            network, first = queue.popleft()
            for router, addresses in self.routers.items():
                if router == host or network not in addresses:
                    continue
                for beyond in addresses:
                    if beyond not in seen:
                        seen.add(beyond)
                        hops[beyond] = first or addresses[network]
                        queue.append((beyond, hops[beyond]))
        return hops
