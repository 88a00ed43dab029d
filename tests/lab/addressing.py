# SPDX-License-Identifier: GPL-3.0-or-later
"""Free addresses of networks, and the network that the lab is managed over."""

from __future__ import annotations

import ipaddress
import typing as t

from .errors import LabError

Address = ipaddress.IPv4Address
Network = ipaddress.IPv4Network

MANAGEMENT: t.Final = "mgmt"
DEFAULT_MANAGEMENT = Network("172.31.0.0/16")
WIDEST, NARROWEST = 16, 24
# The controller and the machine itself.
EXTRA = 2


class Pool:
    """The addresses of a network that nobody has yet."""

    def __init__(self, network: Network, taken: t.Iterable[Address]) -> None:
        self.network = network
        self.taken = set(taken)

    def claim(self, address: Address) -> bool:
        """Take an address; false when somebody has it."""
        if address in self.taken:
            return False
        self.taken.add(address)
        return True

    def first(self) -> Address:
        return self._next(range(1, self.network.num_addresses - 1))

    def last(self) -> Address:
        return self._next(range(self.network.num_addresses - 2, 0, -1))

    def _next(self, offsets: t.Iterable[int]) -> Address:
        found = next((a for a in (self.network[offset] for offset in offsets) if self.claim(a)), None)
        if found is None:
            raise LabError(f"{self.network}: the inventory uses every address, so the lab finds none for its routers.")
        return found


def management_network(addresses: t.Mapping[str, Address], hosts: int) -> Network:
    """The smallest network, of 254 hosts or more, that holds the addresses that Ansible connects to."""
    prefix = min(NARROWEST, 32 - (hosts + EXTRA + 1).bit_length())
    if not addresses:
        return next(DEFAULT_MANAGEMENT.subnets(new_prefix=max(prefix, WIDEST)))
    low, high = min(addresses.values()), max(addresses.values())
    for length in range(prefix, WIDEST - 1, -1):
        network = Network((low, length), strict=False)
        if high in network:
            return network
    raise LabError(
        f"ansible_host: {low} and {high} lie too far apart for one management network (/{WIDEST} at most). "
        "The lab needs them in one network, or left out."
    )
