# SPDX-License-Identifier: GPL-3.0-or-later
"""Perimeter addresses that firewalls protect: what crosses a firewall to or from one of them is denied by default."""

from __future__ import annotations

import collections
import typing as t

from ..catalogue.facts import ServerTypeFact
from ..topology.balancing import vips_of
from ..topology.inputs.network import Address
from ..topology.model import Topology
from ..topology.network_map import CORE
from .parties import EndpointSet

_PERIMETER: t.Final = "perimeter"
_NETWORK_PLANE: t.Final = "network"


def protected_addresses(topology: Topology, sets: t.Sequence[EndpointSet]) -> dict[str, tuple[str, ...]]:
    """For each firewall the perimeter addresses of servers, VIPs and balancers that it stands before.

    Hosts of the network, such as the DNS server of a whole perimeter, are not ours to close.
    """
    by_network: dict[str, dict[int, str]] = collections.defaultdict(dict)
    for address in _addresses(topology, sets):
        network = topology.networks.locate(address)
        if topology.networks.zone(network) == _PERIMETER:
            by_network[network][int(address)] = str(address)
    found: dict[str, dict[int, str]] = collections.defaultdict(dict)
    for network, addresses in by_network.items():
        for firewall in _before(topology, network):
            found[firewall].update(addresses)
    return {
        firewall: tuple(text for _number, text in sorted(addresses.items())) for firewall, addresses in found.items()
    }


def _addresses(topology: Topology, sets: t.Sequence[EndpointSet]) -> t.Iterator[Address]:
    ours = topology.once("planes of server types", lambda: _ours(topology))
    for server in topology.servers.values():
        if ours.intersection(server.types):
            yield from filter(None, map(server.address, server.given.addresses.given()))
    for cluster in topology.clusters.values():
        yield from vips_of(cluster).values()
    balancers = {server.name for server in topology.of_type("load_balancer")}
    for endpoints in sets:
        yield from (Address(member.address) for member in endpoints.members if member.host in balancers)


def _ours(topology: Topology) -> frozenset[str]:
    """Server types that are no part of the network itself."""
    facts = topology.catalogue.facts(ServerTypeFact)
    return frozenset(fact.id.partition(".")[2] for fact in facts if fact.plane != _NETWORK_PLANE)


def _before(topology: Topology, network: str) -> dict[str, None]:
    """Firewalls that stand in a network, or between it and the Internet or the inside, whichever comes first."""
    networks = topology.networks
    there = [name for name, interfaces in networks.firewalls.items() if network in interfaces.values()]
    ways = networks.between((network,), (*networks.internet(), CORE))
    near = [way.firewall for way in ways if networks.zone_of_interface(way.firewall, way.ingress) == _PERIMETER]
    return dict.fromkeys([*there, *near])
