# SPDX-License-Identifier: GPL-3.0-or-later
"""Members taken out of service and put back while HAProxy runs, within a bounded time. Private to the collection."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..contract import result
from ..files import FileError, read_bytes, write_whole
from . import parsing, text
from .draining import WORDS, Plan, Server, out_of_service, plan, servers_of
from .model import Service
from .places import BalancerError
from .runtime import Runtime, RuntimeSocketError
from .sessions import left

_PAUSE = 0.1

Result = dict[str, Any]


class Drainer:
    """One run on one balancer."""

    def __init__(self, options: Mapping[str, Any], check: bool) -> None:
        self.options = options
        self.check = check
        self.state: str = options["state"]
        self.own = Path(options["config"])
        self.runtime = Runtime(options["socket"])

    def run(self) -> Result:
        try:
            return self._run()
        except (FileError, RuntimeSocketError) as error:
            raise BalancerError(str(error)) from error

    def _run(self) -> Result:
        services = self._services()
        servers = servers_of(services, self.runtime.standings()) if services else []
        if self.state == "gathered":
            return {**result([]), "members": _members(servers), "left": {}}
        if not self.options["members"]:
            raise BalancerError("members: is empty; name at least one member, by its name or address")
        chosen = plan(self.state, servers, self.options["members"], self.options["services"], self.options["least"])
        if chosen.problems:
            raise BalancerError("\n".join(["Nothing was changed:", *chosen.problems]))
        if not self.check:
            self._tell(chosen, services, servers)
        remaining = {} if self.check else self._settled(chosen)
        after = servers if self.check else servers_of(services, self.runtime.standings())
        found = result(chosen.operations(self.state))
        found.update(members=_members(after), left=remaining)
        return found

    def _services(self) -> Sequence[Service]:
        data = read_bytes(self.own)
        if data is None and self.state == "gathered":
            return ()
        if data is None:
            raise BalancerError(f"{self.own} is missing: no service of ours is balanced on this host")
        try:
            return parsing.parse(data.decode(errors="replace")).services
        except parsing.UnreadableTextError as error:
            raise BalancerError(f"{self.own}: {error}") from error

    def _tell(self, chosen: Plan, services: Sequence[Service], servers: Sequence[Server]) -> None:
        """First what runs, then what is loaded at the next start: a kill between them loses nobody's connection."""
        self.runtime.tell(f"set server {each.path} state {WORDS[self.state]}" for each in chosen.changed)
        if self.state == "disabled":
            self._cut(chosen.meant)
        written = text.render(services, out_of_service(self.state, servers, chosen.changed)).encode()
        if written != read_bytes(self.own):
            write_whole(self.own, written, 0o644)

    def _cut(self, servers: Sequence[Server]) -> None:
        self.runtime.tell(f"shutdown sessions server {each.path}" for each in servers if not each.service.forwarded)

    def _settled(self, chosen: Plan) -> dict[str, int]:
        """What is left when all is as wanted, or when the time is up."""
        deadline = time.monotonic() + self.options["wait"]
        while True:
            remaining = self._remaining(chosen)
            if not remaining or self.state == "disabled":
                return remaining
            if time.monotonic() >= deadline:
                return self._at_limit(chosen, remaining)
            time.sleep(_PAUSE)

    def _remaining(self, chosen: Plan) -> dict[str, int]:
        if self.state != "enabled":
            return left(self.runtime, chosen.meant)
        paths = {each.path for each in chosen.meant}
        return {
            path: 0
            for standing in self.runtime.standings()
            if (path := f"{standing.section}/{standing.name}") in paths and not standing.serving
        }

    def _at_limit(self, chosen: Plan, remaining: dict[str, int]) -> dict[str, int]:
        action = self.options["at_limit"]
        if action == "leave":
            return remaining
        if action == "cut" and self.state == "drained":
            self.runtime.tell(f"set server {each.path} state maint" for each in chosen.meant)
            self._cut(chosen.meant)
            return left(self.runtime, chosen.meant)
        raise BalancerError(self._words(chosen, remaining))

    def _words(self, chosen: Plan, remaining: Mapping[str, int]) -> str:
        named = [
            f"{each.member.name} of {each.service.key}"
            + (f": {remaining[each.path]} session(s)" if remaining[each.path] else "")
            for each in chosen.meant
            if each.path in remaining
        ]
        listed = "\n".join(named)
        if self.state == "enabled":
            return (
                f"After {self.options['wait']} s these members are let in again, but their health check fails; look at "
                f"the members themselves:\n{listed}"
            )
        return (
            f"After {self.options['wait']} s these members still have sessions. They get no new ones and stay drained. "
            "Wait longer (wait), end the sessions (at_limit: cut), or let the members in again (state: enabled):\n"
            f"{listed}"
        )


def _members(servers: Sequence[Server]) -> list[dict[str, Any]]:
    return [
        {
            "service": each.service.key,
            "member": each.member.name,
            "address": each.member.address,
            "status": each.standing.status,
            "sessions": each.standing.sessions,
        }
        for each in servers
    ]
