# Copyright: the OpenUC contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filters over inventories: what is wrong with them, what they come to, and whether firewalls let just that through."""

from __future__ import annotations

import datetime
import typing as t
from collections.abc import Mapping

from ansible.errors import AnsibleFilterError

from ..plugin_utils.engine import Design, design
from ..plugin_utils.json_text import plain
from ..plugin_utils.planning.plan import Plan
from ..plugin_utils.planning.serial import to_plain
from ..plugin_utils.proof.prove import prove as proof
from ..plugin_utils.topology.inventory import PREFIX
from ..plugin_utils.topology.model import Topology
from ..plugin_utils.topology.reading import InventoryReader, TaggedHost, Tags

_PLAIN = Tags(is_template=lambda _text: False, is_vaulted=lambda _value: False, origin=lambda _value: "")


def validate(hosts: t.Any, groups: t.Any) -> list[dict[str, t.Any]]:
    """Findings of an inventory, worst first."""
    return t.cast("list[dict[str, t.Any]]", plain(_design(hosts, groups).findings))


def plan(hosts: t.Any, groups: t.Any) -> dict[str, t.Any]:
    """The plan of an inventory; errors in it are all told."""
    return to_plain(_planned(hosts, groups)[1])


def prove(hosts: t.Any, groups: t.Any, live: t.Any = None) -> dict[str, t.Any]:
    """The proof over the planned rules of firewalls, or over those that were gathered at some of them."""
    topology, made = _planned(hosts, groups)
    if not isinstance(live or {}, Mapping):
        raise AnsibleFilterError("live: expected what was gathered by firewall: {'fw1.contoso.com': result.gathered}")
    # Where there is no table of ours nothing is gathered.
    gathered = {str(firewall): given or {} for firewall, given in (live or {}).items()}
    return t.cast("dict[str, t.Any]", plain(proof(topology, made, gathered)))


def _planned(hosts: t.Any, groups: t.Any) -> tuple[Topology, Plan]:
    made = _design(hosts, groups)
    if made.plan is None:
        raise AnsibleFilterError("; ".join(f"{f.host} {f.path}: {f.message}" for f in made.errors))
    return made.topology, made.plan


def _design(hosts: t.Any, groups: t.Any) -> Design:
    if not isinstance(hosts, Mapping) or not isinstance(groups, Mapping):
        raise AnsibleFilterError(
            "expected the variables by host and the hosts by group: hostvars | openuc.ocs.plan(groups)"
        )
    by_host: dict[str, list[str]] = {}
    for group, members in groups.items():
        for host in members:
            by_host.setdefault(str(host), []).append(str(group))
    tagged = (_tagged(str(name), hosts[name], by_host) for name in hosts)
    return design(InventoryReader(_PLAIN).read(tagged), datetime.datetime.now(tz=datetime.UTC).date())


def _tagged(name: str, variables: t.Any, groups: Mapping[str, list[str]]) -> TaggedHost:
    if not isinstance(variables, Mapping):
        raise AnsibleFilterError(f"the variables of {name} are no mapping")
    own = {str(key): variables[key] for key in variables if str(key).startswith(PREFIX)}
    return TaggedHost(name, tuple(groups.get(name, ())), own, lambda value: value)


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"validate": validate, "plan": plan, "prove": prove}
