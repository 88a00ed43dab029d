# Copyright: the OpenUC contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hands a balancer's slice of the plan to the module."""

from __future__ import annotations

from pathlib import Path

from ..module_utils.columns import as_text
from ..plugin_utils.acting.compared import MEMBERS, keep_members
from ..plugin_utils.acting.slices import Arguments, Result, SliceAction, Variables


class ActionModule(SliceAction):
    """The `load_balancer` action."""

    mechanism = "load_balancer"

    def act(self, variables: Variables) -> Result:
        arguments = _reached(self.sliced()) if "stages" in self._task.args else self.sliced()
        if isinstance(arguments.get("services"), list):
            arguments["services"] = as_text(arguments["services"])
        done: Result = self._execute_module(
            module_name="openuc.ocs.load_balancer", module_args=arguments, task_vars=variables
        )
        folder = self._templar.template(variables.get(MEMBERS) or "")
        if folder and "members" in done:
            keep_members(Path(folder), str(variables["inventory_hostname"]), done["members"])
        return done


def _reached(arguments: Arguments) -> Arguments:
    """Addresses of services that are left to a later stage are left to it too."""
    services = arguments.get("services") or []
    used = {address for service in services for address in (service["vip"], *(service.get("snat") or ()))}
    addresses = [each for each in arguments.get("addresses") or [] if each["address"] in used]
    return {**arguments, "addresses": addresses}
