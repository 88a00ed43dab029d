# SPDX-License-Identifier: GPL-3.0-or-later
"""What the action `plan` does with an inventory: plan it, say what was found, and write the tree."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import typing as t
from pathlib import Path

from ansible import constants
from ansible.errors import AnsibleError

from ..engine import Design, design
from ..findings import Finding, line
from ..fingerprint import of_inventory
from ..intended import Change, Laid, making
from ..planning.plan import SCHEMA_VERSION
from ..topology.inventory import RawInventory
from .beside import beside

Result = dict[str, t.Any]
Say = t.Callable[..., None]
_MOST_TOLD = 5
# Of errors of one kind. Nothing is written when there are errors, so all that anybody could read are told.
_MOST_ERRORS = 1000
_BEHIND_THE_PLAN = ("sets", "citations", "coverage")
_COLOURS = {"error": constants.COLOR_ERROR, "warning": constants.COLOR_WARN, "advice": constants.COLOR_VERBOSE}


@dataclasses.dataclass(frozen=True, slots=True)
class Places:
    """Where a plan is kept, and where other tasks of the run read it."""

    intended: Path
    private: Path


def run(inventory: RawInventory, places: Places, say: Say, check_mode: bool, with_diff: bool) -> Result:
    """The result of the task. In check mode only the private folder is written to."""
    planned = design(inventory, datetime.datetime.now(tz=datetime.UTC).date())
    _tell(planned, say)
    if planned.plan is None:
        return _failure(planned)
    source = of_inventory(inventory)
    written = _write(planned, source, places, check_mode, with_diff)
    counts = _counts(planned)
    tally = _tally(planned)
    summary = _summary(counts, tally, written["intended_dir"])
    # Said here and not by a task of its own, which Ansible would set up for every host of the inventory.
    for said in summary:
        say(said)
    stages = [stage.stage for stage in planned.plan.stages]
    return {
        **written,
        "digest": source,
        "counts": counts,
        "findings": tally,
        "summary": summary,
        "stages": stages,
    }


def _tell(planned: Design, say: Say) -> None:
    """Warnings and advice on the screen; of many of a kind only the first, since all of them are in findings.md."""
    listed = [finding for finding in planned.findings if not finding.is_error and not finding.waived]
    told, more = _first_of_each(listed, _MOST_TOLD)
    for finding in told:
        say(line(finding), color=_COLOURS[finding.severity])
    for name, count in more.items():
        say(f"... and {count} more of {name}: see findings.md")


def _write(planned: Design, source: str, places: Places, check_mode: bool, with_diff: bool) -> Result:
    try:
        with making(places.intended, places.private, keep=not check_mode) as tree:

            def of_targets() -> Laid:
                from ..rendering import target_files  # noqa: PLC0415 - needed beside only

                return tree.lay(target_files.files_of(planned))

            with beside(of_targets) as laid_beside:
                from ..rendering import estate_files  # noqa: PLC0415 - needed here only

                laid = tree.lay(estate_files.files_of(planned))
                laid.update(laid_beside())
            changes = tree.seal(laid, source, SCHEMA_VERSION)
            shown = [_shown(change) for change in changes] if with_diff else None
            if not check_mode:
                tree.put(changes)
    except OSError as error:
        raise AnsibleError(
            f"{error.filename or places.intended} cannot be written ({error.strerror}); nothing was changed there. "
            "Mend the permissions, or set uc_estate_dir to a folder that may be written."
        ) from error
    result: Result = {
        "changed": bool(changes),
        "plan_dir": str(places.private),
        "intended_dir": str(places.intended),
    }
    return result if shown is None else {**result, "diff": shown}


def _shown(change: Change) -> dict[str, str]:
    before, after = change.texts()
    return {"before_header": change.path, "after_header": change.path, "before": before, "after": after}


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
