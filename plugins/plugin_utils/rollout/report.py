# SPDX-License-Identifier: GPL-3.0-or-later
"""Where an estate stands, in words: its stages, what is half done, what is next, and what waits for a person."""

from __future__ import annotations

import typing as t

from .blueprint import Blueprint
from .lease import Lease
from .records import History
from .standing import Run, Standing, standing_of
from .work import StageWork, counted, work_of

_MOST_NAMED = 8


def status_lines(blueprint: Blueprint, history: History, lease: Lease | None, plan: str) -> tuple[str, ...]:
    """The whole status. `plan` is the digest of the plan as it is now."""
    standing = standing_of(history)
    works = [work for work in (work_of(blueprint, standing, stage) for stage in blueprint.stages) if work.planned]
    return (
        *_runs(standing, lease, plan),
        "Stages:",
        *(f"  {_mark(work)} {work.stage:<16} {_progress(work)}{_looks(standing, work)}" for work in works),
        *_half(standing),
        *_next(works),
        *(
            f"Line {number} of the journal is torn, as a kill leaves it; nothing is lost by it."
            for number in history.torn
        ),
    )


def _runs(standing: Standing, lease: Lease | None, plan: str) -> t.Iterator[str]:
    last = standing.last_run
    if last is None:
        yield "Nothing was deployed yet."
        return
    yield f"Last run: {last.id} of {last.who}, begun {last.at}: {_verdict(last, lease)}"
    if last.reason:
        yield f"  {last.reason.splitlines()[0]}"
    if last.plan != plan:
        yield "The plan has changed since that run; the stages below are those of the plan as it is now."
    if lease:
        holder = lease.holder
        yield f"The estate is held by run {holder.run} of {holder.user} on {holder.machine} until {lease.until}."


def _verdict(run: Run, lease: Lease | None) -> str:
    if run.verdict:
        return f"{run.verdict} at {run.ended_at}"
    if lease and lease.holder.run == run.id:
        return "under way"
    return "it never ended: killed, its machine died, or the last of its hosts was lost"


def _mark(work: StageWork) -> str:
    if work.half:
        return "!"
    return "-" if work.left == work.planned else " " if work.left else "x"


def _progress(work: StageWork) -> str:
    if not work.left:
        return f"{work.title}: complete"
    parts = []
    if work.steps:
        parts.append(f"{counted(len(work.steps), 'step')} of people")
    if work.hosts:
        parts.append(counted(len(work.hosts), "change"))
    return f"{work.title}: {' and '.join(parts)} left"


def _looks(standing: Standing, work: StageWork) -> str:
    wrong = standing.verified.get(work.stage)
    if wrong is None:
        return ""
    return f"; when last looked at: {wrong}" if wrong else "; looked as planned"


def _half(standing: Standing) -> t.Iterator[str]:
    if standing.attempts:
        yield "May be half done; the next run does it again:"
    for (mechanism, host), attempt in sorted(standing.attempts.items()):
        told = f"{attempt.result} ({attempt.reason})" if attempt.result else "begun, and not heard of again"
        yield f"  {mechanism} at {host}: {told}, in run {attempt.run}"
        for operation in attempt.operations:
            yield f"    known to be done: {operation}"


def _next(works: t.Sequence[StageWork]) -> t.Iterator[str]:
    """What is next is of the first stage that is not complete."""
    work = next((work for work in works if work.left), None)
    if work is None:
        yield "All that is planned is done."
        return
    yield f"Next is the stage {work.stage}."
    if work.hosts:
        named = ", ".join(f"{mechanism} at {host}" for mechanism, host in work.hosts[:_MOST_NAMED])
        more = f" and {len(work.hosts) - _MOST_NAMED} more" if len(work.hosts) > _MOST_NAMED else ""
        yield f"  To change: {named}{more}"
    for step in work.steps[:_MOST_NAMED]:
        who = f" ({' or '.join(' and '.join(groups) for groups in step.who)})" if step.who else ""
        yield f"  Waits for people: {step.title}{who} [{step.row}]"
    if len(work.steps) > _MOST_NAMED:
        yield f"  ... and {len(work.steps) - _MOST_NAMED} more steps; all are in checklist.md"
