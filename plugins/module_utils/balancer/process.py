# SPDX-License-Identifier: GPL-3.0-or-later
"""HAProxy as a process: its configuration checked, and loaded without ending a connection."""

from __future__ import annotations

import dataclasses
import os
import re
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..files import FileError, read_bytes, words_of, write_whole
from .places import BalancerError, Places, Running, found, must, run
from .runtime import Runtime, RuntimeSocketError
from .text import SOCKET, digest_of

_PAUSE = 0.01
_TIMES = 3
_EXPOSED = re.compile(r"^\s*stats\s+socket\s+(?:unix@)?(/\S+)\s.*\bexpose-fd\s+listeners\b", re.MULTILINE)
_ASSIGNED = re.compile(r'^\s*EXTRAOPTS=(?:"([^"]*)"|\'([^\']*)\'|(\S*))\s*$', re.MULTILINE)
_SECTION = re.compile(r"^\s*(?:listen|frontend|backend)\s+(\S+)", re.MULTILINE)
_MARK = "# openuc.ocs: what comes before, and our own file."
_WITH_VALUE = ("-x", "-p")


@dataclasses.dataclass(frozen=True)
class Loaded:
    """A file of ours as it is on the disk, and the digest of what HAProxy runs with; both empty where there is none."""

    text: str
    digest: str


@dataclasses.dataclass(frozen=True)
class Check:
    """HAProxy's look at a file, which for a long one takes as long as all that is done meanwhile."""

    running: Running
    timeout: float

    def problem(self) -> str:
        """What HAProxy has against it, at the end; empty when nothing."""
        done = self.running.done(self.timeout)
        return "" if done.returncode == 0 else _complaint(done)

    def stop(self) -> None:
        """Do without an answer."""
        self.running.stop()


