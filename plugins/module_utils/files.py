# SPDX-License-Identifier: GPL-3.0-or-later
"""Files written whole or not at all, for their owner only. Private to the collection."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

FOLDER_MODE = 0o700
FILE_MODE = 0o600
HALF = ".half-"


class FileError(Exception):
    """What keeps a file from being read or written, in words with a remedy."""


def write_whole(path: Path, data: bytes, mode: int = FILE_MODE) -> None:
    """Whole or not at all, on the disk, and never readable by others for a moment.

    A kill leaves a file whose name begins with `HALF`; who owns the folder removes it.
    """
    half = path.with_name(f"{HALF}{path.name}-{secrets.token_hex(4)}")
    try:
        handle = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(half, path)
        except BaseException:
            half.unlink(missing_ok=True)
            raise
    except OSError as error:
        # The half is nothing that anybody else knows of.
        error.filename = str(path)
        raise FileError(words_of(error, path)) from error


def make_folder(path: Path, mode: int = FOLDER_MODE) -> None:
    """Make a folder, with those above it."""
    try:
        try:
            path.mkdir(mode=mode, exist_ok=True)
        except FileNotFoundError:
            make_folder(path.parent, mode)
            path.mkdir(mode=mode, exist_ok=True)
    except OSError as error:
        raise FileError(words_of(error, path)) from error


def read_bytes(path: Path) -> bytes | None:
    """What a file holds; None when there is none."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise FileError(words_of(error, path)) from error


def words_of(error: OSError, path: Path) -> str:
    """What to say of an error of the file system."""
    return f"{error.filename or path}: {error.strerror}. Mend its permissions, or make room, or name another place"
