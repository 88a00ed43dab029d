# SPDX-License-Identifier: GPL-3.0-or-later
"""keepalived as a process: its configuration checked, loaded, and put back where it does not come up with it."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Sequence

from ..files import make_folder, read_bytes, write_whole
from . import cards, pairs
from .model import Address
from .pairs import Pair
from .places import BalancerError, Places, found, must, run

_PAUSE = 0.05
# It says that of any script while the administrator has not asked it to look at their permissions.
_NOT_OURS = "SECURITY VIOLATION"


class Keepalived:
    """The keepalived of a host, and the part of its configuration that is ours."""

    def __init__(self, places: Places, manager: str, timeout: float) -> None:
        self.places = places
        self.manager = manager
        self.timeout = timeout

    def text(self, pair: Pair | None, addresses: Sequence[Address]) -> str:
        return pairs.render(pair, addresses, str(self.places.program)) if pair else ""

    def configured(self) -> str:
        return (read_bytes(self.places.pair) or b"").decode(errors="replace")

    def _main(self) -> str:
        return (read_bytes(self.places.pairs) or b"").decode(errors="replace")

    def included(self) -> bool:
        main = self._main()
        return bool(main) and main == pairs.including(main, str(self.places.pair))

    def standing(self) -> str:
        """Whether this host holds the addresses: MASTER, BACKUP or FAULT; empty where that is not known."""
        try:
            said = json.loads(read_bytes(self.places.standing) or b"{}")
        except ValueError:
            return ""
        return str(said.get("standing", "")) if self.pid() else ""

    def pid(self) -> int:
        words = (read_bytes(self.places.pair_pid) or b"").split()
        pid = int(words[0]) if words and words[0].isdigit() else 0
        try:
            return pid if pid and os.path.basename(os.readlink(f"/proc/{pid}/exe")) == "keepalived" else 0
        except OSError:
            return 0

    def check(self, pair: Pair, addresses: Sequence[Address]) -> str:
        """What keepalived has against our text beside the administrator's; empty when nothing.

        It refuses scripts that are not there; ours is put there later, so another stands for it.
        """
        text = pairs.render(pair, addresses, found("true"))
        make_folder(self.places.pair.parent)
        candidate = self.places.pair.with_name(".half-openuc.conf")
        both = self.places.pairs.with_name(".half-keepalived.conf")
        theirs = pairs.without(self._main(), str(self.places.pair))
        try:
            write_whole(both, (theirs or pairs.MAIN).encode())
            known = self._complaints(both)
            write_whole(candidate, text.encode())
            write_whole(both, pairs.including(theirs, str(candidate)).encode())
            return "\n".join(line for line in self._complaints(both) if line not in known)
        finally:
            both.unlink(missing_ok=True)
            candidate.unlink(missing_ok=True)

    def _complaints(self, path: os.PathLike[str]) -> list[str]:
        done = run([found("keepalived"), "--config-test", "--use-file", str(path)], self.timeout)
        if done.returncode == 0:
            return []
        lines = [line for line in (done.stderr + done.stdout).splitlines() if line and _NOT_OURS not in line]
        return lines or ([] if _NOT_OURS in done.stderr else [f"exit status {done.returncode}"])

    def apply(self, text: str, addresses: Sequence[Address]) -> None:
        """Have it run with our text, or with what was there before where that fails."""
        before, main = self.configured(), self._main()
        try:
            self._write(text, pairs.including(main, str(self.places.pair)))
            self._load(addresses)
        except BalancerError as error:
            self._write(before, main)
            raise BalancerError(f"{error}\n{self._back(before)}") from error

    def _back(self, before: str) -> str:
        try:
            if before:
                self._load(())
                return "keepalived runs with its file of before"
            self._stop()
        except BalancerError as error:
            return f"The file of before is back, but keepalived does not come up with it either: {error}"
        return "What was put there for keepalived is gone again"

    def _write(self, text: str, main: str) -> None:
        make_folder(self.places.pair.parent)
        for path, content in ((self.places.pair, text), (self.places.pairs, main)):
            if content:
                write_whole(path, content.encode(), 0o644)
            else:
                path.unlink(missing_ok=True)

    def _load(self, addresses: Sequence[Address]) -> None:
        pid = self.pid()
        if pid:
            # It keeps what it holds while it loads its files anew.
            os.kill(pid, signal.SIGHUP)
        else:
            self.places.standing.unlink(missing_ok=True)
            self._start()
        self._wait(addresses, fresh=not pid)

    def _start(self) -> None:
        if self.manager == "systemd":
            must(["systemctl", "enable", "keepalived"])
            must(["systemctl", "restart", "keepalived"], self.timeout)
            return
        if found("update-rc.d"):
            must([found("update-rc.d"), "keepalived", "defaults"])
        must([found("service") or "service", "keepalived", "start"], self.timeout)

    def _wait(self, addresses: Sequence[Address], fresh: bool) -> None:
        """Until it holds the addresses, or another holds them: for that it hears a while what is announced."""
        begun = time.monotonic()
        wanted = {(each.interface, each.address) for each in addresses}
        while True:
            standing, passed = self.standing(), time.monotonic() - begun
            if standing == "MASTER" and wanted <= cards.read().addresses:
                return
            if standing == "BACKUP" and (not fresh or passed > pairs.SILENCE):
                return
            if passed > self.timeout:
                raise BalancerError(
                    f"keepalived does not hold its addresses with {self.places.pair} after {self.timeout:g} s "
                    f"(it stands as {standing or 'not running'}); its messages in the system's log tell why"
                )
            time.sleep(_PAUSE)

    def remove(self) -> None:
        """Take away what is ours; keepalived itself only where it has nothing else to do."""
        main = pairs.without(self._main(), str(self.places.pair))
        self._write("", main)
        pid = self.pid()
        if pid and main:
            os.kill(pid, signal.SIGHUP)
        elif pid:
            self._stop()
        self.places.standing.unlink(missing_ok=True)

    def _stop(self) -> None:
        if self.manager == "systemd":
            must(["systemctl", "disable", "--now", "keepalived"], self.timeout)
        elif pid := self.pid():
            os.kill(pid, signal.SIGTERM)
        # It gives its addresses up before it ends, and nobody else may take them from it meanwhile.
        deadline = time.monotonic() + self.timeout
        while self.pid():
            if time.monotonic() > deadline:
                raise BalancerError(f"keepalived does not end within {self.timeout:g} s")
            time.sleep(_PAUSE)
