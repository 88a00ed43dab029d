# Copyright: the OpenUC contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hands slices of a plan to the module by path, with the folder of keys of the estate."""

from __future__ import annotations

from ..plugin_utils.acting.certificates import CertificateAction
from ..plugin_utils.acting.slices import Result, Variables


class ActionModule(CertificateAction):
    """The `certificate_request` action."""

    # Keys are made where the task runs, which is the controller unless somebody wants them elsewhere.
    _requires_connection = True

    def act(self, variables: Variables) -> Result:
        arguments = self.sliced()
        arguments["folder"] = self.pki_folder(arguments.get("folder"), variables)
        done: Result = self._execute_module(
            module_name="openuc.ocs.certificate_request", module_args=arguments, task_vars=variables
        )
        return done
