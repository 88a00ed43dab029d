# SPDX-License-Identifier: GPL-3.0-or-later
"""One lab for all tests of a worker, in a management network of its own, so that it stands beside others.

Tests of a file run one after another, in its order. Files may run beside one another (`pytest -n 2`): each worker has
labs of its own.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import os
import re
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling

from tests.lab import estate, kernel, lab, machine, packages
from tests.lab.lab import Lab
from tests.lab.layout import CONTROLLER, Layout
from tests.support import ROOT

HERE = Path(__file__).parent
# Names of labs that tests make: a letter for the test, and the process that runs it.
OURS = re.compile(r"[q-z](\d{4,7})")
# Folders whose files share servers that take long to make.
TOGETHER: t.Final = ("dns", "qos")
# The file that takes by far the longest.
LONGEST: t.Final = "test_deployed_lab.py"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest, or one worker would be left alone with it at the end."""
    items.sort(key=lambda item: item.path.name != LONGEST)


class ByServers(LoadScopeScheduling):
    """Shares out whole files, or whole folders where their files share servers, in the order in which they stand."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        folder = Path(path).parent
        return str(folder) if folder.name in TOGETHER else path


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: t.Any) -> ByServers:
    """Have several workers (`pytest -n 2`) never meet on the same servers."""
    return ByServers(config, log)


@dataclasses.dataclass(frozen=True)
class RunningLab:
    """A lab that is up, with what tests do to it."""

    lab: Lab
    layout: Layout

    def on(self, host: str, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command as root on a host."""
        within = machine.command_in(self.lab.first_process(host), command)
        return subprocess.run(within, capture_output=True, text=True, check=check, timeout=180)

    def controlling(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command of this machine, such as Ansible, where the hosts can be reached."""
        namespace = kernel.namespace(self.lab.name, CONTROLLER)
        within = ["nsenter", f"--net={kernel.NAMED / namespace}", *command]
        return subprocess.run(
            within,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=check,
            timeout=600,
            cwd=ROOT,
            env={**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")},
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
        [str(ROOT / "tests/lab/lab"), *arguments], capture_output=True, text=True, check=False, timeout=600, **options
    )


@pytest.fixture(scope="session", autouse=True)
def _prepared_machine() -> None:
    """Install what is missing, and remove labs of test runs that were killed."""
    lab.require_root()
    with _one_at_a_time():
        packages.install((*packages.BASE, *packages.SERVERS, *packages.CLIENTS), print)
        for name in kernel.labs():
            found = OURS.fullmatch(name)
            if found and not Path(f"/proc/{int(found[1])}").exists():
                lab.down(Lab(name), lambda _words: None)


@contextlib.contextmanager
def _one_at_a_time() -> t.Iterator[None]:
    """Have other workers wait meanwhile."""
    folder = os.open(HERE, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


@pytest.fixture(scope="session")
def running_lab() -> t.Iterator[RunningLab]:
    """The example lab, up for the whole run."""
    name = Lab(own_name("t"))
    try:
        drawn = lab.up(name, estate.read(ROOT / "inventories/lab"), let_in=False, say=print)
        yield RunningLab(name, drawn)
    finally:
        lab.down(name, print)
