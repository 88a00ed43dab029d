# Copyright: the OpenUC contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hands a reverse proxy's slice of the plan to the module."""

from __future__ import annotations

from ..plugin_utils.acting.slices import Result, SliceAction, Variables


class ActionModule(SliceAction):
    """The `publications` action."""

    mechanism = "publications"

    def act(self, variables: Variables) -> Result:
        done: Result = self._execute_module(
            module_name="openuc.ocs.publications", module_args=self.sliced(), task_vars=variables
        )
        return done
