# Copyright: the OpenUC contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hands the slices of a server's zones to the module by path, and finds where the server and the journal are."""

from __future__ import annotations

import os
import typing as t
from pathlib import Path

from ansible.errors import AnsibleError

from ..module_utils.specs import DNS_ZONE
from ..plugin_utils.acting.slices import Arguments, Result, SliceAction, Variables, read_slice, service_address, staged

OFFLINE = ("rendered", "parsed")


class ActionModule(SliceAction):
    """The `dns_records` action."""

    mechanism = "dns_records"
    # Nothing is done on the target: the module talks to the DNS server itself.
    _requires_connection = True

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> Result:
        result: Result = super().run(tmp, task_vars)
        variables = task_vars or {}
        arguments = self._sliced_zones()
        _find_addresses(arguments, variables)
        journal = arguments.get("journal_dir") or self.journal_dir(variables)
        if journal and arguments.get("state") not in OFFLINE:
            arguments["journal_dir"] = journal
        made = self._execute_module(module_name="openuc.ocs.dns_records", module_args=arguments, task_vars=variables)
        return {**result, **made}

    def _sliced_zones(self) -> Arguments:
        """The task's arguments over those of all its slices, whose zones are done in one call."""
        arguments = dict(self._task.args)
        given, stages = arguments.pop("slice", None), arguments.pop("stages", None)
        if given is None:
            return arguments
        paths = [path for each in ([given] if isinstance(given, str) else given) for path in _slices_at(str(each))]
        slices = [staged(read_slice(path, self.mechanism), stages) for path in paths]
        if len(slices) == 1:
            return {**slices[0], **arguments}
        states = sorted({str(each.pop("state", "replaced")) for each in slices})
        if "state" not in arguments and len(states) > 1:
            raise AnsibleError(f"slice: the slices differ in state ({', '.join(states)}); set state")
        ours = {name: arguments.pop(name) for name in DNS_ZONE if name in arguments}
        return {"state": states[0], **arguments, "zones": [{**each, **ours} for each in slices]}


def _slices_at(path: str) -> list[str]:
    """The slices of a folder, which holds all zones of a server, or the one that is named."""
    folder = Path(os.path.abspath(os.path.expanduser(path)))
    if not folder.is_dir():
        return [path]
    found = sorted(str(each) for each in folder.glob("*.json"))
    if not found:
        raise AnsibleError(f"slice: {folder} holds no slices; openuc.ocs.plan makes them, in a folder for each server")
    return found


def _find_addresses(arguments: Arguments, variables: Variables) -> None:
    """A server of the inventory is asked at the address that it serves, unless the task says another."""
    zones = arguments.get("zones")
    for zone in zones if isinstance(zones, list) else [arguments]:
        if isinstance(zone, dict) and zone.get("server") and not zone.get("address"):
            zone["address"] = service_address(str(zone["server"]), variables) or None
