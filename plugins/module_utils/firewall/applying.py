# SPDX-License-Identifier: GPL-3.0-or-later
"""One run at one packet filter: read, compared, armed, written, confirmed. Private to the collection."""

from __future__ import annotations

import functools
import itertools
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..contract import Operation, result
from ..items import nearest, refused
from ..journal import Journal, run_id
from ..limits import limit_problems, limits_of
from . import changing, guarding, listing, live
from .deciding import Decision, RefusedError, UnknownRunError
from .gathering import options_of
from .keeping import Kept
from .labels import label_of
from .live import Live
from .nft import Nft, NftError
from .policy import ruleset_of
from .ruleset import Ruleset
from .settled import Settled
from .text import TABLE, native_text
from .waiting import Waiting

Result = dict[str, Any]
Options = Mapping[str, Any]
_FORWARDING = Path("/proc/sys/net/ipv4/ip_forward")
PACKAGE = "nftables"


class Work:
    """What a task does, once its options are read."""

    def __init__(self, options: Options, check: bool, nft: Nft, given: Options) -> None:
        self.options = options
        self.check = check
        self.nft = nft
        self.journal = Journal(options["journal_dir"], TABLE)
        self.waiting = Waiting(self.journal.folder, nft.path)
        # As they were given: long lists that are text need not be looked into to be known again.
        self.settled = Settled(self.journal.folder, given)
        self.kept = Kept(options["own_file"], options["boot_file"])
        self.warnings: list[str] = []

    # --- reading ---

    @functools.cached_property
    def _owned(self) -> Mapping[str, Any] | None:
        """What is said to be ours. First asked for when a run that writes holds the lock: until then it may change."""
        found: Mapping[str, Any] | None = self.journal.owned()
        return found

    @functools.cached_property
    def about(self) -> dict[str, Any]:
        """Stage and reasons of rules, by name."""
        return dict((self._owned or {}).get("rules", {}))

    @functools.cached_property
    def labels(self) -> Mapping[str, tuple[str, ...]]:
        """The names behind labels that are too short for them."""
        return {label: tuple(names) for label, names in (self._owned or {}).get("labels", {}).items()}

    def listed(self, counted: bool = False) -> str:
        """Our table as the packet filter lists it; empty where there is none."""
        return self.nft.table_json(counted) if self.nft.path else ""

    def live(self, counted: bool = False) -> Live | None:
        return self.read(self.listed(counted))

    def read(self, text: str) -> Live | None:
        return live.read(listing.of_json(text) if text else None, self.labels)

    def gathered(self, found: Live | None) -> Result | None:
        """What is there as options; nothing where there is no table of ours."""
        about = self.about
        return options_of(found.ruleset, lambda name: about.get(name, {})) if found else None

    # --- deciding ---

    def decide(self, text: str) -> Decision:
        """What this run would do, where the packet filter lists this."""
        found = self.read(text)
        if found and found.strange and self._owned is None:
            raise RefusedError(
                f"table inet {TABLE} is there, and was not made by this module: {found.strange[0]}. "
                f"Rename it, or remove it with `nft delete table inet {TABLE}`, then run again"
            )
        want = self._restored() if self.options["state"] == "restored" else self._wanted(found)
        have = found.ruleset if found else None
        strange = found.strange if found else ()
        return Decision(found, want, changing.operations(have, want, self._why(), strange))

    def _wanted(self, found: Live | None) -> Ruleset | None:
        have = found.ruleset if found else None
        enforce = self.options["enforce"] or (have.enforce if have else "observe")
        given, problems = ruleset_of({**self.options, "enforce": enforce})
        problems = [*limit_problems(self.options), *problems]
        if problems:
            raise RefusedError(refused(problems))
        rules = [*self.options["rules"], *self.options["marks"]]
        known = frozenset(self.about)
        replaced = [rule["replaces"] for rule in rules if rule.get("replaces")]
        want, problems = changing.wanted(self.options["state"], have, given, known, replaced)
        self.about.update({rule["id"]: _about(rule) for rule in rules})
        if problems:
            raise RefusedError(refused(problems))
        why = changing.too_many(have, want, limits_of(self.options))
        if why:
            raise RefusedError(why)
        return want

    def _restored(self) -> Ruleset | None:
        run = self.options["run"]
        if not run:
            raise RefusedError("run: is missing; state: restored needs the undo_id of the run to be undone")
        if not self.journal.has(run):
            raise UnknownRunError(
                f"run: {run!r} is not stored here; stored are {', '.join(self.journal.runs()) or 'none'}"
            )
        before = self.journal.stored(run)["before"]
        if before is None:
            return None
        self.about.update({rule["id"]: _about(rule) for rule in (*before["rules"], *before.get("marks", ()))})
        given, problems = ruleset_of(before)
        if problems:
            raise RefusedError(refused(problems))
        return given

    def _why(self) -> Mapping[str, Sequence[str]]:
        return {name: known.get("why", ()) for name, known in self.about.items()}

    def _guard(self, decision: Decision) -> None:
        if not self.options["guard"] or decision.want is None:
            return
        connection = guarding.management()
        why = guarding.would_cut(connection, decision.want) if connection else ""
        if why:
            raise RefusedError(f"nothing was changed, since {why}")

    def _warn(self, decision: Decision) -> None:
        want = decision.want
        if want is None:
            return
        there = [name for _index, name in socket.if_nameindex()]
        named = {side for way in want.ways for side in way}
        for name in sorted(named.difference(there)):
            hint = nearest(name, there)
            self.warnings.append(f"this host has no interface {name!r} now{hint}; its rules wait for it")
        if _FORWARDING.exists() and _FORWARDING.read_text().strip() == "0":
            self.warnings.append("this host forwards nothing now: net.ipv4.ip_forward is 0")
        unloaded = self.kept.unloaded()
        if unloaded:
            self.warnings.append(unloaded)
        have = decision.have
        if have and have.raw.enforce == "observe" and want.enforce == "enforce":
            packets = self.nft.refused_packets()
            if packets:
                self.warnings.append(
                    f"{packets} packet(s) that would have been refused were let pass so far; enforcing ends that. "
                    "The kernel's log has some of them"
                )

    # --- doing ---

    def predict(self) -> Result:
        """Check mode: nothing is written, and nobody is waited for."""
        pending = self.waiting.pending()
        text = self.listed()
        if not pending and text and self.settled.holds(text):
            return self.result_of([])
        decision = self.decide(text)
        self._guard(decision)
        self._warn(decision)
        operations = [*decision.operations, *self._to_keep(decision, waits=bool(pending or decision.operations))]
        found = self.result_of(operations)
        if not self.nft.path:
            found["would_need"] = [PACKAGE]
        return found

    def apply(self) -> Result:
        """Do it, with a way back that needs nobody."""
        with self.journal.locked():
            pending = self._still_pending()
            if pending and self.options["state"] == "restored" and self.options["run"] == pending["run"]:
                return self._put_back(pending)
            text = self.listed()
            if not pending and text and self.settled.holds(text):
                return self.result_of([])
            decision = self.decide(text)
            if pending:
                if decision.operations:
                    raise RefusedError(_still_waits(pending))
                return {**self.result_of([], undo=pending["run"]), **_unconfirmed(pending["until"])}
            self._guard(decision)
            self._warn(decision)
            if decision.operations:
                return self._change(decision)
            to_keep = self._to_keep(decision, waits=False)
            if to_keep:
                self.kept.keep(decision.following)
            elif text and not self.warnings and self.options["state"] != "restored":
                self.settled.remember(text)
            return self.result_of(to_keep)

    def _change(self, decision: Decision) -> Result:
        run = self._new_run()
        have = decision.have
        details = self.journal.store(run, {"before": self.gathered(have)})
        self._own(decision)
        previous = decision.previous(self.nft.table_text)
        until = ""
        if self.options["confirm_within"]:
            connection = guarding.management()
            client = (connection.client, connection.client_port) if connection else None
            until = self.waiting.arm(run, self.options["confirm_within"], previous, decision.following, client)
            self.journal.note(run, f"armed: the previous rules come back at {until}")
        try:
            self.nft.load(decision.transaction)
        except NftError:
            self.waiting.disarm()
            self.journal.note(run, "not loaded, nothing was changed")
            raise
        self.journal.note(run, f"loaded: {len(decision.operations)} changes")
        if until:
            return {**self.result_of(decision.operations, run, str(details)), **_unconfirmed(until)}
        self.kept.keep(decision.following)
        return self.result_of(decision.operations, run, str(details))

    def _new_run(self) -> str:
        """To undo a run is a run again, with a name of its own; all that one run changes is undone as one."""
        return run_id(None if self.options["state"] == "restored" else self.options["run"])

    def _own(self, decision: Decision) -> None:
        """Before anything is written, what either rule set may hold is ours."""
        rulesets = [ruleset for ruleset in (decision.have and decision.have.ruleset, decision.want) if ruleset]
        held = list(itertools.chain.from_iterable(ruleset.names() for ruleset in rulesets))
        names = dict.fromkeys(itertools.chain.from_iterable(held))
        labels = {label_of(each): each for each in held if len(each) > 1 or label_of(each) != each[0]}
        rules = {name: self.about[name] for name in names if name in self.about}
        self.journal.own({"rules": rules, "labels": {label: list(names) for label, names in labels.items()}})

    def confirm(self) -> Result:
        """Keep what a run applied. To be asked for over a new connection, when it has been probed."""
        run = self.options["run"]
        if not run:
            raise RefusedError("run: is missing; state: confirmed needs the undo_id of the run to be confirmed")
        if self.check:
            pending = self.waiting.pending()
            return self.result_of([_kept(run)] if pending and pending["run"] == run else [])
        with self.journal.locked():
            pending = self._still_pending()
            if not pending or pending["run"] != run:
                return self._confirmed_before(run, pending)
            connection = guarding.management()
            if connection and [connection.client, connection.client_port] == pending["client"]:
                raise RefusedError(
                    "this is the connection that the rules were changed over, which says nothing about new ones; "
                    "close it (meta: reset_connection) and confirm over a new one"
                )
            following = self.waiting.following()
            self._must_be(following, run)
            self.kept.prepare(following)
            self.waiting.disarm()
            self.kept.take(following)
            self.journal.note(run, "confirmed")
            return self.result_of([_kept(run)], run)

    def _confirmed_before(self, run: str, pending: Mapping[str, Any] | None) -> Result:
        returned = self.waiting.returned()
        if returned.get("run") == run:
            raise RefusedError(
                f"run {run} was undone at {returned['at']}, since {returned['reason']}. "
                "The rules before it are in force; find out why, then apply again"
            )
        if pending:
            raise RefusedError(_still_waits(pending))
        self.journal.stored(run)
        found = self.live()
        following = native_text(found.ruleset) if found and not found.strange else ""
        if (found and found.strange) or self.kept.is_(following):
            return self.result_of([])
        self.kept.keep(following)
        return self.result_of([_kept(run)], run)

    def _must_be(self, following: str, run: str) -> None:
        found = self.live()
        text = native_text(found.ruleset) if found else ""
        if text != following or (found and found.strange):
            raise RefusedError(
                f"the rules in force are no longer those that run {run} applied: somebody changed them by hand. "
                "They are not confirmed, and the previous ones come back"
            )

    def _still_pending(self) -> Mapping[str, Any] | None:
        """The run that waits, after one that can wait no longer has been undone."""
        pending = self.waiting.pending()
        why = self.waiting.is_over(pending) if pending else ""
        if pending and why:
            if not self.waiting.settle(pending, why):
                raise RefusedError(
                    f"run {pending['run']} was not confirmed, and nft does not take back the rules before it, which "
                    f"stand in {self.journal.folder}"
                )
            self.warnings.append(f"run {pending['run']} was undone: {why}")
            return None
        return pending

    def _put_back(self, pending: Mapping[str, Any]) -> Result:
        """Undo a run that still waits: at once, and with what its timer would have loaded."""
        before = self.live()
        if not self.waiting.settle(pending, "it was undone before it was confirmed"):
            raise RefusedError(f"nft does not take back the rules, which stand in {self.journal.folder}")
        after = self.live()
        told = changing.operations(before.ruleset if before else None, after.ruleset if after else None, self._why())
        return self.result_of(told)

    def _to_keep(self, decision: Decision, waits: bool) -> list[Operation]:
        """A start of the host would load other rules than those in force; what waits is kept when confirmed."""
        if waits or self.kept.is_(decision.following):
            return []
        return [Operation("change", str(self.kept.own_file), "other rules", "the rules in force")]

    def result_of(self, operations: Sequence[Operation], undo: str = "", details: str = "") -> Result:
        foreign: list[str] = []
        if self.nft.path:
            others = self.nft.foreign()
            foreign = [f"table {name}" for name in others.tables]
            foreign += [f"chain {name} drops by default what is forwarded" for name in others.dropping]
        return {**result(operations, foreign, undo, details), "unconfirmed": False, "warnings": self.warnings}


def _about(rule: Mapping[str, Any]) -> dict[str, Any]:
    return {key: rule.get(key) or ([] if key == "why" else "") for key in ("stage", "why", "replaces")}


def _kept(run: str) -> Operation:
    return Operation("change", f"run {run}", "waits", "confirmed")


def _unconfirmed(until: str) -> Result:
    return {"unconfirmed": True, "confirm_until": until}


def _still_waits(pending: Mapping[str, Any]) -> str:
    return (
        f"run {pending['run']} waits to be confirmed until {pending['until']}. Confirm it, or undo it "
        f"(state: restored, run: {pending['run']}), or wait until it is undone"
    )
