# SPDX-License-Identifier: GPL-3.0-or-later
"""A network namespace with a packet filter of its own, in which the module runs as it would on a firewall."""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import json
import os
import re
import signal
import subprocess
import sys
import time
import typing as t
from pathlib import Path

from tests.support import ROOT
from tests.unit.module_utils.firewall.policies import options

NAMED = Path("/run/netns")
# Names of the namespaces that tests of firewalls make, with the number of the process that made them.
OURS = re.compile(r"ocs(?:fw|t)(\d+)(?:-|$)")
MODULE = "ansible_collections.openuc.ocs.plugins.modules.firewall_rules"
# Runs the module, and ends itself as by SIGKILL just before or after the so-manieth step.
KILLING = """
import os, runpy, signal, sys
from ansible_collections.openuc.ocs.plugins.module_utils import files, journal
from ansible_collections.openuc.ocs.plugins.module_utils.firewall import keeping, nft, waiting
left, module = int(sys.argv[1]), sys.argv[2]
del sys.argv[1:]

def counted(owner, name):
    real = getattr(owner, name)
    def step(*arguments, **named):
        found = real(*arguments, **named)
        global left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return found
    setattr(owner, name, step)

for owner, names in (
    (journal.Journal, ("store", "own", "note")),
    (waiting.Waiting, ("arm", "disarm")),
    (waiting, ("write_whole",)),
    (keeping, ("write_whole",)),
    (keeping.Kept, ("prepare", "take")),
    (nft.Nft, ("load",)),
):
    for name in names:
        counted(owner, name)
runpy.run_module(module, run_name="__main__")
"""


@dataclasses.dataclass
class Box:
    """The namespace, and the folder for all files of the module."""

    namespace: str
    folder: Path

    @property
    def own_file(self) -> Path:
        return self.folder / "nftables.d" / "own.nft"

    @property
    def boot_file(self) -> Path:
        return self.folder / "nftables.conf"

    @property
    def journal(self) -> Path:
        return self.folder / "journal" / "openuc_filter"

    def run(self, *command: str, check: bool = True, **more: t.Any) -> subprocess.CompletedProcess[str]:
        within = ["ip", "netns", "exec", self.namespace, *command]
        return subprocess.run(within, capture_output=True, text=True, check=check, timeout=60, **more)

    def arguments(self, **given: t.Any) -> str:
        places = {
            "journal_dir": str(self.folder / "journal"),
            "own_file": str(self.own_file),
            "boot_file": str(self.boot_file),
        }
        return json.dumps({"ANSIBLE_MODULE_ARGS": {"confirm_within": 0, **places, **given}})

    def module(self, check_mode: bool = False, path: str = "", **given: t.Any) -> dict[str, t.Any]:
        """What the module returns."""
        done = self.run(
            sys.executable,
            "-m",
            MODULE,
            check=False,
            input=self.arguments(**given, _ansible_check_mode=check_mode),
            env=self.environment(path),
        )
        assert done.stdout, done.stderr
        found: dict[str, t.Any] = json.loads(done.stdout.splitlines()[-1])
        assert "Traceback" not in done.stderr + str(found.get("msg", "")), done.stderr
        return found

    def killed_after(self, step: int, **given: t.Any) -> bool:
        """Run the module until it has done so many steps; false when it came to its end before."""
        command = (sys.executable, "-c", KILLING, str(step), MODULE)
        done = self.run(*command, check=False, input=self.arguments(**given), env=self.environment())
        assert done.returncode in (0, -signal.SIGKILL), done.stderr + done.stdout
        return done.returncode != 0

    def environment(self, path: str = "") -> dict[str, str]:
        clean = {name: value for name, value in os.environ.items() if name != "SSH_CONNECTION"}
        search = os.pathsep.join(filter(None, [path, os.environ["PATH"], "/usr/sbin"]))
        return {**clean, "PATH": search, "PYTHONPATH": f"{ROOT}:{ROOT}/.build/collections"}

    def four_runs(self, **given: t.Any) -> dict[str, t.Any]:
        """Check, apply, apply, check: the first two say the same, the others find nothing to do. What was applied."""
        before = self.rules(), self.files()
        predicted = self.module(check_mode=True, **given)
        assert (self.rules(), self.files()) == before, "a check run changed something"
        applied = self.module(**given)
        for each in (predicted, applied):
            assert not each.get("failed"), each
        told = ("changed", "operations", "summary", "diff")
        assert {key: predicted[key] for key in told} == {key: applied[key] for key in told}
        assert self.module(**given)["changed"] is False
        assert self.module(check_mode=True, **given)["changed"] is False
        return applied

    def rules(self) -> str:
        """All rules of the packet filter, without counters."""
        return self.run("nft", "-s", "list", "ruleset").stdout

    def files(self) -> dict[str, bytes]:
        """All files of the module but its lock."""
        paths = [path for path in self.folder.rglob("*") if path.is_file() and path.name != "lock"]
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in paths}

    def gathered(self) -> dict[str, t.Any] | None:
        found: dict[str, t.Any] | None = self.module(state="gathered")["gathered"]
        return found

    def allowed(self) -> set[str]:
        """Rules in force as `id port port`."""
        found = self.gathered()
        return {" ".join([rule["id"], *rule["ports"]]) for rule in found["rules"]} if found else set()

    def apply(self, *rules: dict[str, t.Any], **given: t.Any) -> dict[str, t.Any]:
        return self.module(**options(*rules), **given)

    def boot(self) -> None:
        """Load what a start of the host would."""
        self.run("nft", "flush", "ruleset")
        if self.boot_file.exists():
            self.run("nft", "-f", str(self.boot_file))

    def wait_until_nothing_waits(self) -> None:
        """Until the run that waits is confirmed or undone: whoever decides that removes the file."""
        deadline = time.monotonic() + 30
        while (self.journal / "pending.json").exists():
            assert time.monotonic() < deadline, "nobody put the previous rules back"
            with open(self.journal / "lock", "ab") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
            time.sleep(0.05)


@contextlib.contextmanager
def box_in(folder: Path) -> t.Iterator[Box]:
    """A box; its processes and its namespace are gone afterwards."""
    remove_leavings()
    namespace = f"ocsfw{os.getpid()}"
    subprocess.run(["ip", "netns", "add", namespace], check=True, capture_output=True)
    try:
        box = Box(namespace, folder)
        box.run("ip", "link", "add", "eth0", "type", "veth", "peer", "name", "eth1")
        box.run("sysctl", "-qw", "net.ipv4.ip_forward=1")
        yield box
    finally:
        remove(namespace)


def remove(namespace: str) -> None:
    """A namespace, and whatever runs in it."""
    pids = subprocess.run(["ip", "netns", "pids", namespace], capture_output=True, text=True, check=False).stdout
    for pid in pids.split():
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGKILL)
    subprocess.run(["ip", "netns", "delete", namespace], check=False, capture_output=True)


def remove_leavings() -> None:
    """What runs that were killed have left: namespaces that are named after processes which are there no more."""
    for namespace in os.listdir(NAMED) if NAMED.is_dir() else ():
        made_by = OURS.match(namespace)
        if made_by and not Path("/proc", made_by[1]).exists():
            remove(namespace)
