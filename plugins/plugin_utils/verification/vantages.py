# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts that live checks may look from, and as whom each of them may knock."""

from __future__ import annotations

import dataclasses
import ipaddress
import typing as t

from ..planning.parties import EndpointSet
from ..topology.access import may_connect
from ..topology.model import Server, Topology

INTERNET: t.Final = "internet"
PARTNERS: t.Final = "partners"


@dataclasses.dataclass(frozen=True, slots=True)
class Vantage:
    """A host that a probe can be started on, with its own addresses and the networks that they lie in."""

    host: str
    kind: str
    addresses: tuple[str, ...]
    networks: t.Mapping[str, str]  # network to the address in it
    stands_in: bool = False  # for those who are no hosts of the inventory

    def knocks_as(self, endpoints: EndpointSet) -> str | None:
        """The address it opens flows of this set from; None when it is none of those who do.

        Outsiders are told apart by what the inventory says the vantage is, since all of them have any address.
        """
        own = next((member.address for member in endpoints.members if member.host == self.host), None)
        if own or endpoints.members:
            return own
        party = endpoints.name.partition("@")[0].partition(".")[0]
        outside = {INTERNET: INTERNET, "partner": PARTNERS}.get(self.kind, "")
        if party in (INTERNET, PARTNERS) or outside:
            return self.addresses[0] if party == outside else None
        return next((self.networks[name] for name in endpoints.networks if name in self.networks), None)


def vantages_of(topology: Topology) -> tuple[Vantage, ...]:
    """All hosts that may be connected to and have an address to knock from, in the order of the inventory."""
    found = (_vantage(topology, server) for server in topology.servers.values() if may_connect(topology, server))
    return tuple(vantage for vantage in found if vantage.addresses)


def _vantage(topology: Topology, server: Server) -> Vantage:
    given = server.given.addresses
    addresses = [str(getattr(given, name)) for name in given.given()]
    addresses += [str(address) for address in (server.given.balancer.snat if server.given.balancer else ())]
    networks: dict[str, str] = {}
    for address in addresses:
        name = topology.networks.locate(ipaddress.IPv4Address(address))
        if name:
            networks.setdefault(name, address)
    if server.given.network and addresses:
        networks.setdefault(server.given.network, addresses[0])
    return Vantage(server.name, server.given.vantage, tuple(addresses), networks, "vantage" in server.types)
