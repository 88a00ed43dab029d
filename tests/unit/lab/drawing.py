# SPDX-License-Identifier: GPL-3.0-or-later
"""Layouts and services of labs for tests: of small inventories, with a change here and there."""

from __future__ import annotations

import ipaddress
import typing as t

from ansible_collections.openuc.ocs.plugins.plugin_utils.engine import design
from tests import support
from tests.lab.estate import Estate, read_inventory
from tests.lab.layout import Host, Layout, layout
from tests.lab.services.base import Service
from tests.lab.services.choice import Chooser, Secrets, tsig_names

INVENTORIES = support.ROOT / "tests/integration/inventories"
SMALL = INVENTORIES / "small.yml"
EXAMPLES = ("lab", "standard", "multisite", "departments", "ocs2007", "lync2010")


def estate_of(changes: t.Mapping[str, t.Any], **connections: str) -> Estate:
    """The small inventory of the integration tests with changes; connections by the first label of a host."""
    inventory = support.changed(read_inventory(SMALL)[0], changes)
    names = {host.name.partition(".")[0].replace("-", "_"): host.name for host in inventory.hosts}
    found = {names[label]: ipaddress.IPv4Address(address) for label, address in connections.items()}
    return Estate(SMALL, inventory, design(inventory, support.TODAY), found)


def example_estate(name: str, changes: t.Mapping[str, t.Any] | None = None) -> Estate:
    path = support.ROOT / "inventories" / name
    connections = read_inventory(path)[1]
    addresses = {host: ipaddress.IPv4Address(given) for host, given in connections.items() if given}
    if not changes:
        return Estate(path, support.example(name), support.example_design(name), addresses)
    inventory = support.changed(support.example(name), changes)
    return Estate(path, inventory, design(inventory, support.TODAY), addresses)


def draw(estate: Estate) -> Layout:
    return layout(estate.design.topology, estate.connections, [host.name for host in estate.inventory.hosts])


def small(changes: t.Mapping[str, t.Any] | None = None, **connections: str) -> Layout:
    return draw(estate_of(changes or {}, **connections))


def host(layout: Layout, label: str) -> Host:
    return next(each for each in layout.hosts if each.name.partition(".")[0] == label)


def routes(layout: Layout, label: str) -> dict[str, str]:
    return {str(route.destination): str(route.gateway) for route in host(layout, label).routes}


def cards(layout: Layout, label: str) -> dict[str, list[str]]:
    return {each.name: [str(a) for a in each.addresses] for each in host(layout, label).interfaces}


def chooser(estate: Estate, has_wine: bool = False) -> Chooser:
    keys = {name: f"key of {name}" for name in tsig_names(estate)}
    return Chooser(estate, draw(estate), Secrets(keys, "administrator.A9z", "operator.A9z"), has_wine)


def services(chosen: Chooser, label: str) -> dict[str, Service]:
    return {service.name: service for service in chosen.services(host(chosen.layout, label))}
