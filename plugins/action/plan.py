# Copyright: the OpenUC contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads the inventory out of Ansible, plans it, and writes the tree of intended state."""

from __future__ import annotations

import typing as t
from pathlib import Path

from ansible import constants
from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase

from ..plugin_utils.acting.beside import beside
from ..plugin_utils.acting.slices import estate_dir
from ..plugin_utils.catalogue import loader
from ..plugin_utils.memory import no_collection

Result = dict[str, t.Any]


class ActionModule(ActionBase):
    """The `plan` action."""

    _requires_connection = False
    _VALID_ARGS = frozenset(("estate_dir",))

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> Result:
        super().run(tmp, task_vars)
        variables = task_vars or {}
        unknown = set(self._task.args) - self._VALID_ARGS
        if unknown:
            raise AnsibleError(f"plan has no option {', '.join(sorted(unknown))}; it has estate_dir only")
        folder = self._estate_dir(variables)
        with no_collection():
            with beside(loader.parsed) as catalogue:
                # The planner is two hundred modules. Ansible's own process, which forks those of tasks, does without
                # them: it would have to take them apart at its end, and the catalogue can be read at the same time.
                from ..plugin_utils.acting import planning  # noqa: PLC0415
                from ..plugin_utils.acting.inventory import read_inventory  # noqa: PLC0415

                inventory = read_inventory(self._loader, variables)
                loader.take(catalogue())
            private = Path(constants.DEFAULT_LOCAL_TMP) / "openuc" / "plan"
            places = planning.Places(folder / "intended", private)
            return planning.run(inventory, places, self._display.display, self._task.check_mode, self._task.diff)

    def _estate_dir(self, variables: dict[str, t.Any]) -> Path:
        folder = estate_dir(self._templar, variables, self._task.args.get("estate_dir"))
        if folder is None:
            raise AnsibleError("the inventory is no file, so the plan has no place: set uc_estate_dir to a folder")
        return folder
