# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands in for a UC server in the lab. This is TEST EQUIPMENT: it opens ports and says who it is, and no more.

`responder.py CONFIG.json` listens on everything that its configuration lists, in the network namespace that it is
started in. SIGHUP reads the configuration again and keeps what has not changed; SIGTERM ends it and removes its table
of nftables. `--status` prints what was seen so far, `--reset` begins to count anew.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import resource
import signal
import socket
import sys
import typing as t
from pathlib import Path

# Started by its path on hosts that know nothing of the collection; standard library only.
sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from tests.lab.responders import configuration, redirects
from tests.lab.responders.handlers import NOTICE
from tests.lab.responders.serving import Counters, Serving


class Responder:
    """All listeners of a host."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._config = configuration.read(path)
        self._serving: dict[configuration.Listener, Serving] = {}
        self._tracked = redirects.Tracked()
        self._problems: tuple[str, ...] = ()
        self._changing = asyncio.Lock()

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT."""
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, ended.set)
        renewals: set[asyncio.Task[None]] = set()
        loop.add_signal_handler(signal.SIGHUP, lambda: renewals.add(loop.create_task(self._renew())))
        own = Path(self._config.status)
        _refuse_second(own)
        try:
            await self._apply()
            # The socket is there last, as the sign that everything listens.
            server = await asyncio.start_unix_server(self._tell, own)
            self._say()
            await ended.wait()
            server.close()
        finally:
            await asyncio.gather(*renewals, *(each.close() for each in self._serving.values()))
            self._tracked.close()
            own.unlink(missing_ok=True)
            with contextlib.suppress(redirects.RedirectError):
                redirects.put(())

    async def _renew(self) -> None:
        async with self._changing:
            try:
                self._config = configuration.read(self._path)
            except configuration.ConfigurationError as error:
                self._problems = (f"{error}; what was there before is kept",)
            else:
                await self._apply()
            self._say()

    async def _apply(self) -> None:
        """Listen on exactly what the configuration says; what it says as before goes on undisturbed."""
        wanted = {listener: listener for listener in self._config.listeners}
        for listener, serving in tuple(self._serving.items()):
            # A range gives way to a new listener on the very port that its socket took.
            if listener not in wanted or (listener.is_range and serving.port in self._singles(listener)):
                await self._serving.pop(listener).close()
        problems = list(self._config.problems)
        for listener in sorted(wanted, key=lambda each: each.is_range):
            if listener in self._serving:
                self._serving[listener].listener = listener
                continue
            try:
                self._serving[listener] = Serving(self._config.host, listener, self._singles(listener), self._tracked)
            except OSError as error:
                remedy = "find who holds it with `ss -lnp`, end that, and send SIGHUP"
                problems.append(f"{listener} cannot be listened on: {error.strerror}; {remedy}")
        try:
            redirects.put([self._redirect(each) for each in self._serving.values() if each.listener.is_range])
        except redirects.RedirectError as error:
            problems.append(str(error))
        self._problems = tuple(problems)

    def _singles(self, listener: configuration.Listener) -> tuple[int, ...]:
        """Ports of a range that have a listener of their own."""
        return tuple(
            other.first
            for other in self._config.listeners
            if not other.is_range
            and (other.address, other.protocol) == (listener.address, listener.protocol)
            and listener.is_range
            and listener.first <= other.first <= listener.last
        )

    def _redirect(self, serving: Serving) -> redirects.Redirect:
        listener = serving.listener
        return redirects.Redirect(
            listener.address,
            listener.protocol,
            listener.first,
            listener.last,
            serving.port,
            self._singles(listener),
        )

    def _say(self) -> None:
        for problem in self._problems:
            print(problem, file=sys.stderr, flush=True)
        print(f"{NOTICE}; {self._config.host} listens on {len(self._serving)} ports and ranges", flush=True)

    async def _tell(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        command = await reader.readline()
        writer.write(json.dumps(self.status(), indent=2).encode() + b"\n")
        if command == b"reset\n":
            for serving in self._serving.values():
                serving.counters = Counters()
        with contextlib.suppress(OSError):
            await writer.drain()
        writer.close()

    def status(self) -> dict[str, t.Any]:
        return {
            "notice": NOTICE,
            "host": self._config.host,
            "pid": os.getpid(),
            "problems": list(self._problems),
            "listeners": [
                self._serving[listener].status() for listener in self._config.listeners if listener in self._serving
            ],
        }


def _refuse_second(path: Path) -> None:
    """A responder that runs already keeps its socket; what a killed one left behind goes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with socket.socket(socket.AF_UNIX) as other:
        try:
            other.connect(str(path))
        except OSError:
            path.unlink(missing_ok=True)
        else:
            raise configuration.ConfigurationError(f"a responder runs already and serves {path}; end it first")


def ask(path: str, command: str) -> str:
    """What a running responder says."""
    with socket.socket(socket.AF_UNIX) as asking:
        try:
            asking.connect(path)
        except OSError as error:
            raise configuration.ConfigurationError(f"no responder answers on {path}: {error.strerror}") from error
        asking.sendall(command.encode() + b"\n")
        return asking.makefile(encoding="utf-8").read()


def main() -> int:
    parser = argparse.ArgumentParser(description=NOTICE)
    parser.add_argument("config", nargs="?", type=Path, metavar="CONFIG.json")
    asked = parser.add_mutually_exclusive_group()
    asked.add_argument("--status", action="store_true", help="print what a running responder has seen")
    asked.add_argument("--reset", action="store_true", help="print it, and begin to count anew")
    given = parser.parse_args()
    try:
        if given.status or given.reset:
            where = configuration.read(given.config).status if given.config else configuration.STATUS
            print(ask(where, "reset" if given.reset else "status"), end="")
        elif given.config is None:
            parser.error("CONFIG.json is missing")
        else:
            asyncio.run(_serve(given.config))
    except configuration.ConfigurationError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


async def _serve(path: Path) -> None:
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    await Responder(path).run()


if __name__ == "__main__":
    sys.exit(main())
