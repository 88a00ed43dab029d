# Copyright: the OpenUC contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hands slices of a plan to the module by path, and proves names by records in the DNS in between."""

from __future__ import annotations

import typing as t
from pathlib import Path

from ansible.errors import AnsibleError

from ..plugin_utils.acting.certificates import CertificateAction
from ..plugin_utils.acting.slices import Arguments, Result, Variables, read_slice

_ZONE = ("server", "address", "port", "zone", "view", "update", "key_name")
# An authority asks once; what its resolver remembered would be wrong for the next order.
_TTL = 1
_SEEN_BY_AUTHORITIES = "external"


class ActionModule(CertificateAction):
    """The `certificate_issue` action."""

    _requires_connection = True

    def act(self, variables: Variables) -> Result:
        self._variables = variables
        arguments = self.sliced()
        arguments["folder"] = self.pki_folder(arguments.get("folder"), self._variables)
        zones = [zone for each in arguments.pop("dns", None) or () for zone in self._zones(each)]
        access = {
            name: arguments.pop(given)
            for name, given in (("keys", "dns_keys"), ("key_file", "dns_key_file"))
            if given in arguments
        }
        return self._proved(arguments, zones, access) if _by_dns(arguments) else self._issue(arguments)

    def _issue(self, arguments: Arguments, **more: str) -> Result:
        return t.cast(
            Result,
            self._execute_module(
                module_name="openuc.ocs.certificate_issue",
                module_args={**arguments, **more},
                task_vars=self._variables,
            ),
        )

    # --- records of dns-01 -------------------------------------------------------------------------------------------

    def _proved(self, arguments: Arguments, zones: list[Arguments], access: Arguments) -> Result:
        """Order, write the records that the authority asks for, have it look, and remove them whatever came of it."""
        if self._task.check_mode:
            return self._issue(arguments)
        ordered = self._issue(arguments, phase="order")
        if ordered.get("failed") or not ordered.get("waiting"):
            return ordered
        records = _placed(ordered["challenges"], zones)
        try:
            problem = self._records("merged", records, access)
            return problem or self._issue(arguments, phase="finish")
        finally:
            said = self._records("deleted", records, access)
            if said:
                self._display.warning(f"records of the challenges are left in the DNS: {said.get('msg')}")

    def _records(self, state: str, zones: list[Arguments], access: Arguments) -> Result | None:
        """What went wrong."""
        if not zones:
            return None
        task = self._task.copy()
        task.args = {"state": state, "zones": zones, **access}
        action = self._shared_loader_obj.action_loader.get(
            "openuc.ocs.dns_records",
            task=task,
            connection=self._connection,
            play_context=self._play_context,
            loader=self._loader,
            templar=self._templar,
            shared_loader_obj=self._shared_loader_obj,
        )
        result: Result = action.run(task_vars=self._variables)
        return result if result.get("failed") else None

    def _zones(self, given: object) -> list[Arguments]:
        """One zone, or those of a folder that the authority sees."""
        folder = Path(given).expanduser() if isinstance(given, str) else None
        if folder is None or not folder.is_dir():
            return [self._zone(given)]
        found = [self._zone(str(path)) for path in sorted(folder.rglob("*.json"))]
        return [zone for zone in found if zone.get("view") == _SEEN_BY_AUTHORITIES]

    def _zone(self, given: object) -> Arguments:
        content = read_slice(given, "dns_records") if isinstance(given, str) else given
        if not isinstance(content, dict) or not content.get("zone"):
            raise AnsibleError(f"dns: {given!r} is neither the path of a slice nor a mapping with zone and server")
        return {name: content[name] for name in _ZONE if content.get(name)}


def _by_dns(arguments: Arguments) -> bool:
    return (
        arguments.get("state", "replaced") == "replaced"
        and arguments.get("authority") == "acme"
        and arguments.get("challenge", "dns-01") == "dns-01"
        and arguments.get("phase", "all") == "all"
    )


def _placed(challenges: t.Iterable[t.Mapping[str, str]], zones: list[Arguments]) -> list[Arguments]:
    """The records of each zone; a name is in the longest zone that it ends in."""
    values: dict[str, list[str]] = {}
    for each in challenges:
        values.setdefault(each["record"], []).append(each["value"])
    placed: dict[str, list[Arguments]] = {}
    homeless = []
    for name, listed in values.items():
        holders = [str(zone["zone"]) for zone in zones if f".{name}".endswith(f".{zone['zone']}")]
        if not holders:
            homeless.append(name)
            continue
        record = {"name": name, "type": "TXT", "ttl": _TTL, "values": listed}
        placed.setdefault(max(holders, key=len), []).append(record)
    if homeless:
        known = ", ".join(str(zone["zone"]) for zone in zones) or "none"
        raise AnsibleError(
            f"dns: no zone is named for {', '.join(homeless)}; zones are {known}. Name the zone, or write the records "
            "of phase: order by other means, and run phase: finish"
        )
    return [{**zone, "records": placed[str(zone["zone"])]} for zone in zones if str(zone["zone"]) in placed]
