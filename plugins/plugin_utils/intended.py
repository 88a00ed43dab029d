# SPDX-License-Identifier: GPL-3.0-or-later
"""The `intended/` tree on disk: written whole or not at all, and only what changed.

A new tree is laid out first, part by part and by as many processes as there are parts: what differs from the tree there
is, in a folder within it, so that a full disk or a missing permission leaves all as it was. Then the files are put in
place. `manifest.json` holds the digest of every file and of the planner's input, and is put there last: a reader that
finds a mismatch knows that the tree is not one plan. Files of the manifest before that are no longer planned are
removed; files that were never ours stay.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import secrets
import shutil
import typing as t
from pathlib import Path

MANIFEST = "manifest.json"
_FOR_MACHINES = ".json"
# By path the digest, and whether the tree holds something else or nothing there. Plain data, to go between processes.
Laid = dict[str, tuple[str, bool]]


class UnreadableTreeError(Exception):
    """What is on disk is not a tree that was written whole."""


@dataclasses.dataclass(frozen=True, slots=True)
class Change:
    """A file that differs from what is planned; None stands for a file that is not there."""

    path: str
    before: Path | None
    after: Path | None

    def texts(self) -> tuple[str, str]:
        """Both sides as text, for people, as long as the change has not been made."""
        before, after = (path.read_bytes() if path else b"" for path in (self.before, self.after))
        return before.decode("utf-8", "replace"), after.decode("utf-8", "replace")


@dataclasses.dataclass(frozen=True, slots=True)
class Making:
    """A new tree in the making: in `staged` what differs from the tree there is, in `private` what machines read of it.

    The private files are further names of those in the other folders, since a new file costs a file system far more.
    What is planned later never reaches them: it is put in the place of old files, never into them. What an editor does
    to a file is found by `read`.
    """

    tree: Path
    staged: Path
    private: Path

    def place(self, path: str) -> Path:
        """Of a file that is staged. All are in one folder, since a file system puts what is in new ones far apart."""
        return self.staged / digest(path.encode())

    def lay(self, texts: t.Mapping[str, str]) -> Laid:
        """Lay out files of the new tree."""
        laid: Laid = {}
        for path, text in texts.items():
            content = text.encode()
            differs = content != _content(self.tree / path)
            file = self.place(path) if differs else self.tree / path
            if differs:
                _write(file, content)
            if path.endswith(_FOR_MACHINES):
                _link(self.private / path, file, content)
            laid[path] = digest(content), differs
        return laid

    def seal(self, laid: Laid, source_digest: str, version: int) -> tuple[Change, ...]:
        """Lay out the manifest over what was laid. The changes that lead to the new tree."""
        content = {
            "schema_version": version,
            "input": source_digest,
            "files": {path: found for path, (found, _differs) in sorted(laid.items())},
        }
        laid = {**laid, **self.lay({MANIFEST: json.dumps(content, indent=1) + "\n"})}
        new = [path for path, (_found, differs) in sorted(laid.items()) if differs]
        gone = sorted(_former(self.tree) - laid.keys())
        changes = [Change(path, _existing(self.tree / path), self.place(path)) for path in new]
        changes += [Change(path, place, None) for path in gone if (place := _existing(self.tree / path))]
        return tuple(changes)

    def put(self, changes: t.Sequence[Change]) -> None:
        """Make the changes, that of the manifest last."""
        coming = [change for change in changes if change.after is not None]
        for parent in {(self.tree / change.path).parent for change in coming}:
            parent.mkdir(parents=True, exist_ok=True)
        for change in coming:
            if change.before is not None:
                self.place(change.path).chmod(change.before.stat().st_mode & 0o777)
        for change in sorted(coming, key=lambda change: change.path == MANIFEST):
            os.replace(self.place(change.path), self.tree / change.path)
        for change in changes:
            if change.after is None:
                _remove(self.tree, change.path)


@contextlib.contextmanager
def making(tree: Path, private: Path, keep: bool) -> t.Iterator[Making]:
    """For a new tree. Unless it is to be kept, nothing is written to the place of the one there is."""
    shutil.rmtree(private, ignore_errors=True)
    staged = (tree if keep else private.parent) / f".{secrets.token_hex(4)}"
    try:
        yield Making(tree, staged, private)
    except OSError as error:
        if error.filename and staged in (Path(error.filename), *Path(error.filename).parents):
            error.filename = str(staged.parent)  # What is staged where is nobody's business who is told of it.
        raise
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def read(folder: Path, path: str) -> str:
    """A file of the tree, if the manifest vouches for it."""
    manifest = _manifest(folder)
    content = _content(folder / path)
    if content is None or manifest.get(path) != digest(content):
        raise UnreadableTreeError(f"{folder / path} is not what {MANIFEST} says was planned; plan again")
    return content.decode()


def _write(place: Path, content: bytes) -> None:
    try:
        place.write_bytes(content)
    except FileNotFoundError:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)


def _link(place: Path, file: Path, content: bytes) -> None:
    """A further name of the file; or a copy, where file systems or rights allow no link."""
    place.parent.mkdir(parents=True, exist_ok=True)
    place.unlink(missing_ok=True)  # A name that is there is of an attempt before, and must not be written through.
    try:
        os.link(file, place)
    except OSError:
        place.write_bytes(content)


def _existing(place: Path) -> Path | None:
    return place if place.is_file() else None


def _remove(folder: Path, path: str) -> None:
    """A file that is no longer planned, and the folders that it leaves empty."""
    (folder / path).unlink(missing_ok=True)
    for parent in (folder / path).parents:
        if parent == folder:
            break
        with contextlib.suppress(OSError):
            parent.rmdir()


def _former(folder: Path) -> set[str]:
    try:
        return set(_manifest(folder))
    except UnreadableTreeError:
        return set()


def _manifest(folder: Path) -> dict[str, str]:
    content = _content(folder / MANIFEST)
    if content is None:
        raise UnreadableTreeError(f"{folder} holds no {MANIFEST}; plan first")
    try:
        files = json.loads(content)["files"]
        return {str(path): str(value) for path, value in files.items() if _inside(str(path))}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnreadableTreeError(f"{folder / MANIFEST} cannot be read: {error}") from error


def _inside(path: str) -> bool:
    """A manifest that was tampered with must not lead out of its folder."""
    return not path.startswith("/") and ".." not in Path(path).parts


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
