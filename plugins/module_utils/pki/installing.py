# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates on the host that shows them. Private to the collection.

<folder>/<id>                 -> .sets/<id>/<digest>, swapped in one step: no reader sees a key beside another's
                              certificate
<folder>/.sets/<id>/<digest>  certificate.pem (with its chain)  key.pem  combined.pem (both)  trust.pem
<folder>/.journal/            where the links led before the last runs
"""

from __future__ import annotations

import dataclasses
import datetime
import os
import secrets
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..contract import Operation
from ..files import HALF, FileError, make_folder, words_of
from ..journal import Journal, run_id
from ..limits import USUAL, Limits
from . import certificates, files, revocation
from .bundles import SECRETS, BundleError, Expected, Material, digest
from .bundles import expected as digests_of

STATES = ("replaced", "overridden", "deleted", "gathered", "restored")
SETS, JOURNAL = ".sets", ".journal"
MOST_SETS = 5


@dataclasses.dataclass(frozen=True)
class Options:
    folder: str
    state: str = "replaced"
    run: str = ""
    limits: Limits = USUAL
    check_revocation: bool = False


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What was done, or would be; `needed` are ids whose material must be sent first."""

    operations: Sequence[Operation] = ()
    problems: Sequence[str] = ()
    installed: Sequence[Mapping[str, Any]] = ()
    foreign: Sequence[str] = ()
    needed: Sequence[str] = ()
    run: str = ""


def plan(want: Sequence[Expected], have: Mapping[str, Expected | None]) -> list[Operation]:
    """What has to be swapped in: pure. A value of None is something there that cannot be used."""
    operations = []
    for item in want:
        there = have.get(item.id)
        if there == item:
            continue
        action = "change" if item.id in have else "add"
        operations.append(Operation(action, f"certificate {item.id}", _shown(there, item.id in have), _shown(item)))
    return operations


def _shown(item: Expected | None, there: bool = True) -> str:
    if item is None:
        return "unusable" if there else ""
    return f"sha256 {item.sha256[:16]}, key {item.key_sha256[:16]}"


