# SPDX-License-Identifier: GPL-3.0-or-later
"""The watcher on a balancer: put there, started at boot, and told of new services. Private to the collection."""

from __future__ import annotations

import inspect
import json
import os
import signal
import time
from pathlib import Path

from ..files import make_folder, read_bytes, write_whole
from . import watcher
from .places import BalancerError, Places, found, must

_PAUSE = 0.02
_SHARED = 0o755

UNIT = """\
# Made by openuc.ocs.
[Unit]
Description=Addresses and packets of balanced services
After=network-online.target nftables.service
Before=haproxy.service
Wants=network-online.target

[Service]
ExecStart={program}
ExecReload=/bin/kill -HUP $MAINPID
Restart=always
RestartSec=2

[Install]
WantedBy=multi-user.target
"""

SCRIPT = """\
#!/bin/sh
# Made by openuc.ocs.
### BEGIN INIT INFO
# Provides:          openuc-balance
# Required-Start:    $network $remote_fs
# Required-Stop:     $network $remote_fs
# Should-Start:      nftables
# X-Start-Before:    haproxy
# Default-Start:     2 3 4 5
# Default-Stop:      0 1 6
# Short-Description: Addresses and packets of balanced services
### END INIT INFO
pid={pid}
case "$1" in
start)
    start-stop-daemon --start --oknodo --background --make-pidfile --pidfile "$pid" \\
        --startas /bin/sh -- -c 'exec {program} >>/var/log/openuc-balance.log 2>&1' ;;
stop) start-stop-daemon --stop --oknodo --retry 5 --pidfile "$pid" --remove-pidfile ;;
reload|force-reload) start-stop-daemon --stop --signal HUP --pidfile "$pid" ;;
restart) "$0" stop; "$0" start ;;
status) start-stop-daemon --status --pidfile "$pid" ;;
*) echo "usage: $0 start|stop|reload|restart|status" >&2; exit 2 ;;
esac
"""


class Watching:
    """The program and what starts it."""

    def __init__(self, places: Places, manager: str, timeout: float) -> None:
        self.places = places
        self.manager = manager
        self.timeout = timeout

    def _files(self) -> list[tuple[Path, str, int]]:
        program = f"#!/usr/bin/python3\n{inspect.getsource(watcher)}"
        named = {"program": self.places.program, "pid": self.places.watcher_pid}
        files = [(self.places.program, program, _SHARED)]
        if self.manager == "systemd":
            files.append((self.places.unit, UNIT.format(**named), 0o644))
        elif self.manager == "sysvinit":
            files.append((self.places.script, SCRIPT.format(**named), _SHARED))
        return files

    def outdated(self) -> list[str]:
        """Files of the program's that are missing or differ."""
        return [str(path) for path, text, _mode in self._files() if read_bytes(path) != text.encode()]

    def configured(self) -> str:
        return (read_bytes(self.places.watched) or b"").decode(errors="replace")

    def put(self) -> None:
        """Put the program there, and have it started at each boot."""
        for path, text, mode in self._files():
            make_folder(path.parent)
            write_whole(path, text.encode(), mode)
        if self.manager == "systemd":
            must(["systemctl", "daemon-reload"])
            must(["systemctl", "enable", "openuc-balance"])
        elif self.manager == "sysvinit" and found("update-rc.d"):
            must([found("update-rc.d"), "openuc-balance", "defaults"])

    def configure(self, text: str) -> None:
        make_folder(self.places.watched.parent)
        write_whole(self.places.watched, text.encode())

    def work(self, anew: bool) -> None:
        """Have it work with its file as it is now, and wait until it does; `anew` when the program is another."""
        self.places.watching.unlink(missing_ok=True)
        pid = self._pid()
        if pid and not anew:
            os.kill(pid, signal.SIGHUP)
        elif self.manager == "systemd":
            must(["systemctl", "restart", "openuc-balance"])
        elif self.manager == "sysvinit":
            must([str(self.places.script), "restart"])
        else:
            self._work_alone(pid)
        self._wait()

    def _work_alone(self, pid: int) -> None:
        if pid:
            os.kill(pid, signal.SIGTERM)
        daemon = found("start-stop-daemon")
        background = ["--start", "--background", "--make-pidfile", "--pidfile", str(self.places.watcher_pid)]
        must([daemon, *background, "--startas", str(self.places.program)])

    def _wait(self) -> None:
        digest = json.loads(self.configured())["digest"]
        deadline = time.monotonic() + self.timeout
        while True:
            said = json.loads(read_bytes(self.places.watching) or b"{}")
            if said.get("digest") == digest:
                return
            if time.monotonic() > deadline:
                raise BalancerError(
                    f"{self.places.program} does not work with {self.places.watched} after {self.timeout:g} s; "
                    "see /var/log/openuc-balance.log, or the journal of openuc-balance"
                )
            time.sleep(_PAUSE)

    def works(self) -> bool:
        """Whether it runs with the file as it is."""
        said = json.loads(read_bytes(self.places.watching) or b"{}")
        configured = self.configured()
        return bool(configured) and said.get("digest") == json.loads(configured)["digest"] and self._pid() > 0

    def _pid(self) -> int:
        """Its process, and no other that has the number by now."""
        if self.manager == "systemd":
            shown = must(["systemctl", "show", "--property=MainPID", "--value", "openuc-balance"]).strip()
            return int(shown or 0)
        words = (read_bytes(self.places.watcher_pid) or b"").split()
        pid = int(words[0]) if words and words[0].isdigit() else 0
        command = read_bytes(Path(f"/proc/{pid}/cmdline")) if pid else b""
        return pid if str(self.places.program).encode() in (command or b"") else 0

    def remove(self) -> None:
        """Stop it, and take away all of it but the addresses."""
        if self.manager == "systemd":
            must(["systemctl", "disable", "--now", "openuc-balance"])
        elif self._pid():
            os.kill(self._pid(), signal.SIGTERM)
        if self.manager == "sysvinit" and found("update-rc.d"):
            self.places.script.unlink(missing_ok=True)
            must([found("update-rc.d"), "openuc-balance", "remove"])
        for path in (self.places.program, self.places.unit, self.places.script, self.places.watched):
            path.unlink(missing_ok=True)
        for path in (self.places.watching, self.places.watcher_pid):
            path.unlink(missing_ok=True)
