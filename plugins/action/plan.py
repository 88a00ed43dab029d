# Copyright: the OpenUC contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads the inventory out of Ansible, plans it, and writes the tree of intended state."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import typing as t
from pathlib import Path

from ansible import constants
from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase

from ..plugin_utils.memory import no_collection

# Ansible's own objects, a thousand hosts of them, make every collection dear.
with no_collection():
    from ..plugin_utils import intended
    from ..plugin_utils.acting.beside import both
    from ..plugin_utils.acting.inventory import read_inventory
    from ..plugin_utils.acting.slices import estate_dir
    from ..plugin_utils.engine import Design, design
    from ..plugin_utils.findings import Finding, line
    from ..plugin_utils.fingerprint import of_inventory
    from ..plugin_utils.planning.plan import SCHEMA_VERSION
    from ..plugin_utils.rendering.pages import files_of_targets, pages_of

Result = dict[str, t.Any]
_MOST_TOLD = 5
# Of errors of one kind. Nothing is written when there are errors, so all that anybody could read are told.
_MOST_ERRORS = 1000
_BEHIND_THE_PLAN = ("sets", "citations", "coverage")


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
        with no_collection():
            return self._plan(self._estate_dir(variables), variables)

    def _plan(self, folder: Path, variables: dict[str, t.Any]) -> Result:
        inventory = read_inventory(self._loader, variables)
        planned = design(inventory, datetime.datetime.now(tz=datetime.UTC).date())
        self._tell(planned)
        if planned.plan is None:
            return _failure(planned)
        source = of_inventory(inventory)
        pages, of_targets = both(lambda: pages_of(planned), lambda: files_of_targets(planned))
        files = intended.with_manifest({**pages, **of_targets}, source, SCHEMA_VERSION)
        written = self._write(folder / "intended", files)
        counts = _counts(planned)
        tally = _tally(planned)
        summary = _summary(counts, tally, written["intended_dir"])
        # Said here and not by a task of its own, which Ansible would set up for every host of the inventory.
        for said in summary:
            self._display.display(said)
        stages = [stage.stage for stage in planned.plan.stages]
        told = {"digest": source, "counts": counts, "findings": tally, "summary": summary, "stages": stages}
        return {**written, **told}

    def _tell(self, planned: Design) -> None:
        """Warnings and advice on the screen; of many of a kind only the first, since all of them are in findings.md."""
        listed = [finding for finding in planned.findings if not finding.is_error and not finding.waived]
        told, more = _first_of_each(listed, _MOST_TOLD)
        for finding in told:
            self._display.display(line(finding), color=_COLOURS[finding.severity])
        for name, count in more.items():
            self._display.display(f"... and {count} more of {name}: see findings.md")

    def _estate_dir(self, variables: dict[str, t.Any]) -> Path:
        folder = estate_dir(self._templar, variables, self._task.args.get("estate_dir"))
        if folder is None:
            raise AnsibleError("the inventory is no file, so the plan has no place: set uc_estate_dir to a folder")
        return folder

    def _write(self, folder: Path, files: dict[str, bytes]) -> Result:
        """To `intended/` outside check mode; to a private folder always, since other tasks of the run read it there."""
        private = Path(constants.DEFAULT_LOCAL_TMP) / "openuc" / "plan"
        try:
            changes = intended.compare(folder, files)
            if not self._task.check_mode:
                intended.write(folder, changes)
        except OSError as error:
            raise AnsibleError(
                f"{error.filename or folder} cannot be written ({error.strerror}); nothing was changed there. "
                "Mend the permissions, or set uc_estate_dir to a folder that may be written."
            ) from error
        if self._task.check_mode:
            intended.write(private, intended.compare(private, files))
        else:
            intended.mirror(private, folder, files)
        result: Result = {"changed": bool(changes), "plan_dir": str(private), "intended_dir": str(folder)}
        if self._task.diff:
            result["diff"] = [
                {"before_header": change.path, "after_header": change.path, "before": before, "after": after}
                for change in changes
                for before, after in [change.texts()]
            ]
        return result


_COLOURS = {"error": constants.COLOR_ERROR, "warning": constants.COLOR_WARN, "advice": constants.COLOR_VERBOSE}


def _tally(planned: Design) -> dict[str, int]:
    tally = dict.fromkeys(("error", "warning", "advice", "waived"), 0)
    for finding in planned.findings:
        tally["waived" if finding.waived else finding.severity] += 1
    return tally


def _counts(planned: Design) -> dict[str, int]:
    plan = planned.plan
    if plan is None:
        return {}
    values = {field.name: getattr(plan, field.name) for field in dataclasses.fields(plan)}
    return {name: len(value) for name, value in values.items() if isinstance(value, tuple)}


def _summary(counts: t.Mapping[str, int], tally: t.Mapping[str, int], folder: str) -> list[str]:
    kinds = {name: count for name, count in counts.items() if count and name not in _BEHIND_THE_PLAN}
    planned = ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in kinds.items())
    found = ", ".join(f"{count} {name}" for name, count in tally.items() if count) or "none"
    return [f"Planned: {planned}", f"Findings: {found}", f"In: {folder}"]


def _first_of_each(findings: t.Iterable[Finding], most: int) -> tuple[list[Finding], dict[str, int]]:
    """The first of each kind, and how many more there are of it."""
    told: list[Finding] = []
    counts: collections.Counter[str] = collections.Counter()
    for finding in findings:
        counts[finding.id] += 1
        if counts[finding.id] <= most:
            told.append(finding)
    return told, {name: count - most for name, count in counts.items() if count > most}


def _failure(planned: Design) -> Result:
    errors = planned.errors
    told, more = _first_of_each(errors, _MOST_ERRORS)
    many = f"{len(errors)} errors" if len(errors) > 1 else "one error"
    lines = [f"The inventory has {many}; nothing was planned or written.", *map(line, told)]
    lines += [f"... and {count} more of {name}: correct those above first" for name, count in more.items()]
    return {"failed": True, "msg": "\n".join(lines), "findings": _tally(planned)}
