# Copyright: the OpenUC contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hands the slices of a server's zones to the module by path, and finds where the server and the journal are."""

from __future__ import annotations

from ansible.errors import AnsibleError
from ansible.utils.display import Display

from ..module_utils.specs import DNS_ZONE
from ..plugin_utils.acting.slices import (
    Arguments,
    Result,
    SliceAction,
    Variables,
    joined,
    read_slice,
    service_address,
    slices_at,
    staged,
)

OFFLINE = ("rendered", "parsed")
READING = (*OFFLINE, "gathered")


class ActionModule(SliceAction):
    """The `dns_records` action."""

    mechanism = "dns_records"
    # Nothing is done on the target: the module talks to the DNS server itself.
    _requires_connection = True

    def act(self, variables: Variables) -> Result:
        arguments, left = self._sliced_zones()
        for path in left:
            Display().warning(f"{path}: the zone takes no updates (update: none), and is left to people")
        if left and not arguments.get("zones", True):
            return {"changed": False, "skipped": True}
        _find_addresses(arguments, variables)
        journal = arguments.get("journal_dir") or self.journal_dir(variables)
        if journal and arguments.get("state") not in OFFLINE:
            arguments["journal_dir"] = journal
        made: Result = self._execute_module(
            module_name="openuc.ocs.dns_records", module_args=arguments, task_vars=variables
        )
        return made

    def _sliced_zones(self) -> tuple[Arguments, list[str]]:
        """The task's arguments over those of its slices, whose zones are done in one call; and what is left out."""
        arguments = dict(self._task.args)
        given, stages = arguments.pop("slice", None), arguments.pop("stages", None)
        if given is None:
            return arguments, []
        named = [given] if isinstance(given, str) else list(given)
        paths = [path for each in named for path in _some_at(str(each))]
        slices = {path: staged(read_slice(path, self.mechanism), stages) for path in paths}
        left = []
        if arguments.get("state") not in READING and "update" not in arguments:
            left = [path for path, each in slices.items() if each.get("update") == "none" and path not in named]
        taken = [each for path, each in slices.items() if path not in left]
        if len(paths) == 1 and taken:
            return {**taken[0], **arguments}, left
        return joined(arguments, taken, "zones", DNS_ZONE), left


def _some_at(path: str) -> list[str]:
    found = slices_at(path)
    if not found:
        raise AnsibleError(f"slice: {path} holds no slices; openuc.ocs.plan makes them, in a folder for each server")
    return found


def _find_addresses(arguments: Arguments, variables: Variables) -> None:
    """A server of the inventory is asked at the address that it serves, unless the task says another."""
    zones = arguments.get("zones")
    for zone in zones if isinstance(zones, list) else [arguments]:
        if isinstance(zone, dict) and zone.get("server") and not zone.get("address"):
            zone["address"] = service_address(str(zone["server"]), variables) or None
