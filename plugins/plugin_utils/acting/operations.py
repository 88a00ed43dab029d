# Copyright: the OpenUC contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tells the journal of a roll-out what a mechanism did to a host, as soon as it has done it.

Between the intent of a wave and its outcome a host may be changed by several tasks. What each did, and under which id
it can be undone, stands in the journal before the next one begins; a kill in between leaves the intent.
"""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleError

from ...module_utils.files import FileError
from .rollout import under_way_or_none

Result = t.Mapping[str, t.Any]
Variables = t.Mapping[str, t.Any]
WAVE: t.Final = "_openuc_wave"
# Names of what was changed: enough to see what it was about. All of it is in the file `details` of the result.
MOST_NAMED: t.Final = 20


def record(task: t.Any, variables: Variables, result: Result) -> None:
    """A line for what a task has changed, where a roll-out is under way. What runs once for all the controller does."""
    wave = variables.get(WAVE)
    if task.check_mode or not wave or not result.get("changed") or result.get("failed"):
        return
    run = under_way_or_none()
    if run is None:
        return
    about = {
        "wave": wave["id"],
        "mechanism": wave["mechanism"],
        "host": "" if task.run_once else str(variables["inventory_hostname"]),
        "module": task.action.rpartition(".")[2],
        "state": str(task.args.get("state") or "replaced"),
    }
    try:
        run.log.add("operations", run.run, {**about, **told_of(result)})
    except FileError as error:
        raise AnsibleError(f"it is done, but the journal of the roll-out cannot be kept: {error}") from error


def told_of(result: Result) -> dict[str, t.Any]:
    """Of a result of a mechanism what the journal keeps: how much of what, what it was called, how it is undone.

    Results list a hundred operations at most, and their summary counts all of them.
    """
    listed = [each for each in result.get("operations") or () if isinstance(each, dict)]
    return {
        "summary": result.get("summary") or "changed",
        "names": [str(each.get("name")) for each in listed[:MOST_NAMED]],
        "undo_id": str(result.get("undo_id") or ""),
    }
