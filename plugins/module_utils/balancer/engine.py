# SPDX-License-Identifier: GPL-3.0-or-later
"""The services of a balancer as they are listed: read once, compared once, swapped once. Private to the collection."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..contract import Operation, result
from ..files import FileError, read_bytes
from ..items import refused
from ..journal import Journal, JournalError, run_id
from ..limits import limit_problems, limits_of
from . import cards, packets, parsing, planning, text, watcher
from .asked import OFFLINE, Result, offline, unserved_of, wanted
from .checking import Checking
from .given import totals
from .keepalived import Keepalived
from .model import Address, Service, decode_addresses
from .pairs import Pair, decode_pair
from .places import BalancerError, Places, found, must
from .planning import Holding, Want
from .process import Haproxy, Loaded
from .runtime import RuntimeSocketError, Standing
from .watching import Watching

_TARGET = "balancer"
_PACKAGES = {"haproxy": "haproxy", "nft": "nftables", "conntrack": "conntrack", "keepalived": "keepalived"}


def run(options: Mapping[str, Any], check: bool) -> Result:
    """What the module returns; with `failed` and `msg` when something went wrong."""
    problems = limit_problems(options)
    if problems:
        return {"failed": True, "msg": refused(problems)}
    try:
        return offline(options, check) if options["state"] in OFFLINE else Engine(options, check).run()
    except BalancerError as error:
        return {"failed": True, "msg": str(error), **error.told}


@dataclasses.dataclass(frozen=True)
class _Have:
    """What there is of ours, as it is on the disk and as it runs."""

    holding: Holding
    text: str
    digest: str
    out: Mapping[str, tuple[str, ...]]
    draining: Sequence[Standing]


class Engine:
    """One run on one host."""

    def __init__(self, options: Mapping[str, Any], check: bool, places: Places | None = None) -> None:
        self.options = options
        self.check = check
        self.places = places or Places(Path(options["config"]), Path(options["main_config"]))
        timeout = float(options["reload_timeout"])
        self.haproxy = Haproxy(self.places, options["service_manager"], options["reload_command"], timeout)
        self.watching = Watching(self.places, self.haproxy.manager, timeout)
        self.keepalived = Keepalived(self.places, self.haproxy.manager, timeout)
        self.journal = Journal(options["journal_dir"], _TARGET)

    def run(self) -> Result:
        try:
            if self.options["state"] == "gathered":
                return self._gathered()
            if self.check:
                return self._changed(self._want())
            with self.journal.locked():
                return self._changed(self._want())
        except (JournalError, FileError, RuntimeSocketError) as error:
            raise BalancerError(str(error)) from error

    def _want(self) -> Want:
        if self.options["state"] != "restored":
            return wanted(self.options)
        run = self.options["run"] or ""
        try:
            stored = self.journal.stored(run)
        except JournalError as error:
            if run in self.journal.runs():
                raise
            raise BalancerError(str(error), unknown_run=True) from error
        services = self._parsed(stored["file"], self.journal.folder, {}).services
        return dataclasses.replace(wanted({**stored, "state": "overridden", "services": []}), services=services)

    # --- what there is ---

    def _have(self, known: Mapping[str, Service]) -> _Have:
        own = (read_bytes(self.places.own) or b"").decode(errors="replace")
        parsed = self._parsed(own, self.places.own, known)
        holding = Holding(parsed.services, *self._owned())
        with contextlib.suppress(RuntimeSocketError):
            return self._running(holding, own, parsed.out)
        return _Have(holding, own, "", parsed.out, ())

    @staticmethod
    def _parsed(content: str, where: Path, known: Mapping[str, Service]) -> parsing.Parsed:
        try:
            return parsing.parse(content, known)
        except parsing.UnreadableTextError as error:
            raise BalancerError(
                f"{where}: {error}. It is not of our making, or was changed by hand: move it away, and run again"
            ) from error

    def _running(self, holding: Holding, own: str, out: Mapping[str, tuple[str, ...]]) -> _Have:
        digest, taken = self.haproxy.runtime.digest(), self.haproxy.runtime.taken_out()
        found = out if taken is None else _out_of_service(taken)
        draining = [each for each in taken or () if each.status == "DRAIN" and not each.section.startswith(text.CHECK)]
        return _Have(holding, own, digest, found, draining)

    def _owned(self) -> tuple[tuple[Address, ...], Pair | None]:
        owned = self.journal.owned() or {}
        return tuple(decode_addresses(owned.get("addresses", []))[0]), decode_pair(owned.get("pair"))[0]

    def _gathered(self) -> Result:
        have = self._have({})
        standings: Sequence[Standing] = ()
        with contextlib.suppress(RuntimeSocketError):
            standings = self.haproxy.runtime.standings()
        given = totals(have.holding.services)
        members = [
            dataclasses.asdict(dataclasses.replace(each, total=given.get((each.section, each.name), each.total)))
            for each in standings
            if not each.section.startswith(text.CHECK)
        ]
        return {
            **result([], self.haproxy.foreign()),
            "gathered": _as_options(have.holding),
            "members": members,
            "standing": self.keepalived.standing() if have.holding.pair else "",
        }

    # --- what is to change ---

    def _changed(self, want: Want) -> Result:
        with contextlib.closing(Checking(self.haproxy)) as checking:
            return self._changed_beside(want, checking)

    def _changed_beside(self, want: Want, checking: Checking) -> Result:
        owned = self._owned()[1]
        draft = text.Draft(want.services, bool(want.pair or owned))
        self._check_early(draft, want, checking)
        have = self._have(draft.sections())
        missing = self._missing(want)
        need = self._would_need(want, missing)
        if need and not self.check:
            raise BalancerError("\n".join(need), missing=missing)
        after = self._target(want, have.holding)
        if after.services != want.services or bool(after.pair) != bool(want.pair or owned):
            draft = text.Draft(after.services, after.pair is not None)
        new = draft.text(_kept_out(after.services, have.out)) if after.services else ""
        done = planning.operations(have.holding, after)
        excess = planning.excess(done, have.holding, limits_of(self.options))
        if excess and self.options["state"] != "restored":
            raise BalancerError(excess)
        done += self._mendings(have, new, after, planned=bool(done))
        unserved = unserved_of(after.services)
        undo = ""
        if done and not self.check:
            undo = run_id(self.options["run"] if self.options["state"] != "restored" else None)
            self._apply(have, new, after, undo, checking)
        details = str(self.journal.folder / "runs" / f"{undo}.json") if undo else ""
        found = result(done, self.haproxy.foreign(), undo, details)
        return {**found, "unserved": unserved, "would_need": need, "missing": missing}

    def _check_early(self, draft: text.Draft, want: Want, checking: Checking) -> None:
        """Most often the services that are listed are all there will be; what is looked at in vain costs nobody."""
        new = draft.text()
        if not self.check and want.services and not self._missing(want) and read_bytes(self.places.own) != new.encode():
            checking.begin(new)

    def _missing(self, want: Want) -> list[str]:
        """Programs that the host lacks."""
        forwarding = any(service.forwarded and not text.unserved(service) for service in want.services)
        programs = ["haproxy", *(["nft", "conntrack"] if forwarding else []), *(["keepalived"] if want.pair else [])]
        return [program for program in programs if not found(program)]

    def _would_need(self, want: Want, missing: Sequence[str]) -> list[str]:
        need = [
            f"{program} is not installed on this host; install the package {_PACKAGES[program]}" for program in missing
        ]
        return need + ([] if want.state == "deleted" else cards.read().problems(want.addresses, want.pair))

    def _target(self, want: Want, have: Holding) -> Holding:
        """Addresses that somebody else has put there stay somebody else's."""
        after = planning.target(want, have)
        if not after.addresses:
            return after
        there = cards.read().addresses
        ours = {each.address for each in have.addresses}
        kept = (each for each in after.addresses if each.address in ours or (each.interface, each.address) not in there)
        return dataclasses.replace(after, addresses=tuple(kept))

    def _mendings(self, have: _Have, new: str, after: Holding, planned: bool) -> list[Operation]:
        """What is not as it should be though services and addresses are as listed."""
        found = []
        before, later = self._arguments(new)
        if before != later:
            action = "change" if new else "remove"
            found.append(
                Operation(action, str(self.places.arguments), *(_loads(t, self.places) for t in (before, later)))
            )
        if not planned and text.digest_of(have.text) != text.digest_of(new):
            found.append(Operation("change", str(self.places.own), "an older form", "as it is rendered now"))
        elif not planned and new and have.digest != text.digest_of(new):
            found.append(Operation("change", "haproxy", "runs without its file as it is", "runs with it"))
        held = () if after.pair else after.addresses
        missing = set(held) - {Address(ip, card) for card, ip in cards.read().addresses} if held else ()
        if not planned:
            found += [
                Operation("add", f"address {each.address}", "", f"on {each.interface}")
                for each in sorted(missing, key=str)
            ]
        if new or after.addresses:
            outdated = (
                self.watching.outdated()
                or not self.watching.works()
                or self._watched(after) != self.watching.configured()
            )
            if outdated:
                found.append(Operation("change", "openuc-balance", "is missing, outdated or not running", "runs"))
        elif self.watching.configured():
            found.append(Operation("remove", "openuc-balance", "runs", ""))
        if after.pair and not planned and not self._held_in_turn(after):
            found.append(Operation("change", "keepalived", "is outdated or not running", "runs"))
        return found

    def _held_in_turn(self, after: Holding) -> bool:
        right = self.keepalived.configured() == self.keepalived.text(after.pair, after.addresses)
        return right and self.keepalived.included() and self.keepalived.pid() > 0

    def _arguments(self, new: str) -> tuple[str, str]:
        return self.haproxy.arguments() if new else self.haproxy.without_arguments()

    @staticmethod
    def _watched(after: Holding) -> str:
        return packets.config(after.services, () if after.pair else after.addresses)

    # --- the change itself ---

    def _apply(self, have: _Have, new: str, after: Holding, run: str, checking: Checking) -> None:
        self._check_files(new, after, checking)
        self.journal.store(run, {"file": have.text, **_owned_as(have.holding.addresses, have.holding.pair)})
        # Both the old and the new are ours until all is done, so that a run that is killed leaves nobody's address.
        both = dict.fromkeys([*have.holding.addresses, *after.addresses])
        self.journal.own(_owned_as(both, after.pair or have.holding.pair))
        if have.holding.pair and not after.pair:
            self.journal.note(run, "keepalived gives the addresses up")
            self.keepalived.remove()
        self.journal.note(run, "addresses are put on their cards")
        cards.put(() if after.pair else after.addresses)
        self._swap(have, new, run, checking.file)
        self._watch(after, run)
        if after.pair and not self._held_in_turn(after):
            self.journal.note(run, "keepalived is told")
            self.keepalived.apply(self.keepalived.text(after.pair, after.addresses), after.addresses)
        gone = [each for each in have.holding.addresses if each not in after.addresses]
        if gone:
            cards.take(gone)
        self.journal.own(_owned_as(after.addresses, after.pair))
        self.journal.note(run, "done")

    def _check_files(self, new: str, after: Holding, checking: Checking) -> None:
        problem = checking.problem(new) if new else ""
        if problem:
            raise BalancerError(f"HAProxy refuses the new file; nothing was changed. It says: {problem}")
        table = packets.table(after.services)
        if table:
            must([found("nft"), "-c", "-f", "-"], text=table)
        if after.pair:
            problem = self.keepalived.check(after.pair, after.addresses)
            if problem:
                raise BalancerError(f"keepalived refuses the new file; nothing was changed. It says: {problem}")

    def _swap(self, have: _Have, new: str, run: str, checked: Path) -> None:
        self.journal.note(run, f"{self.places.own} is swapped")
        told = [
            f"set server {each.section}/{each.name} state drain"
            for each in have.draining
            if f" {each.section} from " in new
        ]
        self.haproxy.swap(Loaded(have.text, have.digest), new, checked, told)

    def _watch(self, after: Holding, run: str) -> None:
        if not after.services and not after.addresses:
            if self.watching.configured():
                self.journal.note(run, "the watcher is taken away")
                self._forward(Holding())
                self.watching.remove()
            return
        self.journal.note(run, "the watcher is told")
        config = self._watched(after)
        outdated = bool(self.watching.outdated())
        if outdated:
            self.watching.put()
        if outdated or config != self.watching.configured() or not self.watching.works():
            self.watching.configure(config)
            self.watching.work(anew=outdated)

    @staticmethod
    def _forward(after: Holding) -> None:
        """The packet filter without our table."""
        if found("nft") and not packets.forwarded(after.services):
            must([found("nft"), "-f", "-"], text=watcher.table_text([]))


