# Copyright: the OpenUC contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tells the journal that the change of a host failed, and then fails: a failure that was rescued is still one."""

from __future__ import annotations

from ansible.errors import AnsibleError

from ..plugin_utils.acting.rollout import Result, RolloutAction, Variables, under_way

_RESULTS = ("failed", "rolled_back")


class ActionModule(RolloutAction):
    """The `journal` action."""

    _VALID_ARGS = frozenset(("wave", "result", "reason"))

    def act(self, variables: Variables) -> Result:
        run = under_way()
        wave = run.wave(self.given("wave"))
        result = self.given("result")
        if result not in _RESULTS:
            raise AnsibleError(f"result: {result}: expected one of {', '.join(_RESULTS)}")
        host = str(variables["inventory_hostname"])
        reason = str(self._task.args.get("reason") or "")
        hosts = {host: {"result": result, "reason": reason}}
        run.log.add("outcome", run.run, {"wave": wave.id, "mechanism": wave.mechanism, "hosts": hosts})
        words = f"{host}: {wave.mechanism} failed in wave {wave.id}" + (f": {reason}" if reason else "")
        if list(variables["ansible_play_hosts"]) == [host]:
            # Nobody is left to stand at the gate.
            run.log.add("stopped", run.run, {"wave": wave.id, "reason": words})
            run.close("stopped", words)
        return {"failed": True, "msg": words}
