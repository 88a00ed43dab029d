# SPDX-License-Identifier: GPL-3.0-or-later
"""The `intended/` tree on disk: written whole or not at all, and only what changed.

`manifest.json` holds the digest of every file and of the planner's input, and is written last: a reader that finds a
mismatch knows that the tree is not one plan. Files of the manifest before that are no longer planned are removed; files
that were never ours stay.
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
Files = t.Mapping[str, bytes]


class UnreadableTreeError(Exception):
    """What is on disk is not a tree that was written whole."""


@dataclasses.dataclass(frozen=True, slots=True)
class Change:
    """A file that differs from what is planned; None stands for a file that is not there."""

    path: str
    before: bytes | None
    after: bytes | None

    def texts(self) -> tuple[str, str]:
        """Both sides as text, for people."""
        before, after = self.before or b"", self.after or b""
        return before.decode("utf-8", "replace"), after.decode("utf-8", "replace")


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def with_manifest(texts: t.Mapping[str, str], source_digest: str, version: int) -> dict[str, bytes]:
    """The files, encoded once for all that is done with them, and the manifest over them."""
    files = {path: text.encode() for path, text in texts.items()}
    manifest = {
        "schema_version": version,
        "input": source_digest,
        "files": {path: digest(content) for path, content in sorted(files.items())},
    }
    return {**files, MANIFEST: (json.dumps(manifest, indent=1) + "\n").encode()}


def compare(folder: Path, files: Files) -> tuple[Change, ...]:
    """What writing the files would change."""
    changes = []
    for path, after in sorted(files.items()):
        before = _content(folder / path)
        if before != after:
            changes.append(Change(path, before, after))
    changes.extend(Change(path, _content(folder / path), None) for path in sorted(_former(folder) - files.keys()))
    return tuple(change for change in changes if change.before is not None or change.after is not None)


def write(folder: Path, changes: t.Sequence[Change]) -> None:
    """Make the changes: everything is staged beside its place first, so that a full disk or a missing permission
    leaves the tree as it was; then the files are put in place, the manifest last."""
    staged: list[tuple[Path, Path]] = []
    coming = [(folder / change.path, change) for change in changes if change.after is not None]
    for parent in {folder, *(place.parent for place, _change in coming)}:
        parent.mkdir(parents=True, exist_ok=True)
    try:
        for place, change in coming:
            temporary = place.with_name(f".{place.name}.{secrets.token_hex(4)}")
            staged.append((temporary, place))
            _fill(temporary, change.after or b"")
            if change.before is not None:
                temporary.chmod(place.stat().st_mode & 0o777)
        for temporary, place in sorted(staged, key=lambda pair: pair[1].name == MANIFEST and pair[1].parent == folder):
            os.replace(temporary, place)
    except BaseException:
        for temporary, _place in staged:
            temporary.unlink(missing_ok=True)
        raise
    for change in changes:
        if change.after is None:
            _remove(folder, change.path)


def mirror(folder: Path, tree: Path, files: Files) -> None:
    """Make `folder` hold just these files, as further names of those of a tree that was written with them.

    Hundreds of new files cost a file system far more than as many links. What is planned later never reaches a link,
    since `write` puts new files in the place of old ones; what an editor does to the file itself is found by `read`.
    """
    shutil.rmtree(folder, ignore_errors=True)
    for parent in sorted({(folder / path).parent for path in files}):
        parent.mkdir(parents=True, exist_ok=True)
    for path, content in files.items():
        try:
            os.link(tree / path, folder / path)
        except OSError:  # Another file system, one without links, or a file of another user's.
            (folder / path).write_bytes(content)


def read(folder: Path, path: str) -> str:
    """A file of the tree, if the manifest vouches for it."""
    manifest = _manifest(folder)
    content = _content(folder / path)
    if content is None or manifest.get(path) != digest(content):
        raise UnreadableTreeError(f"{folder / path} is not what {MANIFEST} says was planned; plan again")
    return content.decode()


def _fill(place: Path, content: bytes) -> None:
    with place.open("xb") as stream:
        stream.write(content)


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
