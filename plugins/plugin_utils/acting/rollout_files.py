# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of roll-outs: the journal and the lease of an estate, and what the tasks of one run tell one another.

The journal is added to under a lock of the file and is on the disk before anything else is done. In check mode it is a
copy in the private folder of the run, so that nothing is written and the same things are thought.
"""

from __future__ import annotations

import contextlib
import datetime
import fcntl
import getpass
import json
import os
import shutil
import socket
import typing as t
from pathlib import Path

from ansible import constants

from ...module_utils.files import FILE_MODE, FileError, make_folder, read_bytes, words_of, write_whole
from ..rollout import lease as leases
from ..rollout.records import Data, Event, History, line, read
from ..rollout.standing import Standing, standing_of

JOURNAL = "rollout.jsonl"
LEASE = "lease.json"


def private_folder() -> Path:
    """A folder of this run of Ansible, which removes it at its end."""
    return Path(constants.DEFAULT_LOCAL_TMP) / "openuc"


def now() -> datetime.datetime:
    return datetime.datetime.now(tz=datetime.UTC)


class RolloutJournal:
    """The journal of an estate."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def history(self) -> History:
        data = read_bytes(self.path)
        return read(data.decode("utf-8", "replace")) if data else History()

    def standing(self) -> Standing:
        return standing_of(self.history())

    def add(self, event: Event, run: str, data: Data) -> None:
        """One line more, on the disk when this returns."""
        is_new = not self.path.exists()
        make_folder(self.path.parent)
        text = line(event, run, leases.time_text(now()), data).encode()
        try:
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, FILE_MODE)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX)
                os.write(handle, _after_torn(handle) + text)
                os.fsync(handle)
            finally:
                os.close(handle)
            if is_new:
                _sync_folder(self.path.parent)
        except OSError as error:
            raise FileError(words_of(error, self.path)) from error


def _after_torn(handle: int) -> bytes:
    """An end for a line that a kill left torn."""
    size = os.fstat(handle).st_size
    return b"\n" if size and os.pread(handle, 1, size - 1) != b"\n" else b""


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class LeaseFile:
    """The lease of an estate."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def take(self, holder: leases.Holder, take_over: str) -> leases.Lease | None:
        """Hold the estate, or raise; the lease that was there before."""
        with self._alone():
            before = self._read()
            self._write(leases.taken(before, holder, now(), lives, take_over))
            return before

    def renew(self, holder: leases.Holder) -> None:
        with self._alone():
            self._write(leases.renewed(self._read(), holder, now()))

    def release(self, run: str) -> None:
        """Let go, if the run holds it."""
        with self._alone():
            held = self._read()
            if held and held.holder.run == run:
                self.path.unlink(missing_ok=True)

    def read(self) -> leases.Lease | None:
        """The lease of a run that may be under way; those of the dead hold nothing."""
        held = self._read()
        return held if held and leases.holds(held, socket.gethostname(), now(), lives) else None

    def _read(self) -> leases.Lease | None:
        data = read_bytes(self.path)
        try:
            return leases.lease_from(json.loads(data)) if data else None
        except ValueError:
            return None

    def _write(self, held: leases.Lease) -> None:
        write_whole(self.path, (json.dumps(held.as_data()) + "\n").encode())

    @contextlib.contextmanager
    def _alone(self) -> t.Iterator[None]:
        """Nobody else reads and writes the lease meanwhile."""
        make_folder(self.path.parent)
        path = self.path.with_suffix(".lock")
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT, FILE_MODE)
        except OSError as error:
            raise FileError(words_of(error, path)) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def holder_of(run: str) -> leases.Holder:
    """This run, as the process of Ansible that lives as long as it does and forks for each task."""
    process = os.getppid()
    return leases.Holder(run, user_name(), socket.gethostname(), process, _born(process))


def user_name() -> str:
    """Who runs this: the person behind sudo, where there is one."""
    try:
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def lives(holder: leases.Holder) -> bool:
    """Whether the process of a holder, of this machine, is still the one that took the lease."""
    try:
        os.kill(holder.process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return _born(holder.process) == holder.born


def _born(process: int) -> str:
    """When a process was started, of which boot; nothing on systems that do not tell."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        told = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    # The name of the program, in brackets, may hold spaces; the time is the twentieth field after it.
    return f"{boot}/{told.rpartition(')')[2].split()[19]}"


def copy_for_check(journal: Path, folder: Path) -> Path:
    """The journal as it is, where a run in check mode may write to it."""
    make_folder(folder)
    path = folder / JOURNAL
    path.unlink(missing_ok=True)
    if journal.exists():
        shutil.copyfile(journal, path)
    return path
