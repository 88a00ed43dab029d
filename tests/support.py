# SPDX-License-Identifier: GPL-3.0-or-later
"""Inventories for tests: Ansible reads the example directories, and mappings stand for small ones."""

from __future__ import annotations

import dataclasses
import datetime
import functools
import typing as t
from pathlib import Path

import yaml

from ansible_collections.openuc.ocs.plugins.plugin_utils.engine import Design, design
from ansible_collections.openuc.ocs.plugins.plugin_utils.fingerprint import of_inventory
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.inventory import PREFIX, RawHost, RawInventory
from tests.lab.estate import read_inventory

ROOT = Path(__file__).parent.parent
TODAY = datetime.date(2026, 11, 1)


@functools.cache
def example(name: str) -> RawInventory:
    """An example inventory of the collection, as Ansible reads it."""
    inventory, _connections = read_inventory(ROOT / "inventories" / name)
    return inventory


@functools.cache
def example_design(name: str) -> Design:
    return design(example(name), TODAY)


def example_digest(name: str) -> str:
    return of_inventory(example(name))


def inventory_of(groups: t.Mapping[str, t.Mapping[str, t.Any]], estate: t.Mapping[str, t.Any]) -> RawInventory:
    """A raw inventory from `{group: {host: {variable: value}}}` and estate variables, names without prefix."""
    hosts: dict[str, tuple[list[str], dict[str, object]]] = {}
    for group, members in groups.items():
        for host, variables in members.items():
            entry = hosts.setdefault(host, ([], {}))
            entry[0].append(group)
            entry[1].update({PREFIX + key: value for key, value in (variables or {}).items()})
    shared = {PREFIX + key: value for key, value in estate.items()}
    return RawInventory(tuple(RawHost(name, tuple(groups), {**shared, **own}) for name, (groups, own) in hosts.items()))


def lync_branch(**estate: t.Any) -> RawInventory:
    """Lync clients and servers on both sides of a firewall, media planned for, with whatever else is given."""
    return inventory_of(
        {
            "standard_edition": {"se1.contoso.com": {"addresses": "10.77.3.11"}},
            "firewall": {"fw1.contoso.com": {"interfaces": {"near": "desks", "far": "lan"}}},
            "vantage": {"pc1.contoso.com": {"vantage": "client", "network": "desks", "addresses": "10.77.1.7"}},
        },
        {
            "product": "lync2010",
            "sip_domains": {"contoso.com": {"default": True}},
            "sites": {"hq": {"users": 100}},
            "networks": {
                "lan": {"cidr": "10.77.3.0/24", "zone": "internal", "kind": "servers"},
                "desks": {"cidr": "10.77.1.0/24", "zone": "internal", "kind": "clients"},
            },
            "pools": {"se1.contoso.com": {"edition": "standard", "users": 100}},
            "clients": {"staff": {"network": "desks", "products": ["lync"], "count": 100, "windows": "7"}},
            "features": ["im_presence", "av_conferencing"],
            **estate,
        },
    )


def changed(inventory: RawInventory, changes: t.Mapping[str, t.Any]) -> RawInventory:
    """The inventory with values set at paths: `uc_pools/pool1/vip: x` for the estate, `@host/uc_addresses: x` for one.

    `@host/groups` sets the groups of a host, new ones included. A value of `~delete` removes what is there.
    """
    hosts = {host.name: host for host in inventory.hosts}
    for path, value in changes.items():
        owner, _slash, rest = path[1:].partition("/") if path.startswith("@") else ("", "", path)
        if rest == "groups":
            host = hosts.get(owner) or RawHost(owner, (), _shared_variables(inventory))
            hosts[owner] = dataclasses.replace(host, groups=tuple(value))
            continue
        made: dict[int, tuple[object, object]] = {}
        for name in [owner] if owner else list(hosts):
            variables = _with(hosts[name].variables, rest.split("/"), value, made)
            hosts[name] = dataclasses.replace(hosts[name], variables=variables)
    return RawInventory(tuple(hosts.values()))


def _shared_variables(inventory: RawInventory) -> dict[str, t.Any]:
    """Variables that have one value on all hosts: those of the estate."""
    first, *others = inventory.hosts
    missing = object()
    return {
        name: value
        for name, value in first.variables.items()
        if all(other.variables.get(name, missing) == value for other in others)
    }


def _with(target: t.Any, keys: t.Sequence[str], value: object, made: dict[int, tuple[object, object]]) -> t.Any:
    """The mapping or list with a value set at a path, and all else shared with the one it was made from.

    What several hosts share is made once, so that they share it afterwards; `made` keeps the originals alive, whose
    identities are its keys.
    """
    if id(target) not in made:
        found: t.Any = list(target) if isinstance(target, list) else dict(target)
        key: t.Any = int(keys[0]) if isinstance(target, list) else keys[0]
        if keys[1:]:
            found[key] = _with(found[key] if isinstance(target, list) else found.get(key, {}), keys[1:], value, made)
        elif value == "~delete":
            del found[key]
        else:
            found[key] = value
        made[id(target)] = (target, found)
    return made[id(target)][1]


def from_yaml(text: str) -> t.Any:
    return yaml.safe_load(text)