class Installation:
    """The folder on the host."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.folder = Path(options.folder)
        self._journal = Journal(options.folder, JOURNAL)

    # --- reading -----------------------------------------------------------------------------------------------------

    def ids(self) -> list[str]:
        if not self.folder.is_dir():
            return []
        return sorted(entry.name for entry in self.folder.iterdir() if entry.name[0] != "." and entry.is_dir())

    def read(self) -> dict[str, Expected | None]:
        return {name: self._read(name) for name in self.ids()}

    def _read(self, name: str) -> Expected | None:
        found = files.content(self.folder / name)
        try:
            material = _material(found)
            loose = any((self.folder / name / secret).stat().st_mode & 0o077 for secret in SECRETS)
            return None if loose or found != material.files else digests_of(name, material)
        except (KeyError, OSError, BundleError):
            return None

    def is_ours(self, name: str) -> bool:
        return (self.folder / name).is_symlink()

    # --- what the module does ----------------------------------------------------------------------------------------

    def run(
        self, want: Sequence[Expected], sent: Mapping[str, Material] | None, now: datetime.datetime, *, check: bool
    ) -> Outcome:
        if check or self.options.state == "gathered":
            return self._run(want, sent, now, check=True)
        with self._journal.locked():
            files.tidy(self.folder)
            return self._run(want, sent, now, check=False)

    def _run(
        self, want: Sequence[Expected], sent: Mapping[str, Material] | None, now: datetime.datetime, *, check: bool
    ) -> Outcome:
        if self.options.state == "restored":
            return self._restore(check=check)
        have = self.read()
        names = [item.id for item in want]
        others = [name for name in have if name not in names]
        foreign = [name for name in others if not self.is_ours(name)]
        if self.options.state == "gathered":
            return Outcome(installed=self._installed([n for n in have if have[n]], now), foreign=foreign)
        operations = [] if self.options.state == "deleted" else plan(want, have)
        gone = self._gone(names, others)
        refused = self.options.limits.refusal(gone, len(have), "certificates")
        if refused:
            return Outcome(problems=[refused])
        changed = [operation.name.split(" ", 1)[1] for operation in operations]
        operations += [Operation("remove", f"certificate {name}", _shown(have[name])) for name in gone]
        kept = [name for name in names if name in have and name not in changed] if not gone else []
        if check or not operations:
            shown = kept if self.options.state != "deleted" else []
            return Outcome(operations=operations, installed=self._installed(shown, now), foreign=foreign)
        if changed and not sent:
            return Outcome(needed=changed, foreign=foreign)
        problems = self._refused([item for item in want if item.id in changed], sent or {})
        if problems:
            return Outcome(problems=problems)
        run = self._swap({name: (sent or {})[name] for name in changed}, gone)
        listed = [] if self.options.state == "deleted" else names
        return Outcome(operations=operations, installed=self._installed(listed, now), foreign=foreign, run=run)

    def _gone(self, names: Sequence[str], others: Sequence[str]) -> list[str]:
        if self.options.state == "deleted":
            return [name for name in names if (self.folder / name).is_dir()]
        if self.options.state == "overridden":
            return [name for name in others if self.is_ours(name)]
        return []

    def _refused(self, want: Sequence[Expected], sent: Mapping[str, Material]) -> list[str]:
        """Why what was sent is not put in: it must be, to the last bit, what the controller said it would be."""
        problems = []
        for item in want:
            material = sent.get(item.id)
            if material is None:
                problems.append(f"{item.id}: was not sent")
                continue
            try:
                found = digests_of(item.id, material)
            except BundleError as error:
                problems.append(str(error))
                continue
            wrong = [f.name for f in dataclasses.fields(Expected) if getattr(found, f.name) != getattr(item, f.name)]
            if wrong:
                problems.append(f"{item.id}: what came is not what was announced: {', '.join(wrong)} differ")
        return problems

    # --- writing, under the lock -------------------------------------------------------------------------------------

    def _swap(self, materials: Mapping[str, Material], gone: Sequence[str]) -> str:
        run = run_id(self.options.run)
        prepared = {name: self._prepare(name, material.files) for name, material in materials.items()}
        self._note(run, [*prepared, *gone])
        for name, target in prepared.items():
            self._link(name, target)
        for name in gone:
            self._unlink(name)
        self._tidy([*prepared, *gone])
        return run

    def _prepare(self, name: str, content: Mapping[str, bytes]) -> str:
        """All files of a certificate, in a folder that nobody looks at yet."""
        mark = digest(b"".join(digest(data).encode() for _name, data in sorted(content.items())))[:20]
        files.put(self.folder / SETS / name / mark, content)
        return f"{SETS}/{name}/{mark}"

    def _link(self, name: str, target: str) -> None:
        path = self.folder / name
        if path.is_dir() and not path.is_symlink():
            self._set_aside(name)
        half = self.folder / f"{HALF}{secrets.token_hex(6)}"
        try:
            half.symlink_to(target)
            os.replace(half, path)
        except OSError as error:
            half.unlink(missing_ok=True)
            raise FileError(words_of(error, path)) from error

    def _unlink(self, name: str) -> None:
        path = self.folder / name
        if path.is_symlink():
            path.unlink()
        elif path.is_dir():
            self._set_aside(name)

    def _set_aside(self, name: str) -> None:
        """What was put there by hand becomes a set like all others, and can be brought back."""
        place = self.folder / self._by_hand(name)
        shutil.rmtree(place, ignore_errors=True)
        make_folder(place.parent)
        os.rename(self.folder / name, place)

    def _by_hand(self, name: str) -> str:
        return f"{SETS}/{name}/by-hand"

    def _target(self, name: str) -> str:
        path = self.folder / name
        if path.is_symlink():
            return os.readlink(path)
        return self._by_hand(name) if path.is_dir() else ""

    # --- and back ----------------------------------------------------------------------------------------------------

    def _note(self, run: str, names: Sequence[str]) -> None:
        """Where the links lead now, unless the run noted it before."""
        known = self._journal.stored(run) if self._journal.has(run) else {}
        before = {name: self._target(name) for name in names}
        for name in names:
            make_folder(self.folder / SETS / name)
        self._journal.store(run, before)
        if known:
            self._journal.replace(run, {**before, **known})

    def _restore(self, *, check: bool) -> Outcome:
        if not self.options.run:
            return Outcome(problems=["run: is missing; state: restored needs the undo_id of the run to undo"])
        found = files.stored(self._journal, self.options.run)
        changes = {item: target for item, target in found.items() if self._target(item) != target}
        lost = [f"{item}: {target} is no more" for item, target in changes.items() if not self._there(target)]
        if lost:
            return Outcome(problems=lost)
        operations = [
            Operation("change" if target else "remove", f"certificate {item}", self._target(item), target)
            for item, target in changes.items()
        ]
        run = ""
        if changes and not check:
            run = run_id(None)
            self._note(run, list(changes))
            for item, target in changes.items():
                if target:
                    self._link(item, target)
                else:
                    self._unlink(item)
        return Outcome(operations=operations, run=run)

    def _there(self, target: str) -> bool:
        return not target or (self.folder / target).is_dir()

    def _tidy(self, names: Sequence[str]) -> None:
        """The newest sets of each certificate stay; older ones go, and their keys with them."""
        for name in names:
            current = self._target(name)
            sets = sorted((self.folder / SETS / name).glob("[!.]*"), key=lambda path: path.stat().st_mtime_ns)
            for old in sets[:-MOST_SETS]:
                if f"{SETS}/{name}/{old.name}" != current:
                    shutil.rmtree(old, ignore_errors=True)

    # --- facts -------------------------------------------------------------------------------------------------------

    def _installed(self, names: Sequence[str], now: datetime.datetime) -> list[dict[str, Any]]:
        """How each installed certificate stands."""
        return [self._standing(name, now) for name in names]

    def _standing(self, name: str, now: datetime.datetime) -> dict[str, Any]:
        material = _material(files.content(self.folder / name))
        found = certificates.load_all(material.certificate)
        leaf = certificates.facts(found[0])
        chain, problem = certificates.chain_of(found[0], found[1:], certificates.load_all(material.trust), now)
        wrong = {"chain": problem} if problem else {}
        date = certificates.date_problem(leaf.not_before, leaf.not_after, now, "it")
        if date:
            wrong["date"] = date
        if self.options.check_revocation and chain:
            revoked = revocation.problem(chain, now)
            if revoked:
                wrong["revocation"] = revoked
        own = dataclasses.asdict(digests_of(name, material))
        return {**own, "days_left": leaf.days_left(now), "sans": list(leaf.sans), "wrong": wrong}


def _material(content: Mapping[str, bytes]) -> Material:
    return Material(content["key.pem"], content["certificate.pem"], content["trust.pem"])
