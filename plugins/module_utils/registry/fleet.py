# SPDX-License-Identifier: GPL-3.0-or-later
"""Many targets at once, each with one connection in a process of its own. Private to the collection.

Samba's libraries wait without letting other threads run, and some of their waits cannot be bounded; a process can be
ended. It knows nothing of plans: it reads, is told the steps, and tells each that is done.
"""

from __future__ import annotations

import collections
import dataclasses
import multiprocessing
import os
import time
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any, Protocol

from .engine import Change, Reading
from .faults import RegistryError


class Session(Protocol):
    """An open connection to a target."""

    def read(self, keys: Sequence[tuple[str, str]]) -> Reading:
        """Those of the keys that are there."""

    def write(self, changes: Sequence[Change], done: Callable[[int], None]) -> None:
        """Carry out the steps, telling each when it is done."""


@dataclasses.dataclass(frozen=True)
class Job:
    """What is to be done at one target: how to open it, what to read, and what follows from what was read."""

    target: str
    open: Callable[[], Session]
    keys: Sequence[tuple[str, str]]
    decide: Callable[[Reading], Sequence[Change]]
    verify: Callable[[Reading], str] | None = None


@dataclasses.dataclass
class Report:
    """What became of a target. `outcome` is `ok` or a word of faults; `done` are the steps that were carried out."""

    target: str
    outcome: str = "ok"
    detail: str = ""
    planned: Sequence[Change] = ()
    done: list[Change] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class _Working:
    job: Job
    process: Any
    pipe: Connection
    report: Report
    heard: float


def run(jobs: Sequence[Job], at_once: int, silence: float) -> list[Report]:
    """Reports in the order of the jobs. A target that says nothing for so many seconds is given up."""
    context = multiprocessing.get_context("fork")
    waiting = collections.deque(jobs)
    working: list[_Working] = []
    reports: dict[str, Report] = {}
    try:
        while waiting or working:
            while waiting and len(working) < at_once:
                working.append(_started(context, waiting.popleft(), working))
            for worker in _heard_or_late(working, silence):
                if _listen(worker, silence):
                    continue
                _end(worker)
                working.remove(worker)
                reports[worker.job.target] = worker.report
    finally:
        for worker in working:
            _end(worker)
    return [reports[job.target] for job in jobs]


def _started(context: Any, job: Job, others: Sequence[_Working]) -> _Working:
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(job, theirs, [ours, *(other.pipe for other in others)]), daemon=True)
    process.start()
    theirs.close()
    return _Working(job, process, ours, Report(job.target), time.monotonic())


def _heard_or_late(working: Sequence[_Working], silence: float) -> Iterator[_Working]:
    first = min(worker.heard for worker in working) + silence
    ready = wait([worker.pipe for worker in working], max(0.0, first - time.monotonic()))
    now = time.monotonic()
    yield from [worker for worker in working if worker.pipe in ready or now - worker.heard >= silence]


def _listen(worker: _Working, silence: float) -> bool:
    """Take in one message; whether more are to come."""
    report = worker.report
    if not worker.pipe.poll():
        report.outcome, report.detail = "gone", f"no answer within {silence:g} s{_how_far(report)}"
        return False
    try:
        word, *content = worker.pipe.recv()
    except (EOFError, OSError):
        report.outcome, report.detail = "failed", f"the connection's process ended by itself{_how_far(report)}"
        return False
    worker.heard = time.monotonic()
    if word == "read":
        return _decide(worker, content[0])
    if word == "done":
        report.done.append(report.planned[content[0]])
        return True
    if word == "again" and worker.job.verify and (wrong := worker.job.verify(content[0])):
        report.outcome, report.detail = "not_kept", wrong
    if word == "fault":
        report.outcome, report.detail = content[0], f"{content[1]}{_how_far(report)}"
    return False


def _decide(worker: _Working, reading: Reading) -> bool:
    try:
        worker.report.planned = worker.job.decide(reading)
    except RegistryError as error:
        worker.report.outcome, worker.report.detail = error.outcome, error.detail
        return False
    if not worker.report.planned:
        return False
    worker.pipe.send(worker.report.planned)
    return True


def _how_far(report: Report) -> str:
    return f"; {len(report.done)} of {len(report.planned)} steps were done" if report.planned else ""


def _end(worker: _Working) -> None:
    worker.pipe.close()
    worker.process.join(0.2)
    if worker.process.is_alive():
        worker.process.kill()
        worker.process.join()


def _work(job: Job, pipe: Connection, not_ours: Sequence[Connection]) -> None:
    """In the process of a target. Pipes of others are closed, so that their ends are noticed."""
    for other in not_ours:
        other.close()
    # Samba's libraries write there what they raise as well.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    try:
        session = job.open()
        pipe.send(("read", session.read(job.keys)))
        changes = pipe.recv()
        session.write(changes, lambda index: pipe.send(("done", index)))
        pipe.send(("again", session.read(job.keys)) if job.verify else ("end",))
    except (EOFError, BrokenPipeError):
        pass
    except RegistryError as error:
        pipe.send(("fault", error.outcome, error.detail))
    except Exception as error:  # noqa: BLE001 - whatever it was, the other targets go on
        pipe.send(("fault", "failed", f"{type(error).__name__}: {error}"))
