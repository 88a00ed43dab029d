# Copyright: the OpenUC contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What actions share that look from a host: items of a plan go to the module, and what came of them is kept."""

from __future__ import annotations

import json
import os
import time
import typing as t
from pathlib import Path

from ansible.errors import AnsibleError

from ...module_utils.files import FileError, make_folder, write_whole
from .slices import Arguments, Result, SliceAction, Variables

# What a plan says of an item besides how to try it.
_PLANNED: t.Final = frozenset(("stage", "why", "replaces", "items", "kind", "host", "certificate", "wanted", "title"))


class ObservingAction(SliceAction):
    """An action that tries what a plan expects; the results are kept in `observed_dir`, where the task names one."""

    listed: t.ClassVar[str]
    results: t.ClassVar[str]
    # So that the module tells of all of them.
    everything: t.ClassVar[Arguments] = {}

    def act(self, variables: Variables) -> Result:
        arguments = self.sliced()
        folder = arguments.pop("observed_dir", None)
        planned = arguments.get(self.listed)
        if folder is None or not isinstance(planned, list):
            return self._tried(arguments, variables)
        tried = {**arguments, self.listed: [_bare(item) for item in planned], **self.everything}
        start = time.monotonic()
        result = self._tried(tried, variables)
        if not result.get("failed"):
            host = str(variables["inventory_hostname"])
            self._keep(str(folder), host, planned, result.pop(self.results))
            # Where many look at once, people see how far they are.
            self._display.display(f"{host}: {len(planned)} {self.listed} in {time.monotonic() - start:.1f} s")
        return result

    def _tried(self, arguments: Arguments, variables: Variables) -> Result:
        name = f"openuc.ocs.{self.mechanism}"
        done: Result = self._execute_module(module_name=name, module_args=arguments, task_vars=variables)
        return done

    def _keep(self, folder: str, host: str, expected: list[t.Any], results: list[t.Any]) -> None:
        """Where verdicts are made of it: `<observed_dir>/<host>.json`."""
        path = Path(os.path.abspath(os.path.expanduser(folder))) / f"{host}.json"
        try:
            make_folder(path.parent)
            write_whole(path, json.dumps({"vantage": host, "expected": expected, "results": results}).encode())
        except FileError as error:
            raise AnsibleError(f"observed_dir: {error}") from error


def _bare(item: t.Any) -> t.Any:
    return {key: value for key, value in item.items() if key not in _PLANNED} if isinstance(item, dict) else item
