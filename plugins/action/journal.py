# Copyright: the OpenUC contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tells the journal that the change of a host failed, and then fails: a failure that was rescued is still one."""

from __future__ import annotations

from ansible.errors import AnsibleError

from ..plugin_utils.acting.rollout import Result, RolloutAction, UnderWay, Variables, under_way
from ..plugin_utils.rollout.standing import standing_of
from ..plugin_utils.rollout.walk import Wave

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
        if set(variables["ansible_play_hosts"]) <= set(wave.hosts) and _is_last_word(run, wave, host):
            # Nobody is left to stand at the gate: Ansible gives up all hosts when a task fails that runs once for all.
            return run.stop(wave.id, words)
        return {"failed": True, "msg": words}


def _is_last_word(run: UnderWay, wave: Wave, host: str) -> bool:
    """Whether everybody in the wave has told what became of them, this host the last."""
    history = run.log.history()
    attempts = standing_of(history).attempts
    if any(attempts[key].result == "" for key in attempts if key[0] == wave.mechanism and key[1] in wave.hosts):
        return False
    told = [entry for entry in history.entries if entry.event == "outcome" and entry.run == run.run]
    return host in told[-1].data["hosts"]
