# SPDX-License-Identifier: GPL-3.0-or-later
"""The publications of a reverse proxy as they are listed: read once, compared once, swapped once."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..balancer.checking import Checking
from ..balancer.places import BalancerError, Places, found
from ..balancer.process import Haproxy, Loaded
from ..balancer.runtime import RuntimeSocketError
from ..balancer.text import digest_of
from ..contract import Operation, result
from ..files import FileError, read_bytes
from ..items import refused
from ..journal import Journal, JournalError, run_id
from ..limits import limit_problems, limits_of
from ..rendered import written
from . import text
from .model import Publication, decode

_TARGET = "publications"
_FILE = "publications.cfg"

Result = dict[str, Any]
Publications = Sequence[Publication]


def run(options: Mapping[str, Any], check: bool) -> Result:
    """What the module returns; with `failed` and `msg` when something went wrong."""
    problems = limit_problems(options)
    if problems:
        return {"failed": True, "msg": refused(problems)}
    try:
        if options["state"] in ("rendered", "parsed"):
            return _offline(options, check)
        return Engine(options, check).run()
    except BalancerError as error:
        return {"failed": True, "msg": str(error), **error.told}


def _offline(options: Mapping[str, Any], check: bool) -> Result:
    """What the states return that look at no host."""
    if options["state"] == "parsed":
        try:
            return {**result([]), "parsed": [each.as_item() for each in text.parse(options["text"] or "")]}
        except text.UnreadableTextError as error:
            raise BalancerError(f"text: {error}") from error
    files = {_FILE: text.render(_wanted(options["publications"]))}
    files = {name: content for name, content in files.items() if content}
    return {**written(options["rendered_dir"], files, check), "rendered": files}


def _wanted(given: Any) -> list[Publication]:
    publications, problems = decode(given or [])
    if problems:
        raise BalancerError(refused(problems))
    replaced = {each.replaces for each in publications} - {""}
    return [each for each in publications if each.id not in replaced]


class Engine:
    """One run on one host."""

    def __init__(self, options: Mapping[str, Any], check: bool, places: Places | None = None) -> None:
        self.options = options
        self.check = check
        self.state: str = options["state"]
        self.places = places or Places(Path(options["config"]), Path(options["main_config"]))
        timeout = float(options["reload_timeout"])
        manager, command = options["service_manager"], options["reload_command"]
        self.haproxy = Haproxy(self.places, manager, command, timeout, text.SOCKET)
        self.journal = Journal(options["journal_dir"], _TARGET)

    def run(self) -> Result:
        try:
            if self.state == "gathered":
                have, _loaded = self._have()
                return {**result([], self.haproxy.foreign()), "gathered": _as_options(have)}
            if self.check:
                return self._changed(self._want())
            with self.journal.locked():
                return self._changed(self._want())
        except (JournalError, FileError, RuntimeSocketError) as error:
            raise BalancerError(str(error)) from error

    def _want(self) -> list[Publication]:
        if self.state != "restored":
            return _wanted(self.options["publications"])
        run = self.options["run"] or ""
        try:
            return _wanted(self.journal.stored(run)["publications"])
        except JournalError as error:
            if run in self.journal.runs():
                raise
            raise BalancerError(str(error), unknown_run=True) from error

    def _have(self) -> tuple[list[Publication], Loaded]:
        """What is published, and how it stands on the disk and in the process that runs."""
        own = (read_bytes(self.places.own) or b"").decode(errors="replace")
        try:
            publications = text.parse(own)
        except text.UnreadableTextError as error:
            raise BalancerError(
                f"{self.places.own}: {error}. It is not of our making, or was changed by hand: move it away, "
                "and run again"
            ) from error
        digest = ""
        with contextlib.suppress(RuntimeSocketError):
            digest = self.haproxy.runtime.digest()
        return publications, Loaded(own, digest)

    def _changed(self, want: Publications) -> Result:
        have, loaded = self._have()
        after = self._target(want, have)
        missing = [] if found("haproxy") else ["haproxy"]
        need = self._would_need(after, missing)
        if need and not self.check:
            raise BalancerError("\n".join(need), missing=missing)
        new = text.render(after, _contents(after))
        done = operations(have, after)
        removed = [operation.name for operation in done if operation.action == "remove"]
        excess = limits_of(self.options).refusal(removed, len(have), "publications")
        if excess and self.state != "restored":
            raise BalancerError(excess)
        done = done or self._mendings(loaded, new)
        undo = ""
        if done and not self.check:
            undo = run_id(self.options["run"] if self.state != "restored" else None)
            self._apply(have, loaded, new, undo)
        details = str(self.journal.folder / "runs" / f"{undo}.json") if undo else ""
        return {**result(done, self.haproxy.foreign(), undo, details), "would_need": need, "missing": missing}

    def _target(self, want: Publications, have: Publications) -> list[Publication]:
        """What is published afterwards."""
        if self.state in ("overridden", "restored"):
            return list(want)
        if self.state == "deleted":
            keys = {each.key for each in want or have}
            return [each for each in have if each.key not in keys]
        replaced = {each.replaces for each in want} - {""}
        kept = {each.key: each for each in have if each.id not in replaced}
        return list({**kept, **{each.key: each for each in want}}.values())

    def _would_need(self, after: Publications, missing: Sequence[str]) -> list[str]:
        need = [f"{program} is not installed on this host; install the package {program}" for program in missing]
        if after and Places().own.exists():
            need.append(
                f"HAProxy balances services on this host ({Places().own}), and is started with that file; publish from "
                "a host of its own"
            )
        named: dict[str, list[str]] = {}
        for each in after:
            for path in each.certificates:
                named.setdefault(path, []).append(each.name)
        return need + [
            f"{path} is missing, which {', '.join(names)} must show; install the certificate first"
            for path, names in named.items()
            if not Path(path).exists()
        ]

    def _mendings(self, loaded: Loaded, new: str) -> list[Operation]:
        """What is not as it should be though the publications are as listed."""
        before, later = self.haproxy.arguments() if new else self.haproxy.without_arguments()
        own = str(self.places.own)
        if before != later:
            loads = [f"loads {own}" if own in arguments else "does not load it" for arguments in (before, later)]
            return [Operation("change", str(self.places.arguments), *loads)]
        if loaded.text != new:
            return [Operation("change", own, "an older form, or with other certificates", "as it is rendered now")]
        if new and loaded.digest != digest_of(new):
            return [Operation("change", "haproxy", "runs without its file as it is", "runs with it")]
        return []

    def _apply(self, have: Publications, loaded: Loaded, new: str, run: str) -> None:
        with contextlib.closing(Checking(self.haproxy)) as checking:
            problem = checking.problem(new) if new else ""
            if problem:
                raise BalancerError(f"HAProxy refuses the new file; nothing was changed. It says: {problem}")
            self.journal.store(run, _as_options(have))
            self.journal.note(run, f"{self.places.own} is swapped")
            self.haproxy.swap(loaded, new, checking.file)
        self.journal.note(run, "done")


def operations(have: Publications, after: Publications) -> list[Operation]:
    """Publications that differ, those that are added first."""
    before, later = ({each.key: each for each in listed} for listed in (have, after))
    done = []
    for key in sorted({*before, *later}):
        old, new = before.get(key), later.get(key)
        if old != new:
            action = "change" if old and new else "add" if new else "remove"
            was, will = (words_of(each) if each else "" for each in (old, new))
            if was == will and old and new:
                was, will = (f"{words}; {each.id} of {each.stage}" for words, each in ((was, old), (will, new)))
            done.append(Operation(action, f"publication {key}", was, will, ", ".join(new.why) if new else ""))
    order = ("add", "change", "remove")
    return sorted(done, key=lambda operation: order.index(operation.action))


def words_of(publication: Publication) -> str:
    """A publication in a line, as a difference shows it."""
    each = publication
    addresses = ", ".join(each.backend_addresses)
    words = [
        f"{' '.join((each.name, *each.aliases))} at {each.address}",
        f"{' '.join(each.allowed)} to {each.backend} ({addresses}:{each.backend_port})",
        f"shows {', '.join(each.certificates)}" if each.certificates else "without TLS",
    ]
    if not each.backend_tls:
        words.append("server without TLS")
    if each.host_header:
        words.append(f"host {each.host_header}")
    if each.idle_seconds:
        words.append(f"idle {each.idle_seconds} s")
    return "; ".join(words)


def _contents(publications: Publications) -> str:
    """A digest of all certificates that are shown: HAProxy reads them when it loads its files."""
    digest = hashlib.sha256()
    for path in sorted({path for each in publications for path in each.certificates}):
        digest.update(read_bytes(Path(path)) or b"")
    return digest.hexdigest()


def _as_options(publications: Publications) -> Result:
    return {"publications": [each.as_item() for each in publications]}
