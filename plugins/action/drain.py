# Copyright: the OpenUC contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Says which member is meant where the task does not: the play's host, when the task is delegated to a balancer."""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase

from ..plugin_utils.acting.operations import record

Result = dict[str, t.Any]


class ActionModule(ActionBase):
    """The `drain` action."""

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> Result:
        result: Result = super().run(tmp, task_vars)
        arguments = dict(self._task.args)
        host = (task_vars or {}).get("inventory_hostname")
        if "members" not in arguments and arguments.get("state") != "gathered" and self._task.delegate_to and host:
            arguments["members"] = [str(host)]
        result.update(self._execute_module(module_name="openuc.ocs.drain", module_args=arguments, task_vars=task_vars))
        record(self._task, task_vars or {}, result)
        return result
