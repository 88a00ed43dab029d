# Copyright: the OpenUC contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hands slices of a plan to the module by path, with the address and the account of each host of the inventory."""

from __future__ import annotations

from ..module_utils.specs import REGISTRY_TARGET
from ..plugin_utils.acting.slices import Arguments, Result, SliceAction, Variables, service_address


class ActionModule(SliceAction):
    """The `qos_registry` action."""

    mechanism = "qos_registry"
    # Nothing is done on the target: the module talks to the registry itself.
    _requires_connection = True

    def act(self, variables: Variables) -> Result:
        arguments = self._arguments()
        if arguments.get("targets") == []:
            return {"changed": False, "skipped": True, "skip_reason": "There are no slices to be applied"}
        for target in arguments.get("targets") or [arguments]:
            if isinstance(target, dict):
                self._complete(target, variables)
        folder = self.journal_dir(variables)
        if folder and not arguments.get("journal_dir"):
            arguments["journal_dir"] = folder
        done: Result = self._execute_module(
            module_name="openuc.ocs.qos_registry", module_args=arguments, task_vars=variables
        )
        return done

    def _arguments(self) -> Arguments:
        paths = self._task.args.get("slice")
        return self.sliced_many("targets", REGISTRY_TARGET) if isinstance(paths, list) else self.sliced()

    def _complete(self, target: Arguments, variables: Variables) -> None:
        """A host of the inventory is reached where it serves, with its own account, unless the task says another."""
        contacted = str(target.get("domain_controller") if target.get("gpo") else target.get("target"))
        given = {
            "address": service_address(contacted, variables),
            "account": self._account(contacted, variables),
        }
        target.update({name: value for name, value in given.items() if value and not target.get(name)})

    def _account(self, host: str, variables: Variables) -> str:
        hostvars = variables.get("hostvars") or {}
        return str(self._templar.template(hostvars[host].get("qos_account") or "")) if host in hostvars else ""
