# SPDX-License-Identifier: GPL-3.0-or-later
"""Routes through balancers, for servers that see the addresses of their clients.

Where a balancer keeps the source, answers must come back through it, or the client gets them from an address that it
did not ask. So its servers call it their gateway, and it forwards what is not its own. Of two balancers that hold
addresses in turn, the gateway is the address that moves.
"""

from __future__ import annotations

import collections
import dataclasses
import ipaddress
import typing as t

from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.plan import Plan
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.model import Topology
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.pairing import pair_of

from .layout import Host, Layout
from .routing import Address, Route


def through_balancers(drawn: Layout, topology: Topology, plan: Plan) -> Layout:
    """The layout with the balancers of such services as gateways of their servers, network by network."""
    gateways: dict[str, dict[str, Address]] = collections.defaultdict(dict)
    balancers: set[str] = set()
    for service in plan.services:
        balancer = drawn.host(service.balancer) if service.nat == "dnat" else None
        if balancer is None:
            continue
        pair = pair_of(topology, service.balancer)
        balancers |= {pair.first.name, pair.second.name} if pair else {balancer.name}
        vip = ipaddress.IPv4Address(service.vip)
        for member, address in zip(service.members, service.addresses, strict=True):
            network = _network_of(drawn, ipaddress.IPv4Address(address))
            moves = pair and network == _network_of(drawn, vip)
            gateway = vip if moves else balancer.address_in(network)
            if gateway:
                gateways[member][network] = gateway
    hosts = (_changed(drawn, host, gateways.get(host.name, {}), host.name in balancers) for host in drawn.hosts)
    return dataclasses.replace(drawn, hosts=tuple(hosts))


def _changed(drawn: Layout, host: Host, gateways: t.Mapping[str, Address], forwards: bool) -> Host:
    routes = tuple(
        dataclasses.replace(route, gateway=gateways.get(_network_of(drawn, route.gateway), route.gateway))
        for route in host.routes
    )
    return dataclasses.replace(host, routes=_once(routes), forwards=host.forwards or forwards)


def _once(routes: t.Iterable[Route]) -> tuple[Route, ...]:
    return tuple(dict.fromkeys(routes))


def _network_of(drawn: Layout, address: Address) -> str:
    return next((name for name, cidr in drawn.networks.items() if address in cidr), "")
