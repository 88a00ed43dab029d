# SPDX-License-Identifier: GPL-3.0-or-later
"""Where an estate stands, as its journal tells."""

from __future__ import annotations

import dataclasses
import typing as t

from .records import Data, Entry, History

Target = tuple[str, str]  # mechanism, host
Verdict = t.Literal["", "complete", "waiting", "stopped"]


@dataclasses.dataclass(frozen=True, slots=True)
class Run:
    """A run of the roll-out. One without verdict is under way, or was killed."""

    id: str
    at: str
    who: str
    plan: str
    verdict: str = ""
    ended_at: str = ""
    reason: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Attempt:
    """An application that was begun and is not known to have succeeded: the target may be half done."""

    target: Target
    run: str
    stages: tuple[str, ...]
    result: str  # "" while no outcome is known, else failed or lost
    reason: str = ""
    content: str = ""
    operations: tuple[str, ...] = ()  # what is known to have been done, in words


@dataclasses.dataclass(frozen=True, slots=True)
class Passed:
    """A checkpoint that was passed."""

    step: str
    targets: frozenset[str]
    by: str
    at: str
    evidence: str
    left_out: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Standing:
    """What was done, what was begun, and what was passed. `contents` has the digest of what each target holds, and
    `verified` what was wrong with each stage that was looked at, nothing where it was as planned."""

    runs: tuple[Run, ...] = ()
    done: t.Mapping[Target, frozenset[str]] = dataclasses.field(default_factory=dict)
    attempts: t.Mapping[Target, Attempt] = dataclasses.field(default_factory=dict)
    passed: t.Mapping[str, Passed] = dataclasses.field(default_factory=dict)
    contents: t.Mapping[Target, str] = dataclasses.field(default_factory=dict)
    verified: t.Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def last_run(self) -> Run | None:
        return self.runs[-1] if self.runs else None

    def touched(self, target: Target) -> frozenset[str]:
        """Stages of which a target holds something, or may: what an application must not take away again."""
        attempt = self.attempts.get(target)
        return self.done.get(target, frozenset()) | frozenset(attempt.stages if attempt else ())


def standing_of(history: History) -> Standing:
    """Every entry in its turn."""
    telling = _Telling()
    for entry in history.entries:
        telling.hear(entry)
    done = {
        target: frozenset().union(*(stages for _run, stages in told)) for target, told in telling.done.items() if told
    }
    return Standing(
        tuple(telling.runs.values()), done, telling.attempts, telling.passed, telling.contents, telling.verified
    )


class _Telling:
    """The state while a journal is read."""

    def __init__(self) -> None:
        self.runs: dict[str, Run] = {}
        self.done: dict[Target, list[tuple[str, frozenset[str]]]] = {}
        self.attempts: dict[Target, Attempt] = {}
        self.passed: dict[str, Passed] = {}
        self.contents: dict[Target, str] = {}
        self.verified: dict[str, str] = {}

    def hear(self, entry: Entry) -> None:
        getattr(self, f"_{entry.event}")(entry)

    def _begun(self, entry: Entry) -> None:
        data = entry.data
        self.runs[entry.run] = Run(entry.run, entry.at, str(data.get("who", "")), str(data.get("plan", "")))

    def _looked(self, entry: Entry) -> None:
        """What differs is changed by waves, which speak for themselves."""

    def _intent(self, entry: Entry) -> None:
        contents = _of(entry.data, "contents")
        for host, stages in _of(entry.data, "stages").items():
            target = (str(entry.data.get("mechanism")), host)
            self.attempts[target] = Attempt(target, entry.run, tuple(stages), "", content=str(contents.get(host, "")))
            # Until it is known to have succeeded, it holds neither this nor surely what it held before.
            self.contents.pop(target, None)

    def _operations(self, entry: Entry) -> None:
        data = entry.data
        target = (str(data.get("mechanism")), str(data.get("host")))
        attempt = self.attempts.get(target)
        if attempt is not None:
            words = f"{data.get('module')}: {data.get('summary')}"
            self.attempts[target] = dataclasses.replace(attempt, operations=(*attempt.operations, words))

    def _outcome(self, entry: Entry) -> None:
        for host, told in _of(entry.data, "hosts").items():
            target = (str(entry.data.get("mechanism")), host)
            attempt = self.attempts.get(target)
            if attempt is None:
                continue
            result = told.get("result")
            if result in ("done", "rolled_back"):
                del self.attempts[target]
            else:
                reason = str(told.get("reason", ""))
                self.attempts[target] = dataclasses.replace(attempt, result=str(result), reason=reason)
            if result == "done":
                self.done.setdefault(target, []).append((entry.run, frozenset(attempt.stages)))
                self.contents[target] = attempt.content

    def _checkpoint(self, entry: Entry) -> None:
        data = entry.data
        step = str(data.get("step"))
        before = self.passed.get(step)
        targets = frozenset(data.get("targets", ())) | (before.targets if before else frozenset())
        self.passed[step] = Passed(
            step,
            targets,
            str(data.get("by", "")),
            entry.at,
            str(data.get("evidence", "")),
            bool(data.get("left_out", False)),
        )

    def _verified(self, entry: Entry) -> None:
        self.verified[str(entry.data.get("stage"))] = str(entry.data.get("wrong", ""))

    def _stopped(self, entry: Entry) -> None:
        """Words for people; what they are about is said by outcomes."""

    def _ended(self, entry: Entry) -> None:
        run = self.runs.get(entry.run)
        if run:
            verdict, reason = str(entry.data.get("verdict", "")), str(entry.data.get("reason", ""))
            self.runs[entry.run] = dataclasses.replace(run, verdict=verdict, ended_at=entry.at, reason=reason)

    def _undone(self, entry: Entry) -> None:
        """A target is as it was before a run: what that run and later ones did to it is no more."""
        undone = str(entry.data.get("of"))
        since = list(self.runs).index(undone) if undone in self.runs else len(self.runs)
        gone = set(list(self.runs)[since:]) | {undone}
        for host in entry.data.get("hosts", ()):
            target = (str(entry.data.get("mechanism")), str(host))
            self.done[target] = [told for told in self.done.get(target, []) if told[0] not in gone]
            self.attempts.pop(target, None)
            self.contents.pop(target, None)


def _of(data: Data, key: str) -> t.Mapping[str, t.Any]:
    found = data.get(key)
    return found if isinstance(found, dict) else {}
