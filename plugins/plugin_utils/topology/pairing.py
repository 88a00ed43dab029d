# SPDX-License-Identifier: GPL-3.0-or-later
"""Two load balancers that hold the same addresses in turn: the one that clusters name, and the one that stands in."""

from __future__ import annotations

import dataclasses

from .balancing import given_balancer
from .inputs.network import Address
from .model import Server, Topology

# What is in an address of its own stays the same while other pairs come and go.
_LAST_BYTE = 256
_MOST_ROUTERS = 255


@dataclasses.dataclass(frozen=True, slots=True)
class Half:
    """One of the two, with its own address towards the other."""

    name: str
    card: str
    address: Address


@dataclasses.dataclass(frozen=True, slots=True)
class BalancerPair:
    """Both, in a network in which they hear of each other; `virtual_router` tells them from other pairs there."""

    first: Half
    second: Half
    network: str
    virtual_router: int


def stand_ins(topology: Topology, name: str) -> tuple[Server, ...]:
    """Balancers that are to stand in for a balancer."""
    return topology.once("stand-ins by first", lambda: _by_first(topology)).get(name, ())


def _by_first(topology: Topology) -> dict[str, tuple[Server, ...]]:
    found: dict[str, tuple[Server, ...]] = {}
    for balancer in topology.of_type("load_balancer"):
        first = given_balancer(topology, balancer.name).stands_in_for
        if first:
            found[first] = (*found.get(first, ()), balancer)
    return found


def pair_of(topology: Topology, name: str) -> BalancerPair | None:
    """The pair whose first is that balancer; software alone is set up so, appliances have ways of their own."""
    second = next(iter(stand_ins(topology, name)), None) if name else None
    if second is None or second.name == name or given_balancer(topology, name).kind != "software":
        return None
    others = _places(topology, second.name)
    for network, (card, address) in _places(topology, name).items():
        if network in others:
            router = given_balancer(topology, name).virtual_router or int(address) % _LAST_BYTE or _MOST_ROUTERS
            return BalancerPair(Half(name, card, address), Half(second.name, *others[network]), network, router)
    return None


def _places(topology: Topology, name: str) -> dict[str, tuple[str, Address]]:
    """Networks of a balancer's cards in which it has an address of its own: the card and the address."""
    server = topology.servers[name]
    cards = {network: card for card, network in given_balancer(topology, name).interfaces.items()}
    found: dict[str, tuple[str, Address]] = {}
    for interface in server.given.addresses.given():
        address = server.address(interface)
        network = topology.networks.locate(address) if address else None
        if address and network in cards:
            found.setdefault(network or "", (cards[network or ""], address))
    return found
