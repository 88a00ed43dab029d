# SPDX-License-Identifier: GPL-3.0-or-later
"""One lab for all tests of a run, in a management network of its own, so that it stands beside a user's."""

from __future__ import annotations

import dataclasses
import os
import re
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest

from tests.lab import estate, kernel, lab, machine, packages
from tests.lab.lab import Lab
from tests.lab.layout import CONTROLLER, Layout
from tests.support import ROOT

# Names of labs that tests make: a letter for the test, and the process that runs it.
OURS = re.compile(r"[r-z](\d{4,7})")


@dataclasses.dataclass(frozen=True)
class RunningLab:
    """A lab that is up, with what tests do to it."""

    lab: Lab
    layout: Layout

    def on(self, host: str, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command as root on a host."""
        within = machine.command_in(self.lab.first_process(host), command)
        return subprocess.run(within, capture_output=True, text=True, check=check, timeout=60)

    def controlling(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command of this machine, such as Ansible, where the hosts can be reached."""
        namespace = kernel.namespace(self.lab.name, CONTROLLER)
        within = ["nsenter", f"--net={kernel.NAMED / namespace}", *command]
        environment = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")}
        return subprocess.run(
            within, capture_output=True, text=True, check=check, timeout=300, cwd=ROOT, env=environment
        )

    def ansible(self, program: str, inventory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run an Ansible program on the lab's hosts."""
        command = str(Path(sys.executable).parent / program)
        inventories = ["-i", str(inventory), "-i", str(self.lab.folder / "inventory.yml")]
        return self.controlling(command, *inventories, *arguments, check=False)


def own_name(letter: str) -> str:
    """A name for a lab of this test run alone. The next run removes it, should this one be killed."""
    return f"{letter}{os.getpid():04}"


def lab_command(*arguments: str, **options: t.Any) -> subprocess.CompletedProcess[str]:
    """The `lab` command, as a user runs it."""
    return subprocess.run(
        [str(ROOT / "tests/lab/lab"), *arguments], capture_output=True, text=True, check=False, timeout=300, **options
    )


@pytest.fixture(scope="session", autouse=True)
def _prepared_machine() -> None:
    """Install what is missing, and remove labs of test runs that were killed."""
    lab.require_root()
    packages.install((*packages.BASE, *packages.SERVERS, *packages.CLIENTS), print)
    for name in kernel.labs():
        found = OURS.fullmatch(name)
        if found and not Path(f"/proc/{int(found[1])}").exists():
            lab.down(Lab(name), lambda _words: None)


@pytest.fixture(scope="session")
def running_lab() -> t.Iterator[RunningLab]:
    """The example lab, up for the whole run."""
    name = Lab(own_name("t"))
    try:
        drawn = lab.up(name, estate.read(ROOT / "inventories/lab"), let_in=False, say=print)
        yield RunningLab(name, drawn)
    finally:
        lab.down(name, print)
