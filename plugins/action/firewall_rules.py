# Copyright: the OpenUC contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hands slices to the module by path, confirms over new connections only, and leads explanations to documents."""

from __future__ import annotations

import json
from pathlib import Path

from ..plugin_utils.acting.compared import RULES, keep_rules
from ..plugin_utils.acting.documents import documents_of
from ..plugin_utils.acting.slices import Result, SliceAction, Variables

# As text they are handed on as they are; as lists Ansible copies them several times, which takes longer than the work.
_LONG = ("sets", "rules")


class ActionModule(SliceAction):
    """The `firewall_rules` action."""

    mechanism = "firewall_rules"

    def act(self, variables: Variables) -> Result:
        arguments = self.sliced()
        for name in _LONG:
            if isinstance(arguments.get(name), list):
                arguments[name] = json.dumps(arguments[name])
        if arguments.get("state") == "confirmed":
            # A connection that is there already would survive rules that let no new one in.
            self._connection.reset()
        result: Result = self._execute_module(
            module_name="openuc.ocs.firewall_rules", module_args=arguments, task_vars=variables
        )
        for rule in (result.get("explanation") or {}).get("rules", ()):
            rule["documents"] = documents_of(rule["why"])
        folder = self._templar.template(variables.get(RULES) or "")
        if folder and "gathered" in result:
            keep_rules(Path(folder), str(variables["inventory_hostname"]), result["gathered"])
        return result
