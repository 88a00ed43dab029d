# Copyright: the OpenUC contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Shows a roll-out as people want to see it: stages, waves, hosts, what changed and how long it took."""

from __future__ import annotations

DOCUMENTATION = r"""
name: rollout
type: stdout
short_description: Show the progress of a roll-out
version_added: 0.1.0
description:
  - Shows stages, waves, the hosts of each, what changed on them, and how long it took. What changes nothing is not
    shown.
  - Failures and the recap at the end are those of Ansible's own output. With C(-v) all tasks are shown as ever.
  - It only shows. What it shows is written to the journal by the roll-out itself.
extends_documentation_fragment:
  - default_callback
  - result_format_callback
requirements:
  - Set as stdout callback, with C(ANSIBLE_STDOUT_CALLBACK=openuc.ocs.rollout).
author:
  - The OpenUC contributors (@openuc)
"""

import time
import typing as t

from ansible.plugins.callback.default import CallbackModule as Default

_GATES = ("openuc.ocs.gate", "openuc.ocs.checkpoint")
Result = t.Any


class CallbackModule(Default):
    """The `rollout` callback."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "openuc.ocs.rollout"

    def __init__(self) -> None:
        super().__init__()
        self._stage = ""
        self._waves: dict[str, dict[str, t.Any]] = {}
        self._began = time.monotonic()

    # --- what is not worth a line ---------------------------------------------------------------------------------

    def _print_task_banner(self, task: t.Any) -> None:
        if self._display.verbosity:
            super()._print_task_banner(task)

    def v2_playbook_on_include(self, included_file: t.Any) -> None:
        if self._display.verbosity:
            super().v2_playbook_on_include(included_file)

    def v2_runner_on_skipped(self, result: Result) -> None:
        if self._display.verbosity:
            super().v2_runner_on_skipped(result)

    def v2_runner_item_on_skipped(self, result: Result) -> None:
        if self._display.verbosity:
            super().v2_runner_item_on_skipped(result)

    # --- what is --------------------------------------------------------------------------------------------------

    def v2_playbook_on_task_start(self, task: t.Any, is_conditional: bool) -> None:
        super().v2_playbook_on_task_start(task, is_conditional)
        name = self._wave_of(task)
        if name and task.args.get("point") != "after":
            self._head(name)

    def v2_runner_on_ok(self, result: Result) -> None:
        if self._display.verbosity:
            super().v2_runner_on_ok(result)
        told = result.result
        for wave in told.get("waves") or ():
            self._waves[wave["id"]] = wave
        if result.task.args.get("point") == "after" and self._wave_of(result.task):
            self._display.display(f"      well, after {time.monotonic() - self._began:.1f} s", color="green")
        elif told.get("changed") and self._stage and not self._display.verbosity:
            self._changed(result, told)

    def v2_runner_item_on_ok(self, result: Result) -> None:
        if self._display.verbosity:
            super().v2_runner_item_on_ok(result)

    def _head(self, name: str) -> None:
        """A line for the stage where it is a new one, and one for the wave."""
        self._began = time.monotonic()
        wave = self._waves.get(name, {})
        stage = name.removeprefix("undo.").partition(".")[0]
        if stage != self._stage:
            self._stage = stage
            self._display.banner(f"STAGE [{stage}]")
        place = f"{wave['number']}/{wave['of']} " if wave else ""
        hosts = ", ".join(wave.get("hosts", ()))
        words = f"{wave.get('title', '')}{f' -> {hosts}' if hosts else ''}"
        self._display.display(f"  {place}{name}: {words}")

    def _changed(self, result: Result, told: t.Mapping[str, t.Any]) -> None:
        what = told.get("summary") or "changed"
        said = "; ".join(what) if isinstance(what, list) else str(what)
        label = self.host_label(result)
        self._display.display(f"      {label}: {result.task.get_name()}: {said}", color="yellow")

    @staticmethod
    def _wave_of(task: t.Any) -> str:
        """The wave that a gate or a checkpoint stands at."""
        if task.action not in _GATES:
            return ""
        name = task.get_name().rpartition(" ")[2]
        return "" if "{" in name else str(name)
