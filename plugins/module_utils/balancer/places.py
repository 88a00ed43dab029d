# SPDX-License-Identifier: GPL-3.0-or-later
"""Where things are on a balancer, and commands that are run there. Private to the collection."""

from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class BalancerError(Exception):
    """What keeps a host from being as wanted, in words with a remedy. `told` is what the module returns besides."""

    def __init__(self, words: str, **told: Any) -> None:
        super().__init__(words)
        self.told = told


@dataclasses.dataclass(frozen=True)
class Places:
    """Files and folders. Only tests change more than the first two."""

    own: Path = Path("/etc/haproxy/openuc.cfg")
    main: Path = Path("/etc/haproxy/haproxy.cfg")
    arguments: Path = Path("/etc/default/haproxy")
    pids: Path = Path("/run/haproxy.pid")
    program: Path = Path("/usr/local/sbin/openuc-balance")
    watched: Path = Path("/etc/openuc/balance.json")
    watching: Path = Path("/run/openuc-balance.json")
    watcher_pid: Path = Path("/run/openuc-balance.pid")
    unit: Path = Path("/etc/systemd/system/openuc-balance.service")
    script: Path = Path("/etc/init.d/openuc-balance")
    pair: Path = Path("/etc/keepalived/openuc.conf")
    pairs: Path = Path("/etc/keepalived/keepalived.conf")
    pair_pid: Path = Path("/run/keepalived.pid")
    standing: Path = Path("/run/openuc-pair.json")


def found(program: str) -> str:
    """Where a program is, wherever the user's own path leads; empty where it is not."""
    return shutil.which(program, path=_PATH) or ""


class Running:
    """A command that runs while other things are done."""

    def __init__(self, command: Sequence[str], given: bool = False) -> None:
        self.command = list(command)
        pipe = subprocess.PIPE
        try:
            self._process = subprocess.Popen(
                self.command,
                stdin=pipe if given else subprocess.DEVNULL,
                stdout=pipe,
                stderr=pipe,
                text=True,
                env={**os.environ, "PATH": _PATH, "LC_ALL": "C.UTF-8"},
            )
        except OSError as error:
            raise BalancerError(f"{command[0]}: {error.strerror}") from error

    def done(self, timeout: float, text: str | None = None) -> subprocess.CompletedProcess[str]:
        """What it said, at its end; one that does not end in time is an error."""
        try:
            out, complaints = self._process.communicate(text, timeout)
        except subprocess.TimeoutExpired:
            raise BalancerError(f"{' '.join(self.command)} did not end within {timeout:g} s") from None
        finally:
            self.stop()
        return subprocess.CompletedProcess(self.command, self._process.returncode, out, complaints)

    def stop(self) -> None:
        """End it, if it has not ended."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()


def run(command: Sequence[str], timeout: float = 60.0, text: str | None = None) -> subprocess.CompletedProcess[str]:
    """A command with what it said."""
    return Running(command, given=text is not None).done(timeout, text)


def must(command: Sequence[str], timeout: float = 60.0, text: str | None = None) -> str:
    """What a command says that has to succeed."""
    done = run(command, timeout, text)
    if done.returncode:
        said = (done.stderr or done.stdout).strip()[-1500:]
        raise BalancerError(f"{' '.join(command)} failed: {said or f'exit status {done.returncode}'}")
    return done.stdout
