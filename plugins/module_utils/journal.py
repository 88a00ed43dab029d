# SPDX-License-Identifier: GPL-3.0-or-later
"""What is ours at a target, and what each run found there: files in a folder of its own. Private to the collection.

`owned.json` says what is ours, for mechanisms that cannot mark their objects in place; `runs/<run>.json` holds what a
run found before it changed anything, which is what `state: restored` puts back. Without the first nothing is ours, and
nothing is removed. A run that is stored stays as it is: the state before its first change is the one to come back to.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import secrets
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .files import FILE_MODE, HALF, FileError, make_folder, read_bytes, words_of, write_whole

KEPT_RUNS = 10
_RUN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_PLAIN = re.compile(r"[^a-z0-9._-]")


class JournalError(Exception):
    """The journal cannot be used; the message says why and what to do."""


def option_problems(options: Mapping[str, Any], each: str) -> list[str]:
    """What a state that writes needs of the options `run` and `journal_dir`, and is not there."""
    found = []
    if options["state"] == "restored" and not options.get("run"):
        found.append("run: is missing; state restored needs the undo_id of the run that is to be undone")
    if not options.get("journal_dir"):
        found.append(
            f"journal_dir: is missing; it holds what is ours in each {each} and what each run found there. "
            "Name a folder that is kept, and that every controller of the estate has"
        )
    return found


def run_id(given: str | None) -> str:
    """The name that a run's previous state is stored under: the one given, or one that sorts by time."""
    if given and not _RUN.fullmatch(given):
        raise JournalError(
            f"run: {given!r} cannot name a run; letters, digits, dots, dashes and underscores are allowed"
        )
    return given or f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{secrets.token_hex(3)}"


class Journal:
    """The files of one target."""

    def __init__(self, parent: str, target: str) -> None:
        name = _PLAIN.sub(lambda found: "".join(f"%{byte:02x}" for byte in found[0].encode()), target.lower())
        self.folder = Path(parent) / name
        self._owned = self.folder / "owned.json"
        self._runs = self.folder / "runs"

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """While this lasts no other run on this machine works on the target; what a killed one left half done goes."""
        with _said():
            make_folder(self._runs)
            path = self.folder / "lock"
            try:
                handle = os.open(path, os.O_RDWR | os.O_CREAT, FILE_MODE)
            except OSError as error:
                raise FileError(words_of(error, path)) from error
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise JournalError(
                    f"another run works here: it holds {path}. Wait for it to end, then run again"
                ) from None
            for half in self.folder.rglob(f"{HALF}*"):
                half.unlink(missing_ok=True)
            yield
        finally:
            os.close(handle)

    def owned(self) -> Any:
        """What was last said to be ours; None where nothing was."""
        return self._read(self._owned)

    def own(self, content: Any) -> None:
        """Say what is ours from now on."""
        self._write(self._owned, content)

    def has(self, run: str) -> bool:
        """True when the state before this run is stored."""
        return self._path(run).exists()

    def store(self, run: str, content: Any) -> Path:
        """Store the state before a run, unless it is stored already; the path of the file."""
        path = self._path(run)
        if not path.exists():
            with _said():
                make_folder(self._runs)
            self._write(path, content)
            for old in self.runs()[:-KEPT_RUNS]:
                for suffix in (".json", ".log"):
                    self._path(old).with_suffix(suffix).unlink(missing_ok=True)
        return path

    def replace(self, run: str, content: Any) -> None:
        """Store more about a run that is stored."""
        self._write(self._path(run), content)

    def note(self, run: str, words: str) -> None:
        """Add a line on what has been done, on the disk before anything else is done."""
        path = self._path(run).with_suffix(".log")
        try:
            with open(path, "a", encoding="utf-8", opener=_private) as file:
                file.write(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {words}\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise JournalError(words_of(error, path)) from error

    def stored(self, run: str) -> Any:
        """The state before a run."""
        content = self._read(self._path(run)) if _RUN.fullmatch(run) else None
        if content is None:
            known = ", ".join(self.runs()) or "none"
            raise JournalError(f"run: {run!r} is not stored in {self._runs}; stored are {known}")
        return content

    def runs(self) -> list[str]:
        """Stored runs, the oldest first."""
        try:
            found = [(path.stat().st_mtime_ns, path.stem) for path in self._runs.glob("[!.]*.json")]
        except OSError:
            return []
        return [name for _time, name in sorted(found)]

    def _path(self, run: str) -> Path:
        # Not with_suffix: a run's name may hold dots.
        return self._runs / f"{run_id(run)}.json"

    def _read(self, path: Path) -> Any:
        with _said():
            data = read_bytes(path)
        if data is None:
            return None
        try:
            return json.loads(data)
        except ValueError as error:
            raise spoilt(path, error) from None

    def _write(self, path: Path, content: Any) -> None:
        with _said():
            make_folder(path.parent)
            write_whole(path, (_lines(content) + "\n").encode())


def spoilt(path: Path, error: Exception) -> JournalError:
    """For a file that holds something else than it should."""
    return JournalError(
        f"{path} is spoilt ({error}); restore it from a backup, or remove it: "
        "then nothing is ours until adopted, and nothing is removed"
    )


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, FILE_MODE)


def _lines(content: Any) -> str:
    """JSON with one item of a list a line, so that a difference reads well in version control."""
    if not isinstance(content, dict):
        return json.dumps(content)
    parts = []
    for key, value in content.items():
        listed = isinstance(value, list) and value
        text = "[\n" + ",\n".join(json.dumps(item) for item in value) + "\n]" if listed else json.dumps(value)
        parts.append(f"{json.dumps(key)}: {text}")
    return "{" + ",\n".join(parts) + "}"


@contextlib.contextmanager
def _said() -> Iterator[None]:
    try:
        yield
    except FileError as error:
        raise JournalError(str(error)) from error
