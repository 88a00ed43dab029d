# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders of small files, above `..files`: read whole, replaced whole, packed for a journal. Private."""

from __future__ import annotations

import base64
import concurrent.futures
import contextlib
import json
import os
import secrets
import shutil
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..files import FILE_MODE, FOLDER_MODE, HALF, FileError, make_folder, read_bytes, words_of, write_whole
from ..journal import Journal, JournalError

# What keeps a folder from being used, each in words with a remedy.
PROBLEMS = (FileError, JournalError)
WAITED_FOR_AT_ONCE = 16
# An open file, where it is written, and where it is put.
Half = tuple[int, str, str]


class UnknownRunError(JournalError):
    """There is nothing to put back; who undoes a run that changed nothing may not mind."""


def stored(journal: Journal, run: str) -> Any:
    """What a run found."""
    try:
        return journal.stored(run)
    except JournalError as error:
        if run in journal.runs():
            raise
        raise UnknownRunError(str(error)) from None


def tidy(path: Path) -> None:
    """Remove what a killed run left half done."""
    for half in path.rglob(f"{HALF}*"):
        if half.is_dir() and not half.is_symlink():
            shutil.rmtree(half, ignore_errors=True)
        else:
            half.unlink(missing_ok=True)


def content(path: str | Path) -> dict[str, bytes]:
    """All files of a folder, by name; empty when there is none."""
    found = {}
    try:
        with os.scandir(path) as entries:
            for entry in entries:
                if entry.is_file() and entry.name[0] != ".":
                    with open(entry.path, "rb") as file:
                        found[entry.name] = file.read()
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise FileError(words_of(error, Path(path))) from error
    return {name: found[name] for name in sorted(found)}


def put(path: Path, files: Mapping[str, bytes]) -> None:
    """Make a folder hold exactly these files, for their owner only; what is there, unchanged and closed stays."""
    make_folder(path)
    there = content(path)
    for name, data in files.items():
        if there.get(name) != data or (path / name).stat().st_mode & 0o077:
            write_whole(path / name, data)
    for name in there.keys() - files.keys():
        (path / name).unlink(missing_ok=True)


def write_all(parent: Path, files: Sequence[tuple[str, str, bytes]], remade: Collection[str] = ()) -> None:
    """Many files below a folder, by folder in it and name, each whole or not at all, put in place in their order.

    All are written before the first is waited for, so that the disk is waited for once and not for each. Files with a
    name of `remade` are not waited for: a later run makes them anew where a power cut has lost them.
    """
    make_folder(parent)
    halves: list[Half] = []
    mark = secrets.token_hex(4)
    placed = 0
    try:
        for folder in dict.fromkeys(folder for folder, _name, _data in files):
            with contextlib.suppress(FileExistsError):
                os.mkdir(f"{parent}/{folder}", FOLDER_MODE)
        for folder, name, data in files:
            half = f"{parent}/{folder}/{HALF}{name}-{mark}"
            handle = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
            halves.append((handle, half, f"{parent}/{folder}/{name}"))
            with open(handle, "wb", closefd=False) as file:
                file.write(data)
        awaited = [
            handle for (handle, _half, _path), (_folder, name, _data) in zip(halves, files) if name not in remade
        ]
        _wait_for_all(awaited)
        for _handle, half, path in halves:
            os.replace(half, path)
            placed += 1
    except OSError as error:
        raise FileError(words_of(error, Path(halves[-1][2] if halves else parent))) from error
    finally:
        for handle, _half, _path in halves:
            os.close(handle)
        for _handle, half, _path in halves[placed:]:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(half)


def _wait_for_all(handles: Sequence[int]) -> None:
    """Together: the file system brings many to the disk as fast as one."""
    shares = [handles[first::WAITED_FOR_AT_ONCE] for first in range(min(WAITED_FOR_AT_ONCE, len(handles)))]
    with concurrent.futures.ThreadPoolExecutor(len(shares) or 1) as pool:
        list(pool.map(_wait_for, shares))


def _wait_for(handles: Sequence[int]) -> None:
    for handle in handles:
        os.fsync(handle)


def remove(path: Path) -> None:
    """Take a folder away, at once for who looks."""
    gone = path.with_name(f"{HALF}{path.name}-{secrets.token_hex(4)}")
    try:
        os.rename(path, gone)
    except OSError as error:
        raise FileError(words_of(error, path)) from error
    shutil.rmtree(gone, ignore_errors=True)


def packed(files: Mapping[str, bytes]) -> dict[str, str]:
    """Files as a journal holds them; what is damaged is kept as it is, so they need not be text."""
    return {name: base64.b64encode(data).decode("ascii") for name, data in files.items()}


def unpacked(files: Mapping[str, str]) -> dict[str, bytes]:
    """The files of a journal."""
    return {name: base64.b64decode(data) for name, data in files.items()}


def json_of(data: bytes | None) -> Any:
    """What a file of ours says; nothing when it is damaged, since all in them can be made anew."""
    try:
        return json.loads(data) if data else {}
    except ValueError:
        return {}


def read(path: Path) -> bytes:
    """What a file of somebody else holds; ValueError when there is none."""
    found = read_bytes(path)
    if found is None:
        raise ValueError(f"{path} is not there")
    return found
