# SPDX-License-Identifier: GPL-3.0-or-later
"""The words for `ip` that make a layout's namespaces, bridges, cables, addresses and routes."""

from __future__ import annotations

import typing as t

from .addressing import MANAGEMENT
from .kernel import namespace
from .layout import CONTROLLER, Host, Layout, device_name


def make_namespaces(lab: str, layout: Layout) -> list[str]:
    return [f"netns add {namespace(lab, host.name)}" for host in (layout.controller, *layout.hosts)]


def bridges(layout: Layout) -> list[str]:
    """In the controller's namespace: a bridge per network, with the controller's own address where it has one."""
    lines = ["link set lo up"]
    for network in layout.networks:
        lines += [f"link add {device_name(network)} type bridge", f"link set {device_name(network)} up"]
    for interface in layout.controller.interfaces:
        lines += [f"address add {address} dev {device_name(interface.network)}" for address in interface.addresses]
    return lines


def cable_names(number: int, host: Host) -> list[str]:
    """The controller's ends of the cables to a host."""
    return [f"c{number}.{card}" for card in range(len(host.interfaces))]


def cables(lab: str, number: int, host: Host) -> list[str]:
    """In the controller's namespace: a cable from the bridge of its network to every card of a host."""
    lines = []
    for card, (cable, interface) in enumerate(zip(cable_names(number, host), host.interfaces, strict=True)):
        far_end = f"name {interface.name} address {hardware_address(number, card)} netns {namespace(lab, host.name)}"
        lines.append(f"link add {cable} type veth peer {far_end}")
        lines.append(f"link set {cable} master {device_name(interface.network)} up")
    return lines


def hardware_address(host: int, card: int) -> str:
    """The same at each start of the host, so that its neighbours find it again."""
    return "02:00:00:" + ":".join(f"{byte:02x}" for byte in (*divmod(host, 256), card))


def configure(host: Host) -> list[str]:
    """In a host's own namespace: its addresses and routes."""
    lines = ["link set lo up"]
    for interface in host.interfaces:
        lines += [f"address add {address} dev {interface.name}" for address in interface.addresses]
        lines.append(f"link set {interface.name} up")
    lines += [f"route add {route.destination} via {route.gateway}" for route in host.routes]
    return lines


def visitor_link(lab: str) -> str:
    """The machine's own card in the management network."""
    return f"openuc-{lab}"


def let_in(lab: str, layout: Layout) -> t.Iterator[str]:
    """In the machine's own namespace: a card in the management network, and ways to hosts that are managed in-band."""
    management = layout.networks[MANAGEMENT]
    card = visitor_link(lab)
    yield f"link add {card} type veth peer name visitor netns {namespace(lab, CONTROLLER)}"
    yield f"address add {layout.visitor}/{management.prefixlen} dev {card}"
    yield f"link set {card} up"
    for host in layout.in_band:
        yield f"route add {host.managed_at}/32 via {layout.controller.address_in(MANAGEMENT)} dev {card}"


def let_in_inside() -> list[str]:
    return [f"link set visitor master {device_name(MANAGEMENT)} up"]
