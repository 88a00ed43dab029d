# Copyright: the OpenUC contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads the inventory out of a running play, for the planner that knows nothing of Ansible."""

from __future__ import annotations

import collections
import os
import re
import typing as t

from ansible.errors import AnsibleError
from ansible.parsing.vault import EncryptedString
from ansible.template import Templar, is_trusted_as_template

from ..schema.problems import nearest
from ..topology.inventory import RawInventory
from ..topology.reading import InventoryReader, TaggedHost, Tags

try:  # Where a value was written is a courtesy of ansible-core, not a promise.
    from ansible._internal._datatag._tags import Origin
except ImportError:
    Origin = None

# By place what went wrong, in the words of the first host, and all hosts that have it.
Faults = dict[str, tuple[str, list[str]]]
_UNDEFINED = re.compile(r"'(\w+)' is undefined")


def read_inventory(loader: t.Any, variables: t.Mapping[str, t.Any]) -> RawInventory:
    """All hosts of the inventory with their variables, templates resolved."""
    hostvars = variables["hostvars"]
    base = str(variables.get("inventory_dir") or os.getcwd())
    groups = _groups_by_host(variables["groups"])
    faults: Faults = {}
    reader = InventoryReader(Tags(is_trusted_as_template_text, _is_vaulted, lambda value: _origin(value, base)))
    found = reader.read(
        _tagged(loader, hostvars.raw_get(name), name, groups.get(name, ()), base, faults) for name in hostvars
    )
    if faults:
        raise AnsibleError(_told(faults))
    return found


def _tagged(
    loader: t.Any, raw: dict[str, t.Any], name: str, groups: tuple[str, ...], base: str, faults: Faults
) -> TaggedHost:
    def template(value: object) -> object:
        try:
            return Templar(loader=loader, variables=raw).template(value)
        except AnsibleError as error:
            where = _origin(value, base) or _origin(getattr(error, "obj", None), base)
            faults.setdefault(where, (f"{error}{_meant(str(error), raw)}", []))[1].append(str(name))
            return None

    return TaggedHost(str(name), groups, raw, template)


def _told(faults: Faults) -> str:
    """What cannot be templated, with its place and a host that has it."""
    many = f"{len(faults)} values" if len(faults) > 1 else "one value"
    lines = [f"The inventory has {many} that cannot be templated; nothing was planned or written."]
    for where, (words, hosts) in faults.items():
        others = f" and {len(hosts) - 1} more" if len(hosts) > 1 else ""
        lines.append(f"error: {hosts[0]}{others}: {where}: {words} Correct the template, or define what it names.")
    return "\n".join(lines)


def _meant(words: str, known: t.Iterable[str]) -> str:
    """A full stop, and the variable that may have been meant by one that is not there."""
    missing = _UNDEFINED.search(words)
    near = nearest(missing[1], known) if missing else ""
    return f". Did you mean {near}?" if near else "."


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
