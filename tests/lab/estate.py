# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory that a lab is built from, as Ansible reads it, and its plan."""

from __future__ import annotations

import dataclasses
import datetime
import ipaddress
import typing as t
from pathlib import Path

from ansible.errors import AnsibleError
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible.vars.manager import VariableManager

from ansible_collections.openuc.ocs.plugins.plugin_utils.engine import Design, design
from ansible_collections.openuc.ocs.plugins.plugin_utils.findings import line
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.inventory import PREFIX, RawHost, RawInventory

from .errors import LabError

CONNECTION: t.Final = "ansible_host"


@dataclasses.dataclass(frozen=True)
class Estate:
    """A planned inventory, and the addresses that Ansible connects to."""

    source: Path
    inventory: RawInventory
    design: Design
    connections: t.Mapping[str, ipaddress.IPv4Address]


def read_inventory(source: Path) -> tuple[RawInventory, dict[str, str]]:
    """Hosts with their `uc_` variables, and where Ansible connects to."""
    loader = DataLoader()
    manager = InventoryManager(loader=loader, sources=[str(source)])
    variables = VariableManager(loader=loader, inventory=manager)
    hosts, connections = [], {}
    for host in manager.get_hosts():
        found = variables.get_vars(host=host, include_hostvars=False)
        templar = Templar(loader=loader, variables=found)
        wanted = [str(key) for key in found if str(key).startswith(PREFIX)]
        values = {key: _value(templar, found, key, f"{source}: {host.name}") for key in (*wanted, CONNECTION)}
        connections[str(host.name)] = str(values.pop(CONNECTION))
        hosts.append(RawHost(str(host.name), tuple(str(group.name) for group in host.get_groups()), values))
    return RawInventory(tuple(hosts)), connections


def _value(templar: Templar, variables: t.Mapping[str, t.Any], key: str, where: str) -> t.Any:
    try:
        return plain(templar.template(variables.get(key, "")))
    except AnsibleError as error:
        raise LabError(f"{where}: {key} cannot be worked out: {error.message}") from error


def read(source: Path) -> Estate:
    """The estate of an inventory; an inventory that has errors, or nobody in it, is refused."""
    if not source.exists():
        raise LabError(f"{source}: there is no such inventory. Name one with INVENTORY=, such as inventories/lab.")
    inventory, connections = read_inventory(source)
    if not inventory.hosts:
        raise LabError(f"{source}: Ansible finds no hosts in this inventory; its warnings above may tell why.")
    planned = design(inventory, datetime.datetime.now(tz=datetime.UTC).date())
    if planned.plan is None:
        errors = "\n".join(line(finding) for finding in planned.errors)
        raise LabError(f"{source}: the inventory has errors, so there is nothing to build a lab from.\n{errors}")
    return Estate(source, inventory, planned, dict(addresses_of(connections)))


def addresses_of(connections: t.Mapping[str, str]) -> t.Iterator[tuple[str, ipaddress.IPv4Address]]:
    """Connections that are an IPv4 address; names are of no use where no DNS is."""
    for host, connection in connections.items():
        try:
            yield host, ipaddress.IPv4Address(connection)
        except ValueError:
            continue


def plain(value: t.Any) -> t.Any:
    """A value without the tags that Ansible keeps on it."""
    if isinstance(value, dict):
        return {str(key): plain(element) for key, element in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(element) for element in value]
    return str(value) if isinstance(value, str) else value
