# Copyright: the OpenUC contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hands the probes that a plan expects of a host to the module, and keeps what came of them on the controller."""

from __future__ import annotations

import json
import os
import typing as t
from pathlib import Path

from ansible.errors import AnsibleError

from ..module_utils.files import FileError, make_folder, write_whole
from ..plugin_utils.acting.slices import Result, SliceAction, Variables

# What a plan says of a probe besides how to try it.
_PLANNED = frozenset(("stage", "why", "replaces", "items", "kind", "host", "certificate", "wanted", "title"))
_ALL = 10**6


class ActionModule(SliceAction):
    """The `probe` action."""

    mechanism = "probe"

    def act(self, variables: Variables) -> Result:
        arguments = self.sliced()
        folder = arguments.pop("observed_dir", None)
        planned = arguments.get("probes")
        if folder is None or not isinstance(planned, list):
            return self._probe(arguments, variables)
        tried = {**arguments, "probes": [_bare(probe) for probe in planned], "most_shown": _ALL}
        result = self._probe(tried, variables)
        if not result.get("failed"):
            self._keep(str(folder), str(variables["inventory_hostname"]), planned, result.pop("results"))
        return result

    def _probe(self, arguments: dict[str, t.Any], variables: Variables) -> Result:
        done: Result = self._execute_module(module_name="openuc.ocs.probe", module_args=arguments, task_vars=variables)
        return done

    def _keep(self, folder: str, host: str, expected: list[t.Any], results: list[t.Any]) -> None:
        """Where verdicts are made of it: `<observed_dir>/<host>.json`."""
        path = Path(os.path.abspath(os.path.expanduser(folder))) / f"{host}.json"
        try:
            make_folder(path.parent)
            write_whole(path, json.dumps({"vantage": host, "expected": expected, "results": results}).encode())
        except FileError as error:
            raise AnsibleError(f"observed_dir: {error}") from error


def _bare(probe: t.Any) -> t.Any:
    return {key: value for key, value in probe.items() if key not in _PLANNED} if isinstance(probe, dict) else probe
