# Copyright: the OpenUC contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads the inventory out of a running play, for the planner that knows nothing of Ansible."""

from __future__ import annotations

import collections
import os
import typing as t

from ansible.parsing.vault import EncryptedString
from ansible.template import Templar, is_trusted_as_template

from ..topology.inventory import RawInventory
from ..topology.reading import InventoryReader, TaggedHost, Tags

try:  # Where a value was written is a courtesy of ansible-core, not a promise.
    from ansible._internal._datatag._tags import Origin
except ImportError:
    Origin = None


def read_inventory(loader: t.Any, variables: t.Mapping[str, t.Any]) -> RawInventory:
    """All hosts of the inventory with their variables, templates resolved."""
    hostvars = variables["hostvars"]
    base = str(variables.get("inventory_dir") or os.getcwd())
    groups = _groups_by_host(variables["groups"])
    reader = InventoryReader(Tags(is_trusted_as_template_text, _is_vaulted, lambda value: _origin(value, base)))
    return reader.read(_tagged(loader, hostvars.raw_get(name), name, groups.get(name, ())) for name in hostvars)


def _tagged(loader: t.Any, raw: dict[str, t.Any], name: str, groups: tuple[str, ...]) -> TaggedHost:
    def template(value: object) -> object:
        return Templar(loader=loader, variables=raw).template(value)

    return TaggedHost(str(name), groups, raw, template)


def is_trusted_as_template_text(text: str) -> bool:
    """True for a string that Ansible would template."""
    return ("{{" in text or "{%" in text) and bool(is_trusted_as_template(text))


def _is_vaulted(value: object) -> bool:
    return isinstance(value, EncryptedString)


def _origin(value: object, base: str) -> str:
    tag = Origin.get_tag(value) if Origin else None
    if tag is None or not tag.path:
        return ""
    path = os.path.relpath(tag.path, base)
    shown = tag.path if path.startswith("..") else path
    return f"{shown}:{tag.line_num}" if tag.line_num else shown


def _groups_by_host(groups: t.Mapping[str, t.Sequence[str]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = collections.defaultdict(list)
    for group, hosts in groups.items():
        for host in hosts:
            found[host].append(str(group))
    return {host: tuple(names) for host, names in found.items()}
