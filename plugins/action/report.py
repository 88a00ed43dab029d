# Copyright: the OpenUC contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes the report of an estate, and judges what its vantages saw."""

from __future__ import annotations

import dataclasses
import datetime
import os
import typing as t
from pathlib import Path

from ansible import constants
from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase

from ..module_utils.files import FileError, make_folder, write_whole
from ..plugin_utils.acting.history import add_verification, events_of
from ..plugin_utils.acting.inventory import read_inventory
from ..plugin_utils.acting.slices import estate_dir, staged
from ..plugin_utils.engine import Design, design
from ..plugin_utils.findings import line
from ..plugin_utils.json_text import dump
from ..plugin_utils.memory import no_collection
from ..plugin_utils.planning.plan import Plan
from ..plugin_utils.planning.slices import slices_of
from ..plugin_utils.rendering.handouts import handouts
from ..plugin_utils.rendering.junit import junit
from ..plugin_utils.rendering.report.content import Verification
from ..plugin_utils.rendering.report.page import report
from ..plugin_utils.topology.model import Topology
from ..plugin_utils.verification import observed
from ..plugin_utils.verification.diagnosis import Diagnostician
from ..plugin_utils.verification.differences import differences
from ..plugin_utils.verification.expectations import probes_of
from ..plugin_utils.verification.marks import traces_of
from ..plugin_utils.verification.members import standings
from ..plugin_utils.verification.rules import proven
from ..plugin_utils.verification.unseen import unseen_of
from ..plugin_utils.verification.verdicts import tally

Result = dict[str, t.Any]
Items = t.Callable[[Topology, Plan], t.Iterator[tuple[str, tuple[dict[str, t.Any], ...]]]]
_MOST_TOLD = 12