def _as_options(holding: Holding) -> Result:
    """In the form of the module's options."""
    services = [service.as_item() for service in holding.services]
    return {"services": services, **_owned_as(holding.addresses, holding.pair)}


def _owned_as(addresses: Iterable[Address], pair: Pair | None) -> Result:
    owned: Result = {"addresses": [dataclasses.asdict(each) for each in addresses]}
    return {**owned, "pair": dataclasses.asdict(pair)} if pair else owned


def _out_of_service(standings: Sequence[Standing]) -> dict[str, tuple[str, ...]]:
    out: dict[str, tuple[str, ...]] = {}
    for each in standings:
        if not each.admitted and not each.section.startswith(text.CHECK):
            out[each.section] = (*out.get(each.section, ()), each.name)
    return out


def _kept_out(services: Sequence[Service], out: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """Members that are out of service stay so, in a service of theirs that is changed or new too."""
    kept = {}
    for service in services if out else ():
        names = out.get(text.section_of(service), ())
        here = {server for servers in text.server_names(service).values() for server in servers} if names else set()
        if here & set(names):
            kept[text.section_of(service)] = tuple(name for name in names if name in here)
    return kept


def _loads(arguments: str, places: Places) -> str:
    return f"loads {places.own}" if str(places.own) in arguments else "does not load it"
