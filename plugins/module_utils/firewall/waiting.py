# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that waits for the controller to confirm it, and the process that puts the previous rules back otherwise.

Private to the collection. Everything here is called with the lock of the journal held.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..files import read_bytes, write_whole
from . import returning

NEXT = "next.nft"
_PROGRAM = "return.py"
_ARMED = b"armed\n"
_NOTHING = ("", 0)


class WaitingError(Exception):
    """Nothing could be armed; nothing was changed."""


class Waiting:
    """What is in the folder of a table about a run that is not confirmed yet."""

    def __init__(self, folder: Path, nft: str) -> None:
        self.folder = folder
        self._nft = nft

    def pending(self) -> Mapping[str, Any] | None:
        found: Mapping[str, Any] | None = returning.pending(str(self.folder))
        return found

    def arm(self, run: str, seconds: int, previous: str, following: str, client: tuple[str, int] | None) -> str:
        """Have the previous rules put back in so many seconds; when that is, in words."""
        until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))
        ends = time.monotonic() + seconds
        said = {
            "run": run,
            "until": until,
            "ends": ends,
            "start": start_of_host(),
            "client": list(client or _NOTHING),
        }
        write_whole(self.folder / _PROGRAM, _source().encode())
        process = self._start(ends, seconds)
        # Long files are written while it comes up.
        write_whole(self.folder / returning.PREVIOUS, previous.encode())
        write_whole(self.folder / NEXT, following.encode())
        (self.folder / returning.RETURNED).unlink(missing_ok=True)
        # First the process, then what it looks for: nothing ever waits that nobody watches.
        _see_armed(process)
        write_whole(self.folder / returning.PENDING, json.dumps(said).encode())
        return until

    def _start(self, ends: float, seconds: int) -> subprocess.Popen[bytes]:
        """In a session of its own: it outlives this one, whose end may be what it is there for."""
        command = [sys.executable, str(self.folder / _PROGRAM), str(self.folder), str(ends), str(seconds), self._nft]
        try:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                cwd="/",
            )
        except OSError as error:
            raise WaitingError(f"{command[0]}: {error.strerror}; the rollback cannot be armed") from error

    def disarm(self) -> None:
        """Nothing was changed, or the change is confirmed. The process finds nothing to do when its time comes."""
        (self.folder / returning.PENDING).unlink(missing_ok=True)

    def is_over(self, pending: Mapping[str, Any]) -> str:
        """Why a run waits no longer although nobody decided it; empty while it does."""
        if pending["start"] != start_of_host():
            return "the host has started anew, with the rules that were confirmed last"
        if time.monotonic() > pending["ends"]:
            return "it was not confirmed in time, and the process that waited for it is gone"
        return ""

    def settle(self, pending: Mapping[str, Any], why: str) -> bool:
        """Put the previous rules back, unless a start of the host did that."""
        if pending["start"] == start_of_host():
            return returning.put_back(str(self.folder), self._nft, why)
        said = {"run": pending["run"], "reason": why, "at": pending["until"]}
        write_whole(self.folder / returning.RETURNED, json.dumps(said).encode())
        (self.folder / returning.PENDING).unlink(missing_ok=True)
        return True

    def following(self) -> str:
        """The rules that are to be loaded at a start once the run is confirmed."""
        return (read_bytes(self.folder / NEXT) or b"").decode()

    def returned(self) -> Mapping[str, Any]:
        """The last run whose previous rules were put back."""
        found: Mapping[str, Any] = json.loads(read_bytes(self.folder / returning.RETURNED) or b"{}")
        return found


def _see_armed(process: subprocess.Popen[bytes]) -> None:
    with process.stdout as said:  # type: ignore[union-attr]
        if said.readline() != _ARMED:
            raise WaitingError("the process that would put the previous rules back does not run; nothing was done")


def start_of_host(proc: str = "/proc") -> str:
    """Differs from start to start, of a container too."""
    boot = Path(proc, "sys/kernel/random/boot_id")
    first = Path(proc, "1/stat")
    try:
        return f"{boot.read_text().strip()} {first.read_text().rpartition(')')[2].split()[19]}"
    except OSError:
        return ""


def _source() -> str:
    """The text of the program, which may stand in an archive."""
    loader = returning.__spec__.loader if returning.__spec__ else None
    found = loader.get_source(returning.__name__) if loader and hasattr(loader, "get_source") else None
    if found is None:
        raise WaitingError(f"{os.path.basename(returning.__file__ or '')} is not there; the rollback cannot be armed")
    return str(found)
