# Copyright: the OpenUC contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Has a host ask its own resolvers. One that cannot be asked is no reason to take records back that are right."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase

Result = dict[str, t.Any]


class ActionModule(ActionBase):
    """The `dns_verify` action."""

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> Result:
        result: Result = super().run(tmp, task_vars)
        try:
            result.update(self._execute_module(module_name="openuc.ocs.dns_verify", task_vars=task_vars))
        except AnsibleConnectionFailure as error:
            return _not_asked(result, f"it cannot be reached: {error.message}")
        # The module says what is wrong, if nothing; one that does not could not run.
        if result.get("failed") and "wrong" not in result:
            return _not_asked(result, str(result.get("msg")))
        return result


def _not_asked(result: Result, why: str) -> Result:
    told = f"its resolvers were not asked: {why}"
    return {"changed": False, "wrong": [], "resolvers": [], "warnings": [*result.get("warnings", ()), told]}
