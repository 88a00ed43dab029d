# SPDX-License-Identifier: GPL-3.0-or-later
"""Registries of many targets from reading to verifying, and the result of all of them. Private to the collection."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from collections.abc import Mapping, Sequence
from typing import Any

from .. import journal as shared
from ..contract import MOST_SHOWN, Operation, result
from ..items import refused
from ..limits import limits_of
from . import engine, fleet
from .account import HAS_SAMBA, MISSING
from .engine import Change, LiveKey, Owned, Reading
from .faults import REMEDIES, RegistryError
from .fleet import Job, Report, Session
from .jobs import WRITING, Common, Target, common_problems, targets_of
from .journal import Journal, JournalError, Stored
from .remote import RemoteRegistry
from .values import Value, item_of, key_id

Result = dict[str, Any]
_FEW = 5


def run(options: Mapping[str, Any], check: bool) -> Result:
    """What the module returns; with `failed` and `msg` when something went wrong."""
    targets, problems = targets_of(options)
    problems += common_problems(options)
    state = options["state"]
    run_id = options["run"] or ""
    try:
        run_id = run_id if state == "restored" else shared.run_id(options["run"])
    except JournalError as error:
        problems.append(str(error))
    if not problems and not HAS_SAMBA:
        problems.append(MISSING)
    if problems:
        return {"failed": True, "msg": refused(problems)}
    common = Common(
        state=state,
        run=run_id,
        check=check,
        journal_dir=options["journal_dir"] or "",
        limits=limits_of(options),
        foreign=options["report_foreign"],
        verify=options["verify"],
        at_once=options["at_once"],
        timeout=options["timeout"],
    )
    with contextlib.ExitStack() as locks:
        works = [Work(target, common, locks) for target in targets]
        ready = [work for work in works if work.is_ready]
        reports = fleet.run([work.job() for work in ready], common.at_once, common.timeout)
        for work, report in zip(ready, reports):
            work.conclude(report)
    if state == "restored" and not ready and all(work.report.outcome == "ok" for work in works):
        known = sorted({name for work in works for name in work.runs()})
        return {
            "failed": True,
            "unknown_run": True,
            "msg": f"run: {run_id!r} is not stored for any of these targets in {common.journal_dir}; stored are "
            + (", ".join(known) or "none"),
        }
    return result_of(works, common)


class Work:
    """One target. Its decisions are made here, where the journal is; a process of its own carries them out."""

    def __init__(self, target: Target, common: Common, locks: contextlib.ExitStack) -> None:
        self.target = target
        self.report = Report(target.shown)
        self.changes: Sequence[Change] = ()
        self.foreign: Sequence[str] = ()
        self.gathered: list[dict[str, Any]] = []
        self.would_need = ""
        self.stored = ""
        self._common = common
        self._kept = Journal(common.journal_dir, target.place) if common.journal_dir else None
        self._owned = Owned()
        self._undone = Stored()
        self._made: Sequence[tuple[str, str]] = ()
        try:
            self._recall(locks)
        except JournalError as error:
            self.report.outcome, self.report.detail = "journal", str(error)

    def _recall(self, locks: contextlib.ExitStack) -> None:
        if self._kept is None:
            return
        if self._writes:
            locks.enter_context(self._kept.locked())
        self._owned = self._kept.owned()
        if self._common.state == "restored" and self._kept.has(self._common.run):
            self._undone = self._kept.stored(self._common.run)

    @property
    def is_ready(self) -> bool:
        """A target that a run did not change needs no connection to undo it."""
        return self.report.outcome == "ok" and (self._common.state != "restored" or self._undone != Stored())

    @property
    def _writes(self) -> bool:
        return self._common.state in WRITING and not self._common.check

    def job(self) -> Job:
        places = (*engine.keys_of(self.target.want, self._owned), *self.target.keys)
        if self._common.state == "restored":
            places = (*((item.hive, item.key) for item in self._undone.previous), *self._undone.made)
        keys = list({key_id(*place): place for place in places}.values())
        verify = self._wrong if self._common.verify and self._writes else None
        return Job(
            self.target.shown, functools.partial(_opened, self.target, self._common.timeout), keys, self._decide, verify
        )

    def _decide(self, reading: Reading) -> Sequence[Change]:
        """The steps to be carried out, with the state before them stored."""
        if self._common.state == "gathered":
            self.gathered = [item_of(value) for value in _within(reading.keys)]
            return ()
        planned = self._planned(reading.keys)
        self.foreign = planned.foreign if self._common.foreign else ()
        if planned.refusal:
            raise RegistryError("refused", planned.refusal)
        self.changes = planned.changes
        if reading.unfinished:
            self.changes = (*self.changes, Change("", "", unfinished=reading.unfinished))
        self.would_need = reading.would_need if self.changes else ""
        if not self._writes or not self.changes:
            return ()
        self._begin(reading.absent)
        return self.changes

    def _planned(self, live: Sequence[LiveKey]) -> engine.Planned:
        if self._common.state == "restored":
            return engine.restore(self._undone.previous, self._undone.made, live)
        return engine.plan(self._common.state, self.target.want, live, self._owned, self._common.limits)

    def _begin(self, absent: Sequence[tuple[str, str]]) -> None:
        """Before anything is changed, so that a run that is killed leaves nothing of ours unknown."""
        if self._kept is None or self._common.state == "restored":
            return
        self._made = engine.made_by(self.changes, absent)
        found = Stored(tuple(engine.previous_of(self.changes)), self._made, self._owned)
        try:
            self.stored = str(self._kept.begin(self._common.run, found))
            self._kept.own(engine.intended(self._owned, self.changes, self._made))
        except JournalError as error:
            raise RegistryError("journal", str(error)) from error

    def _wrong(self, reading: Reading) -> str:
        """What is not as it was written, asked for after the last step."""
        live = {value.id: value for key in reading.keys for value in key.values}
        expected = {place.id: place.left for place in engine.previous_of(self.changes)}
        wrong = [
            f"{change.operation.name} is {there.shown if (there := live.get(identity)) else 'not there'}"
            for change in self.changes
            if (identity := Value(change.hive, change.key, change.name, 0, b"").id) in expected
            and not _as_left(live.get(identity), expected[identity])
        ]
        return "after it was written, " + "; ".join(wrong[:_FEW]) if wrong else reading.unfinished

    def conclude(self, report: Report) -> None:
        """Say what is ours, now that all that could be done is done."""
        self.report = report
        if self._kept is None or not report.planned:
            return
        words = f"{self._common.state}: {len(report.done)} of {len(report.planned)} steps, {report.outcome}"
        try:
            if report.outcome == "ok":
                self._kept.own(self._owned_now(report))
            self._kept.note(self._common.run, words)
        except JournalError as error:
            report.outcome, report.detail = "journal", f"{error}; {words}"

    def _owned_now(self, report: Report) -> Owned:
        if self._common.state == "restored":
            return engine.owned_restored(self._owned, self._undone.owned, self._undone.previous, report.done)
        return engine.owned_after(self._owned, report.done, self._made)

    def runs(self) -> list[str]:
        """Runs that can be undone."""
        return self._kept.runs() if self._kept else []

    @property
    def operations(self) -> list[Operation]:
        """Done, or in check mode to be done."""
        shown = self.changes if self._common.check else self.report.done
        return [dataclasses.replace(o, name=f"{self.target.shown}: {o.name}") for o in (c.operation for c in shown)]


def result_of(works: Sequence[Work], common: Common) -> Result:
    operations = [operation for work in works for operation in work.operations]
    foreign = [f"{work.target.shown}: {path}" for work in works for path in work.foreign]
    written = [work for work in works if work.stored]
    details = written[0].stored if len(written) == 1 else common.journal_dir if written else ""
    found = result(operations, foreign, common.run if written else "", details)
    found["targets"] = [_target_result(work) for work in works]
    found["would_need"] = [work.would_need for work in works if work.would_need and common.check]
    if common.state == "gathered":
        found["gathered"] = [_gathered(work) for work in works if work.report.outcome == "ok"]
    failed = [work for work in works if work.report.outcome != "ok"]
    if failed:
        found["failed"] = True
        found["msg"] = _many([f"{w.target.shown}: {w.report.detail}; {REMEDIES[w.report.outcome]}" for w in failed])
    return found


def _target_result(work: Work) -> dict[str, Any]:
    report = work.report
    return {
        "target": work.target.name,
        "gpo": work.target.gpo,
        "outcome": report.outcome,
        "detail": report.detail,
        "changes": len(work.changes),
        "done": len(report.done),
        "not_done": [change.operation.name for change in report.planned[len(report.done) :]][:MOST_SHOWN],
    }


def _gathered(work: Work) -> dict[str, Any]:
    place = {"target": work.target.name, "gpo": work.target.gpo, "domain_controller": work.target.controller}
    return {**{name: value for name, value in place.items() if value}, "values": work.gathered}


def _opened(target: Target, timeout: float) -> Session:
    if target.gpo:
        # Directory and SYSVOL take more of Samba than a registry: a third of what the module does for a host.
        from .group_policy import PolicyObject  # noqa: PLC0415

        return PolicyObject(target.gpo, target.controller, target.domain, target.account, target.address, timeout)
    return RemoteRegistry(target.name, target.address, target.account, timeout)


def _within(keys: Sequence[LiveKey]) -> list[Value]:
    return [value for key in keys for value in key.values]


def _as_left(there: Value | None, left: Value | None) -> bool:
    return there is None if left is None else left.same_as(there)


def _many(problems: Sequence[str]) -> str:
    if len(problems) == 1:
        return problems[0]
    return f"{len(problems)} problems:\n" + "\n".join(f"- {problem}" for problem in problems)