class ActionModule(ActionBase):
    """The `report` action."""

    _requires_connection = False
    _VALID_ARGS = frozenset(("asked", "observed_dir", "report_dir", "stages", "fail"))

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> Result:
        super().run(tmp, task_vars)
        variables = task_vars or {}
        unknown = set(self._task.args) - self._VALID_ARGS
        if unknown:
            allowed = ", ".join(sorted(self._VALID_ARGS))
            raise AnsibleError(f"report has no option {', '.join(sorted(unknown))}; it has {allowed}")
        with no_collection():
            return self._report(variables)

    def _report(self, variables: dict[str, t.Any]) -> Result:
        now = datetime.datetime.now(tz=datetime.UTC)
        planned = design(read_inventory(self._loader, variables), now.date())
        if planned.plan is None:
            errors = [line(finding) for finding in planned.errors]
            return {
                "failed": True,
                "msg": "\n".join(["The inventory has errors; there is nothing to report on.", *errors]),
            }
        verification = self._verification(planned, now)
        folder = self._folder(variables)
        journal = self._journal(variables, folder)
        if verification and not self._task.check_mode:
            causes = list(dict.fromkeys(found.title for found in verification.diagnoses))
            add_verification(journal, verification.at, verification.stages, tally(verification.verdicts), causes)
        files = {"report.html": report(planned, verification, events_of(journal)).encode()}
        files |= {f"handouts/{name}": content for name, content in handouts(planned)}
        if verification:
            files["verification.json"] = dump(dataclasses.asdict(verification)).encode()
            files["junit.xml"] = junit(verification.verdicts, verification.diagnoses).encode()
        self._write(folder, files)
        result: Result = {"changed": False, "report": str(folder / "report.html"), "files": sorted(files)}
        return result if verification is None else {**result, **self._outcome(verification, folder)}

    def _verification(self, planned: Design, now: datetime.datetime) -> Verification | None:
        given = self._task.args.get("observed_dir")
        if not given or planned.plan is None:
            return None
        folder = Path(os.path.abspath(os.path.expanduser(str(given))))
        asked = frozenset(self._task.args.get("asked") or ())
        try:
            verdicts = observed.read(folder, self._expected(planned, probes_of, "probes"))
            if (folder / observed.MARKS).is_dir():
                marks = self._expected(planned, traces_of, "traces")
                verdicts += observed.read(folder / observed.MARKS, marks)
            verdicts += standings(folder, planned.plan.services, verdicts)
            verdicts += proven(planned.topology, planned.plan, folder, self._task.args.get("stages"))
            verdicts += differences(folder, slices_of(planned.topology, planned.plan), asked)
        except observed.ObservedError as error:
            raise AnsibleError(f"observed_dir: {error}") from error
        if not verdicts:
            raise AnsibleError(
                f"observed_dir: {given} holds no observations; run openuc.ocs.probe with this observed_dir first"
            )
        diagnoses = Diagnostician(planned.topology, planned.plan, verdicts).diagnoses()
        stages = tuple(self._task.args.get("stages") or ())
        unseen = unseen_of(planned.topology, planned.plan, verdicts)
        return Verification(now.strftime("%Y-%m-%d %H:%M UTC"), stages, verdicts, diagnoses, unseen)

    def _expected(self, planned: Design, items_of: Items, listed: str) -> dict[str, t.Any]:
        """What each vantage that was asked should have tried, so that one which did not answer is missed."""
        asked = frozenset(self._task.args.get("asked") or ())
        stages = self._task.args.get("stages")
        if planned.plan is None or not asked:
            return {}
        found = items_of(planned.topology, planned.plan)
        return {host: staged({listed: list(items)}, stages)[listed] for host, items in found if host in asked and items}

    def _folder(self, variables: dict[str, t.Any]) -> Path:
        """Beside the plan; in check mode a private folder, since nothing of the estate is written then."""
        if self._task.check_mode:
            return Path(constants.DEFAULT_LOCAL_TMP) / "openuc" / "report"
        given = self._task.args.get("report_dir")
        if given:
            return Path(os.path.abspath(os.path.expanduser(str(given))))
        estate = estate_dir(self._templar, variables)
        if estate is None:
            raise AnsibleError("the inventory is no file, so the report has no place: set report_dir")
        return estate / "report"

    def _journal(self, variables: dict[str, t.Any], folder: Path) -> Path:
        """Where runs of the roll-out are told of too; beside the report where the estate has no place."""
        estate = estate_dir(self._templar, variables)
        return estate / "journal" if estate else folder

    def _write(self, folder: Path, files: t.Mapping[str, bytes]) -> None:
        try:
            make_folder(folder / "handouts")
            for name, content in files.items():
                write_whole(folder / name, content)
        except FileError as error:
            raise AnsibleError(f"report_dir: {error}") from error

    def _outcome(self, verification: Verification, folder: Path) -> Result:
        """What is said on the screen: the figures, and what is wrong by its causes."""
        counts = tally(verification.verdicts)
        failed = sum(kind["failed"] for kind in counts.values())
        lines = [
            f"{kind}: {of['passed']} passed, {of['failed']} failed, {of['unknown']} not known"
            for kind, of in counts.items()
        ]
        for found in verification.diagnoses[:_MOST_TOLD]:
            checks = "1 check" if len(found.checks) == 1 else f"{len(found.checks)} checks"
            lines.append(f"{found.title} ({checks}): {found.cause} {found.remedy}".rstrip())
        more = len(verification.diagnoses) - _MOST_TOLD
        if more > 0:
            lines.append(f"... and {more} more causes")
        reasons = dict.fromkeys(each.reason for each in verification.unseen)
        for reason in reasons:
            what = ", ".join(each.what for each in verification.unseen if each.reason == reason)
            lines.append(f"Not looked at: {what}: {reason}.")
        for said in (*lines, f"In: {folder}"):
            self._display.display(said)
        wanted = bool(self._task.args.get("fail", True))
        result: Result = {"counts": counts}
        if failed and wanted:
            checks = "1 check" if failed == 1 else f"{failed} checks"
            result |= {"failed": True, "msg": f"{checks} failed; {folder / 'report.html'} tells which, and why"}
        return result
