# SPDX-License-Identifier: GPL-3.0-or-later
"""HAProxy asked and told through its socket while it runs. Private to the collection."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterable

from . import watcher
from .text import DIGEST, PREFIX, SOCKET

# A batch is one line, and HAProxy takes lines of a buffer's size; commands are sent in parts that fit.
_LINE = 8000
_TURNS = 50
_PAUSE = 0.1


class RuntimeSocketError(Exception):
    """HAProxy cannot be asked, or does not do as told; the message says why."""


@dataclasses.dataclass(frozen=True)
class Standing:
    """A server as HAProxy sees it."""

    section: str
    name: str
    status: str
    sessions: int
    total: int = 0

    @property
    def admitted(self) -> bool:
        """Whether nobody has taken it out of service."""
        return self.status not in ("MAINT", "DRAIN")

    @property
    def serving(self) -> bool:
        """Whether new connections are sent to it."""
        return self.status == "UP"


class Runtime:
    """A HAProxy that runs."""

    def __init__(self, path: str = SOCKET) -> None:
        self.path = path

    def ask(self, command: str) -> str:
        """What it answers to one command, or to several with semicolons between them."""
        try:
            return watcher.ask(self.path, command)
        except OSError as error:
            raise RuntimeSocketError(f"{self.path}: {error.strerror or error}; is HAProxy running?") from error

    def tell(self, commands: Iterable[str]) -> None:
        """Commands that say nothing when they are done."""
        complaints = [answer for batch in _batches(commands) if (answer := self._done(batch))]
        if complaints:
            raise RuntimeSocketError(f"{self.path}: HAProxy says: {' '.join(' '.join(complaints).split())}")

    def _done(self, batch: str) -> str:
        """Both listen for a moment while one process takes over from another; the one that ends refuses."""
        for _turn in range(_TURNS):
            answer = self.ask(batch).strip()
            if "Proxy is disabled" not in answer:
                return answer
            time.sleep(_PAUSE)
        return answer

    def digest(self) -> str:
        """Of our text that it runs with; empty where it runs without."""
        answer = self.ask(f"get var {DIGEST}")
        return answer.partition("value=<")[2].partition(">")[0]

    def taken_out(self) -> list[Standing] | None:
        """Servers of ours that an administrator took out of service; None where HAProxy does not answer."""
        try:
            answer = self.ask("show servers state")
        except RuntimeSocketError:
            return None
        out = watcher.administered(answer)
        return [
            Standing(section, name, status, 0)
            for (section, name), status in out.items()
            if status and section.startswith(PREFIX)
        ]

    def standings(self) -> list[Standing]:
        """Every server of every section that is ours."""
        found = watcher.servers(self.ask(watcher.ASK))
        return [Standing(**server) for server in found if server["section"].startswith(PREFIX)]


def _batches(commands: Iterable[str]) -> Iterable[str]:
    batch: list[str] = []
    length = 0
    for command in commands:
        if batch and length + len(command) > _LINE:
            yield ";".join(batch)
            batch, length = [], 0
        batch.append(command)
        length += len(command) + 1
    if batch:
        yield ";".join(batch)
