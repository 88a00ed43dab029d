# SPDX-License-Identifier: GPL-3.0-or-later
"""Rendered files, returned by a module and written where `rendered_dir` says so. Private to the collection."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Union

from .contract import Operation, result
from .files import FileError, make_folder, read_bytes, write_whole

# Nothing that is rendered is secret, and somebody else takes it from there.
READABLE, ENTERABLE = 0o644, 0o755
Files = Mapping[str, Union[str, bytes]]


def written(folder: str | None, files: Files, check: bool) -> dict[str, Any]:
    """The result of a module that rendered files: which of them differ from those in the folder, and are written."""
    if not folder:
        return result([])
    operations, differences = [], []
    try:
        for name, content in files.items():
            path = _path_in(Path(folder), name)
            new = content.encode() if isinstance(content, str) else content
            old = read_bytes(path)
            if old == new:
                continue
            operations.append(Operation("add" if old is None else "change", str(path), _size(old), _size(new)))
            differences.append(_difference(path, old, new))
            if not check:
                make_folder(path.parent, ENTERABLE)
                write_whole(path, new, READABLE)
    except FileError as error:
        return {"failed": True, "msg": f"rendered_dir: {error}"}
    return {**result(operations), "diff": differences}


def _path_in(folder: Path, name: str) -> Path:
    """Names of files come from names of hosts and zones, which may be anything."""
    parts = PurePosixPath(name).parts
    if not parts or "/" in parts or ".." in parts:
        raise FileError(f"{name!r} is no name of a file in {folder}")
    return folder / name


def _size(content: bytes | None) -> str:
    return "" if content is None else f"{len(content)} bytes"


def _difference(path: Path, old: bytes | None, new: bytes) -> dict[str, str]:
    return {"before_header": str(path), "after_header": str(path), "before": _shown(old or b""), "after": _shown(new)}


def _shown(content: bytes) -> str:
    """Text as it is, all else by its size."""
    try:
        return content.decode()
    except UnicodeDecodeError:
        return f"{_size(content)}\n"
