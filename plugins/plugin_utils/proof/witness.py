# SPDX-License-Identifier: GPL-3.0-or-later
"""A packet out of a box that tells people something: between hosts they know, where the box has such."""

from __future__ import annotations

import bisect
import collections
import ipaddress
import typing as t

from ..topology.network_map import NetworkMap
from .boxes import Box
from .model import Packet
from .policy import Key
from .spans import Spans, contains


class Witness:
    """Picks packets; `hosts` has the names of addresses."""

    def __init__(self, networks: NetworkMap, hosts: t.Mapping[str, str]) -> None:
        self._networks = networks
        self._hosts = {int(ipaddress.IPv4Address(address)): name for address, name in hosts.items()}
        self._by_segment: dict[str, list[int]] = collections.defaultdict(list)
        for number in sorted(self._hosts):
            self._by_segment[networks.segment(networks.locate(ipaddress.IPv4Address(number)))].append(number)
        self._all = sorted(self._hosts)

    def packet(self, firewall: str, key: Key, box: Box) -> Packet:
        """One packet of a box."""
        source = self._address(firewall, key.ingress, box.source)
        destination = self._address(firewall, key.egress, box.destination)
        return Packet(
            protocol=key.protocol,
            source=str(ipaddress.IPv4Address(source)),
            source_host=self._hosts.get(source, ""),
            source_port=_port(box.source_ports),
            destination=str(ipaddress.IPv4Address(destination)),
            destination_host=self._hosts.get(destination, ""),
            port=_port(box.ports),
        )

    def _address(self, firewall: str, interface: str, spans: Spans) -> int:
        """A known host's behind the interface, or any in a network there, or any known one, or just any."""
        network = self._networks.firewalls.get(firewall, {}).get(interface, "")
        segment = self._networks.segment(network)
        known = _first_in(self._by_segment.get(segment, []), spans)
        if known is not None:
            return known
        for name, given in self._networks.networks.items():
            if self._networks.segment(name) == segment and contains(
                spans, first := int(given.cidr.network_address) + 1
            ):
                return first
        known = _first_in(self._all, spans)
        return spans[0][0] if known is None else known


def _first_in(numbers: list[int], spans: Spans) -> int | None:
    for first, last in spans:
        index = bisect.bisect_left(numbers, first)
        if index < len(numbers) and numbers[index] <= last:
            return numbers[index]
    return None


def _port(spans: Spans) -> int:
    """The first, or where that is no port at all, the last of the same span."""
    first, last = spans[0]
    return first or last
