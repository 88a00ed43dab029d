# SPDX-License-Identifier: GPL-3.0-or-later
"""One host of a lab: its disk, its start, and commands that are run on it."""

from __future__ import annotations

import dataclasses
import os
import selectors
import shutil
import subprocess
import time
import typing as t
from pathlib import Path

from . import kernel
from .errors import LabError
from .services.base import File, Ready

HERE = Path(__file__).parent
OWN = ("--mount", "--uts", "--ipc", "--pid")
NAMESPACES = ("--mount", "--uts", "--ipc", "--net", "--pid", "--root", "--wdns=/")
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
LOGS = "var/log/openuc-lab"
SECONDS_TO_START = 120.0
PAUSE = 0.02


@dataclasses.dataclass(frozen=True)
class Disk:
    """Where a host keeps what differs from the machine's own files."""

    folder: Path

    @property
    def upper(self) -> Path:
        return self.folder / "upper"

    def make(self, files: t.Mapping[str, File]) -> None:
        for part in ("upper", "work", "root"):
            (self.folder / part).mkdir(parents=True)
        for path, file in files.items():
            self.write(path, file)

    def write(self, path: str, file: File) -> None:
        """A file of the host, seen from outside; folders that are missing are made like the machine's."""
        target = self.upper / path.lstrip("/")
        self._make_folders(target.parent)
        target.write_text(file.text)
        target.chmod(file.mode)
        if file.owner:
            user, _colon, group = file.owner.partition(":")
            shutil.chown(target, user, group or None)

    def _make_folders(self, folder: Path) -> None:
        """An overlay shows the upper folder's owner and mode, so they must be those of the folder below."""
        if folder.exists():
            return
        self._make_folders(folder.parent)
        folder.mkdir()
        below = Path("/") / folder.relative_to(self.upper)
        if below.is_dir():
            status = below.stat()
            os.chown(folder, status.st_uid, status.st_gid)
            folder.chmod(status.st_mode & 0o7777)

    def log(self, service: str) -> Path:
        return self.upper / LOGS / f"{service}.log"


@dataclasses.dataclass(frozen=True)
class Starting:
    """A host on its way up; it tells on `told` when it is there."""

    name: str
    disk: Disk
    told: int


def start(name: str, namespace: str, disk: Disk) -> Starting:
    """Start a host in its namespace."""
    told, tell = os.pipe()
    # Forked off, so that the host is nobody's child and lives on when this program ends.
    command = ["setsid", "--fork", "nsenter", f"--net={kernel.NAMED / namespace}", "unshare", *OWN, "--fork"]
    with (disk.folder / "console.log").open("wb") as output:
        # A shell reaches no descriptor above nine, so the end of the pipe to tell on takes the place of the input.
        subprocess.run(
            [*command, "sh", str(HERE / "host_init.sh"), str(disk.folder), name],
            stdin=tell,
            stdout=output,
            stderr=output,
            cwd="/",
            check=True,
        )
    os.close(tell)
    return Starting(name, disk, told)


def wait_for(starting: t.Iterable[Starting]) -> None:
    """Wait until all hosts have told how they started; complain about those that failed, with their logs."""
    problems = []
    deadline = time.monotonic() + SECONDS_TO_START
    with selectors.DefaultSelector() as selector:
        for each in starting:
            selector.register(each.told, selectors.EVENT_READ, each)
        while selector.get_map():
            ready = selector.select(max(0.0, deadline - time.monotonic()))
            if not ready:
                waiting = sorted(key.data.name for key in selector.get_map().values())
                problems.append(f"not started within {SECONDS_TO_START:.0f} s: {', '.join(waiting)}")
                break
            for key, _events in ready:
                words = os.read(key.fd, 4096).decode().split()
                selector.unregister(key.fd)
                os.close(key.fd)
                problems.extend(_problems(key.data, words))
    if problems:
        raise LabError("\n".join(problems))


def _problems(host: Starting, words: t.Sequence[str]) -> t.Iterator[str]:
    if not words:
        yield f"{host.name}: did not start.\n{_tail(host.disk.folder / 'console.log')}"
    for service in words[1:]:
        yield f"{host.name}: {service} did not start.\n{_tail(host.disk.log(service))}"


def _tail(path: Path, lines: int = 12) -> str:
    try:
        text = path.read_text(errors="replace")
    except OSError as error:
        return f"  (no log: {error.strerror})"
    return "\n".join(f"  {line}" for line in text.splitlines()[-lines:])


def wait_until_ready(pid: int, signs: t.Iterable[Ready], name: str, deadline: float) -> None:
    """Wait until servers that start on their own serve. The kernel tells of no such event, so it is asked again."""
    missing = list(signs)
    while missing:
        missing = [sign for sign in missing if not _serves(pid, sign)]
        if missing and time.monotonic() > deadline:
            words = ", ".join(f"{sign.protocol} {sign.where} {sign.port or ''}".strip() for sign in missing)
            raise LabError(f"{name}: nothing serves yet at {words}; look at its logs with: lab logs {name}")
        if missing:
            time.sleep(PAUSE)


def _serves(pid: int, sign: Ready) -> bool:
    if sign.protocol in ("tcp", "udp"):
        found = kernel.listening(pid, sign.protocol)
        return (sign.where, sign.port) in found or ("0.0.0.0", sign.port) in found
    return os.path.exists(f"/proc/{pid}/root/{sign.where.lstrip('/')}")


def command_in(pid: int, command: t.Sequence[str]) -> list[str]:
    """The command, run as root on the host whose first process this is."""
    environment = ["env", "-i", f"PATH={PATH}", "HOME=/root", "LANG=C.UTF-8", f"TERM={os.environ.get('TERM', 'dumb')}"]
    return ["nsenter", f"--target={pid}", *NAMESPACES, *environment, *command]