class Haproxy:
    """The HAProxy of a host, under systemd, under System V's init, or under a command that reloads it."""

    def __init__(
        self, places: Places, manager: str, reload_command: Sequence[str], timeout: float, socket: str = SOCKET
    ) -> None:
        self.places = places
        self.manager = manager if manager != "auto" else _found_manager()
        self.reload_command = list(reload_command)
        self.timeout = timeout
        self.runtime = Runtime(socket)

    @staticmethod
    def program() -> str:
        return found("haproxy")

    def check(self, own: Path) -> Check:
        """HAProxy begins to look at a file of ours beside the administrator's."""
        return Check(Running([self.program(), "-c", *self._files(own)]), self.timeout)

    def _files(self, own: Path) -> list[str]:
        return [word for path in (self.places.main, own) if path.exists() for word in ("-f", str(path))]

    def foreign(self) -> list[str]:
        """Sections of the administrator's own file."""
        return _SECTION.findall((read_bytes(self.places.main) or b"").decode(errors="replace"))

    # --- loaded at each start ---

    def arguments(self) -> tuple[str, str]:
        """The file of HAProxy's arguments as it is, and as it has to be for our own file to be loaded at each start."""
        before = (read_bytes(self.places.arguments) or b"").decode(errors="replace")
        if self.manager == "command":
            return before, before
        theirs = before.partition(f"{_MARK}\n")[0]
        assigned = _ASSIGNED.findall(theirs)
        value = next(filter(None, assigned[-1]), "") if assigned else _UNIT_DEFAULT if self.manager == "systemd" else ""
        ours = f"-f {self.places.own}"
        if ours in value:
            return before, theirs
        joined = f"{value} {ours}".strip()
        ended = theirs if not theirs or theirs.endswith("\n") else f"{theirs}\n"
        return before, f'{ended}{_MARK}\nEXTRAOPTS="{joined}"\n'

    def without_arguments(self) -> tuple[str, str]:
        """The same, for a host that shall have nothing of ours any more."""
        before, _after = self.arguments()
        return before, before.partition(f"{_MARK}\n")[0]

    def write_arguments(self, text: str) -> None:
        path = self.places.arguments
        if text:
            write_whole(path, text.encode(), path.stat().st_mode & 0o777 if path.exists() else 0o644)
        else:
            path.unlink(missing_ok=True)

    # --- another file in its place ---

    def swap(self, before: Loaded, new: str, checked: Path, told: Sequence[str] = ()) -> None:
        """The new file in the place of the old one, and the old one back if HAProxy does not come up with it.

        `checked` is the file that HAProxy has looked at, which is the one that it gets; `told` are commands for the
        process that runs with it.
        """
        was, later = self.arguments() if new else self.without_arguments()
        try:
            self._put(checked if new else None)
            self.write_arguments(later)
            self._come_up(before, new, told)
        except (BalancerError, FileError, RuntimeSocketError) as error:
            self._write(before.text)
            self.write_arguments(was)
            raise BalancerError(f"{error}\nThe file of before is back{self._back(before)}") from error

    def _put(self, checked: Path | None) -> None:
        if checked is None:
            self.places.own.unlink(missing_ok=True)
            return
        try:
            checked.replace(self.places.own)
        except OSError as error:
            raise FileError(words_of(error, self.places.own)) from error

    def _write(self, content: str) -> None:
        if content:
            write_whole(self.places.own, content.encode(), 0o644)
        else:
            self.places.own.unlink(missing_ok=True)

    def _come_up(self, before: Loaded, new: str, told: Sequence[str]) -> None:
        digest = digest_of(new)
        if before.digest == digest and (not new or before.text == new):
            return
        self.load()
        if new:
            # Only the one that comes up answers with the new text. Who is told something has to be alone, too.
            self.wait_until_it_runs_with(digest, _TIMES if told else 1)
        self.runtime.tell(told)

    def _back(self, before: Loaded) -> str:
        try:
            self.load()
            if before.text:
                self.wait_until_it_runs_with(digest_of(before.text))
        except (BalancerError, RuntimeSocketError) as error:
            return f", but HAProxy does not come up with it either: {error}"
        return ", and HAProxy runs with it"

    # --- loaded now ---

    def processes(self) -> list[int]:
        """Processes that serve; those that only end what they began are not among them."""
        words = (read_bytes(self.places.pids) or b"").split()
        return [int(word) for word in words if word.isdigit() and _is_haproxy(int(word))]

    def load(self) -> None:
        """Have HAProxy run with its files as they are now. Connections that are there go on."""
        if self.reload_command:
            must(self.reload_command, self.timeout)
        elif self.manager == "systemd":
            self._load_by_systemd()
        elif self.manager == "command":
            raise BalancerError("reload_command: is missing; service_manager: command needs it")
        elif running := self.processes():
            done = run(self._successor(running), self.timeout)
            if done.returncode:
                raise BalancerError(f"HAProxy did not take over with the new file. It says: {_complaint(done)}")
        else:
            must([found("service") or "service", "haproxy", "start"], self.timeout)

    def _load_by_systemd(self) -> None:
        ours = any(str(self.places.own) in _command_line(pid) for pid in self.processes())
        wanted = self.places.own.exists()
        # A master process keeps the arguments that it was started with; only a start lets it know of another file.
        must(["systemctl", "reload" if ours == wanted else "restart", "haproxy"], self.timeout)

    def _successor(self, running: Sequence[int]) -> list[str]:
        """The command line of what runs, with our file, for a process that takes over its sockets."""
        words = list(_without_succession(_command_line(running[0])))
        own = str(self.places.own)
        named = [index for index, word in enumerate(words) if word == own and words[index - 1] == "-f"]
        if self.places.own.exists() and not named:
            words += ["-f", own]
        if not self.places.own.exists():
            for index in reversed(named):
                del words[index - 1 : index + 1]
        daemon = [] if "-D" in words else ["-D"]
        socket = self._socket_with_listeners()
        handed = ["-x", socket] if socket else []
        return [*words, *daemon, "-p", str(self.places.pids), *handed, "-sf", *map(str, running)]

    def _socket_with_listeners(self) -> str:
        """A socket through which a successor gets what is being listened on; without it, a few clients are lost."""
        main = (read_bytes(self.places.main) or b"").decode(errors="replace")
        for path in (self.runtime.path, *_EXPOSED.findall(main)):
            try:
                Runtime(path).ask("show version")
            except RuntimeSocketError:
                continue
            return str(path)
        return ""

    def wait_until_it_runs_with(self, digest: str, times: int = _TIMES) -> None:
        """Until it says so as many times in a row: the process that ends may answer for a moment yet."""
        deadline = time.monotonic() + self.timeout
        seen, right = "", 0
        while True:
            try:
                seen = self.runtime.digest()
            except RuntimeSocketError as error:
                seen = str(error)
            right = right + 1 if seen == digest else 0
            if right == times:
                return
            if time.monotonic() > deadline:
                words = f"it says {seen or 'nothing'}"
                raise BalancerError(f"HAProxy does not run with its new file after {self.timeout:g} s: {words}")
            time.sleep(_PAUSE)


def _complaint(done: subprocess.CompletedProcess[str]) -> str:
    """What HAProxy says is wrong, without what it only warns of."""
    lines = (done.stderr or done.stdout).splitlines()
    alerts = [line for line in lines if not line.startswith(("[WARNING]", "[NOTICE]"))]
    return "\n".join(alerts or lines).strip()[-2000:] or f"exit status {done.returncode}"


# What Debian's unit has when nothing is set.
_UNIT_DEFAULT = "-S /run/haproxy-master.sock"


def _found_manager() -> str:
    return "systemd" if os.path.isdir("/run/systemd/system") else "sysvinit"


def _command_line(pid: int) -> list[str]:
    try:
        data = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return []
    return [word.decode() for word in data.split(b"\0") if word]


def _is_haproxy(pid: int) -> bool:
    words = _command_line(pid)
    return bool(words) and os.path.basename(words[0]) == "haproxy"


def _without_succession(words: Sequence[str]) -> Iterator[str]:
    """Arguments without those that say whom it succeeded."""
    rest = iter(words)
    for word in rest:
        if word in ("-sf", "-st"):
            break
        if word in _WITH_VALUE:
            next(rest, None)
            continue
        yield word
