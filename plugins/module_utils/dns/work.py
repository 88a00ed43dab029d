# SPDX-License-Identifier: GPL-3.0-or-later
"""One zone from reading to verifying. Private to the collection."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Sequence
from time import sleep
from typing import Any

from . import journal, planning, records, resolvers, transfer, updates, verification, wire
from .connection import Connection
from .errors import BadSignatureError, ChangedError, DnsError, FailedError, TruncatedError, UnreachableError, of_code
from .jobs import WRITING, Common, Job
from .journal import Entry, Journal, JournalError
from .planning import Change, Decision, Owned, Policy
from .resolvers import Question
from .transfer import Live

_FEW = 5
# A server with inline-signing answers an update before the signed copy of the zone holds it, and tells nobody when.
_PUBLISHING = (0.1, 0.2, 0.4, 0.8, 1.6)


@dataclasses.dataclass
class Outcome:
    """What came of a zone. `applied`, `missing` and `unknown` are exact also when it failed in the middle."""

    job: Job
    changes: tuple[Change, ...] = ()
    applied: tuple[Change, ...] = ()
    unknown: tuple[Change, ...] = ()
    error: str = ""
    read: str = ""
    warnings: list[str] = dataclasses.field(default_factory=list)
    foreign: list[str] = dataclasses.field(default_factory=list)
    gathered: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    serials: tuple[int | None, int | None] = (None, None)
    lowest_ttl: int = 0
    live: Live | None = None
    standings: list[verification.Standing] = dataclasses.field(default_factory=list)
    heard: list[resolvers.Heard] = dataclasses.field(default_factory=list)
    verified: bool | None = None
    run: str = ""
    stored: str = ""
    unstored: bool = False

    @property
    def missing(self) -> tuple[Change, ...]:
        done = {change.key for change in (*self.applied, *self.unknown)}
        return tuple(change for change in self.changes if change.key not in done)


def work(job: Job, common: Common) -> Outcome:
    """Do what the state asks for. Whatever goes wrong with the server stands in the outcome."""
    outcome = Outcome(job, run=common.run)
    kept = Journal(common.journal_dir, job.place) if common.journal_dir else None
    writes = common.state in WRITING and not common.check
    try:
        with contextlib.ExitStack() as stack:
            if kept and writes:
                stack.enter_context(kept.locked())
            connection = stack.enter_context(Connection(job.place.address, job.port, job.key, common.timeout))
            _Work(job, common, outcome, connection, kept).do()
    except DnsError as error:
        outcome.error = error.at(job.place)
    except JournalError as error:
        outcome.error = f"{job.place}: {error}"
    return outcome


class _Work:
    def __init__(
        self, job: Job, common: Common, outcome: Outcome, connection: Connection, kept: Journal | None
    ) -> None:
        self._job, self._common, self._outcome, self._connection, self._kept = job, common, outcome, connection, kept
        self._owned: Owned | None = None

    @property
    def owned(self) -> Owned:
        """Read only when it matters: an unchanged zone needs none of it."""
        if self._owned is None:
            self._owned = self._kept.owned() if self._kept else {}
        return self._owned

    def do(self) -> None:
        entries = self._stored() if self._common.state == "restored" else []
        live = transfer.read(self._connection, self._job.zone, self._asked(entries))
        self._outcome.read = "transfer" if live.complete else "queries"
        self._outcome.serials = (live.serial, live.serial)
        self._outcome.lowest_ttl = wire.lowest_ttl(live.soa)
        if self._common.state == "gathered":
            self._gather(live)
            return
        decision = self._restoring(entries, live) if entries else self._decide(live)
        if self._common.foreign:
            self._outcome.foreign = planning.foreign(live, self.owned, self._job.want)
        self._outcome.changes = decision.changes
        problem = self._forbidden(decision, live)
        if problem:
            self._outcome.changes = ()
            self._outcome.error = f"{self._job.place}: {problem}"
            return
        if self._common.check:
            return
        if decision.changes:
            live = self._apply(decision, live)
        elif self._owned is not None and decision.owned != self.owned:
            self._own(decision.owned)
        if not self._outcome.error and self._common.verify:
            self._look_around(live)

    def _asked(self, entries: Sequence[Entry]) -> list[transfer.Key]:
        """The record sets that matter, for servers that refuse to transfer a zone."""
        keys = [key for key, _before, _after, _ours in entries] or list(self._job.want)
        state = self._common.state
        if state in ("overridden", "deleted") and self._kept:
            keys += list(self.owned)
        return keys

    def _gather(self, live: Live) -> None:
        if not live.complete:
            self._outcome.warnings.append(
                f"{self._job.place}: {live.why_incomplete}; only the names of records were looked at"
            )
        self._outcome.gathered = [records.item_of(key, rrset) for key, rrset in records.writable(live)]
        self._outcome.foreign = planning.foreign(live, self.owned, {}) if self._common.foreign else []

    def _decide(self, live: Live) -> Decision:
        """With what is ours at hand only where the zone is not as wanted already."""
        common, want = self._common, self._job.want
        policy = Policy(common.state, common.default_ttl, common.adopt)
        if common.state in ("merged", "replaced") and not common.adopt and not common.foreign:
            unowned = planning.plan(want, live, {}, policy)
            if not unowned.changes:
                return unowned
        if not live.complete and common.state == "deleted" and not self._job.want and not self.owned:
            return Decision(())
        return planning.plan(want, live, self.owned, policy)

    def _forbidden(self, decision: Decision, live: Live) -> str:
        if decision.conflicts:
            more = len(decision.conflicts) - _FEW
            listed = [*decision.conflicts[:_FEW], *([f"and {more} more"] if more > 0 else [])]
            return "nothing was changed, since: " + "; ".join(listed)
        if self._common.state == "restored" or not decision.changes:
            return ""
        return planning.too_many(decision, live, self._job.want, self.owned, self._common.limits)

    # --- applying ---

    def _apply(self, decision: Decision, live: Live) -> Live:
        kept = self._kept
        if kept is None:
            raise JournalError("there is no journal; set journal_dir")
        batch = updates.messages(decision.changes, live)
        self._outcome.stored = kept.begin(self._outcome.run, decision.changes, self.owned)
        # Before anything is sent, so that a run that is killed leaves nothing of ours unknown.
        kept.own(_union(self.owned, decision.owned))
        applied: list[Change] = []
        under_way: tuple[Change, ...] = ()
        try:
            for number, update in enumerate(batch, 1):
                under_way = update.changes
                self._send(update)
                applied += update.changes
                under_way = ()
                kept.progress(self._outcome.run, f"message {number} of {len(batch)}: {len(update.changes)} done")
        except DnsError as error:
            self._outcome.applied = tuple(applied)
            self._after_failure(error, under_way, decision)
            return live
        self._outcome.applied = decision.changes
        return self._confirm(decision)

    def _send(self, update: updates.Update) -> None:
        code = self._connection.ask(update.writer.wire(self._connection.number())).header.code
        if code:
            raise of_code(code, "an update", self._connection.key_name)

    def _confirm(self, decision: Decision) -> Live:
        """Ask for what was written: servers ignore some things without a word, and some publish a moment later."""
        after = self._again(decision)
        wrong = verification.differences(decision.changes, after)
        for pause in _PUBLISHING:
            if not wrong:
                break
            sleep(pause)
            after = self._again(decision)
            wrong = verification.differences(decision.changes, after)
        self._outcome.serials = (self._outcome.serials[0], after.serial)
        self._outcome.verified = not wrong
        self._own(decision.owned)
        if wrong:
            more = f" and {len(wrong) - _FEW} more" if len(wrong) > _FEW else ""
            error = ChangedError(
                f"the server took the update, but {len(wrong)} record sets are not as they should be: "
                + "; ".join(wrong[:_FEW])
                + more,
                "Does somebody else write them, or a policy of the server forbid them? Run again to see what is left",
            )
            self._outcome.error = error.at(self._job.place)
            there = {change.key for change in decision.changes if after.records.get(change.key) == change.after}
            self._outcome.applied = tuple(change for change in self._outcome.applied if change.key in there)
        return after

    def _again(self, decision: Decision) -> Live:
        return transfer.read(self._connection, self._job.zone, [change.key for change in decision.changes])

    def _after_failure(self, error: DnsError, under_way: tuple[Change, ...], decision: Decision) -> None:
        """What was done and what not, asked from the server if it can still be."""
        outcome = self._outcome
        # Only a server that answered has certainly done nothing of a message.
        certain = not isinstance(error, (UnreachableError, BadSignatureError, TruncatedError, FailedError))
        outcome.unknown = () if certain else under_way
        self._connection.close()
        about = f" It was about {_listed(under_way)}." if under_way else ""
        try:
            after = self._again(decision)
        except DnsError:
            pass
        else:
            outcome.unknown = ()
            outcome.applied = tuple(c for c in decision.changes if after.records.get(c.key) == c.after)
            outcome.serials = (outcome.serials[0], after.serial)
            self._own(_partly(self.owned, decision.owned, outcome.applied))
            others = [c for c in under_way if after.records.get(c.key) not in (c.before, c.after)]
            if isinstance(error, ChangedError) and others:
                about = " Changed meanwhile: " + "; ".join(verification.differences(others[:_FEW], after)) + "."
        counts = f"{len(outcome.applied)} of {len(outcome.changes)} changes were applied"
        if outcome.unknown:
            counts += f", of {len(outcome.unknown)} it is not known, {len(outcome.missing)} were not"
        outcome.error = f"{error.at(self._job.place)}.{about} {counts}"
        if self._kept:
            self._kept.progress(outcome.run, f"stopped: {counts}")

    def _own(self, owned: Owned) -> None:
        if self._kept:
            self._kept.own(owned)
            self._owned = owned

    # --- afterwards ---

    def _look_around(self, live: Live) -> None:
        job, outcome = self._job, self._outcome
        if outcome.verified is None:
            outcome.verified = True
        outcome.live = live
        others = [
            each
            for each in verification.name_servers(self._connection, live, job.place.server.rstrip(".").lower())
            if each[1] != job.place.address
        ]
        timeout = min(self._common.timeout, 3.0)
        found = verification.standings(others, job.port, job.zone, live.serial, job.key, timeout)
        outcome.standings = found
        outcome.warnings += [
            f"{job.place}: its name server {each} is {each.standing}: {each.detail}"
            for each in found
            if each.standing != "current"
        ]
        if job.resolvers:
            self._listen(live)

    def _listen(self, live: Live) -> None:
        """What clients hear of what was changed, and of some of what was right already."""
        job, outcome = self._job, self._outcome
        changed = {change.key for change in outcome.changes}
        same = [Change(key, live.records[key], live.records[key]) for key in job.want if key in live.records]
        asked = [*outcome.changes, *(change for change in same if change.key not in changed)]
        questions = [Question(each.key, each.before, each.after, outcome.lowest_ttl) for each in asked]
        outcome.heard = resolvers.heard(job.resolvers, questions, min(self._common.timeout, 3.0))
        outcome.warnings += [
            f"{job.place}: the resolver {each.resolver} is {each.standing}: {each.detail}"
            for each in outcome.heard
            if each.standing != "current"
        ]

    # --- undoing ---

    def _stored(self) -> list[Entry]:
        if self._kept is None:
            raise JournalError("there is no journal; set journal_dir")
        undone = self._outcome.run
        self._outcome.run = journal.new_run(None)
        self._outcome.unstored = not self._kept.has(undone)
        return self._kept.stored(undone)

    def _restoring(self, entries: Sequence[Entry], live: Live) -> Decision:
        changes, conflicts = [], []
        owned = dict(self.owned)
        for key, before, after, ours in entries:
            there = live.records.get(key)
            if there not in (before, after):
                conflicts.append(
                    f"{records.key_text(key)}: it was changed since that run: it was left as "
                    f"{records.set_text(key, after) or 'none'}, and is {records.set_text(key, there) or 'none'}; "
                    "put it back by hand, or to how the run left it"
                )
                continue
            if there != before:
                changes.append(Change(key, there, before))
            owned[key] = ours
        return Decision(tuple(changes), tuple(conflicts), {key: values for key, values in owned.items() if values})


def _listed(changes: Sequence[Change]) -> str:
    shown = ", ".join(records.key_text(change.key) for change in changes[:_FEW])
    more = len(changes) - _FEW
    return f"{shown} and {more} more" if more > 0 else shown


def _union(one: Owned, other: Owned) -> Owned:
    return {key: one.get(key, planning.NOTHING) | other.get(key, planning.NOTHING) for key in {**one, **other}}


def _partly(before: Owned, after: Owned, applied: Sequence[Change]) -> Owned:
    """What is ours when only some changes were made."""
    done = {change.key for change in applied}
    mixed = {key: (after if key in done else before).get(key, planning.NOTHING) for key in {**before, **after}}
    return {key: values for key, values in mixed.items() if values}
