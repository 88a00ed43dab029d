# SPDX-License-Identifier: GPL-3.0-or-later
"""Whoever makes or removes a lab may be killed at any moment: `down` leaves nothing, and `up` makes it whole.

The steps of the work are counted, and it is killed just before or after one of them: some, spread over all of it; every
one where OPENUC_FAULTS=all is set.
"""

from __future__ import annotations

import contextlib
import functools
import os
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest

from tests.integration import killing, snapshot
from tests.integration.conftest import lab_command, own_name
from tests.lab import estate, kernel, lab
from tests.lab.lab import FOLDER, Lab
from tests.support import ROOT

SMALL = ROOT / "tests/integration/inventories/small.yml"
SOME: t.Final = 12


@pytest.fixture(scope="module")
def small() -> estate.Estate:
    return estate.read(SMALL)


@pytest.fixture
def name() -> t.Iterator[str]:
    """A name for a lab of this test alone; whatever it leaves is removed."""
    chosen = own_name("x")
    yield chosen
    lab_command("--name", chosen, "down")


def quiet(_words: str) -> None:
    pass


def chosen(steps: t.Sequence[str]) -> t.Sequence[int]:
    every = os.environ.get("OPENUC_FAULTS") == "all"
    return range(len(steps)) if every else killing.sample(steps, SOME)


def test_killed_while_it_is_made(name: str, small: estate.Estate) -> None:
    up = functools.partial(lab.up, Lab(name), small, False, quiet)
    before = snapshot.take(name)
    steps = killing.moments(up)
    assert {"fork_exec", "write", "mkdir"} <= set(steps), "the work was seen"
    lab.down(Lab(name), quiet)
    for moment in chosen(steps):
        was_killed = killing.killed_at(up, moment)
        lab.down(Lab(name), quiet)
        assert snapshot.settled(before, name) == before, f"killed at step {moment} of {len(steps)}: {steps[moment]}"
        assert was_killed, "the work takes the same steps each time"


def test_killed_while_it_is_removed(name: str, small: estate.Estate) -> None:
    up = functools.partial(lab.up, Lab(name), small, False, quiet)
    down = functools.partial(lab.down, Lab(name), quiet)
    before = snapshot.take(name)
    up()
    steps = killing.moments(down)
    assert {"pidfd_send_signal", "fork_exec", "unlink", "rmdir"} <= set(steps), "the work was seen"
    for moment in chosen(steps):
        up()
        killing.killed_at(down, moment)
        down()
        assert snapshot.settled(before, name) == before, f"killed at step {moment} of {len(steps)}: {steps[moment]}"


def test_made_again_after_a_kill_it_is_whole(name: str, small: estate.Estate) -> None:
    up = functools.partial(lab.up, Lab(name), small, False, quiet)
    before = snapshot.take(name)
    steps = killing.moments(up)
    lab.down(Lab(name), quiet)
    for moment in killing.sample(steps, 6):
        killing.killed_at(up, moment)
        up()
        assert len(kernel.first_processes(name)) == len(kernel.namespaces(name)) - 1 == 7
        assert Lab(name).is_whole()
        lab.down(Lab(name), quiet)
    assert snapshot.settled(before, name) == before


def preparing(name: str) -> bool:
    """Whether a domain controller of the lab is just setting up its domain."""
    for each in kernel.processes(kernel.namespaces(name)):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            if b"/etc/samba/setup.py" in Path(f"/proc/{each.pid}/cmdline").read_bytes():
                return True
    return False


def test_killed_while_a_domain_is_set_up(name: str) -> None:
    before = snapshot.take(name)
    command = [str(ROOT / "tests/lab/lab"), "--name", name, "up", str(ROOT / "inventories/standard"), "--closed"]
    maker = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while not preparing(name):
        assert maker.poll() is None, "the lab was up before the moment was seen"
    maker.kill()
    maker.wait()
    assert lab_command("--name", name, "down").returncode == 0
    assert snapshot.settled(before, name) == before


# What can be seen from outside of how far a lab has come, in the order in which it comes.
SIGHTS: dict[str, t.Callable[[str], bool]] = {
    "folder": lambda name: (FOLDER / name).exists(),
    "wiring": lambda name: any((FOLDER / name / "hosts").glob("*/wiring.json")),
    "start": lambda name: bool(kernel.first_processes(name)),
}


@pytest.mark.parametrize("sight", SIGHTS)
def test_the_command_itself_is_killed_and_tried_again(name: str, sight: str) -> None:
    before = snapshot.take(name)
    maker = subprocess.Popen(
        [str(ROOT / "tests/lab/lab"), "--name", name, "up", str(SMALL), "--closed"], stdout=subprocess.DEVNULL
    )
    while not SIGHTS[sight](name):
        assert maker.poll() is None, "the lab was up before the moment was seen"
    maker.kill()
    maker.wait()
    again = lab_command("--name", name, "up", str(SMALL), "--closed")
    assert again.returncode == 0, again.stderr
    assert "is not whole; removing what is left of it" in again.stdout
    lab_command("--name", name, "down")
    assert snapshot.settled(before, name) == before


def test_programs_that_a_killed_maker_left_at_work_are_ended_first(name: str) -> None:
    """Such as `ip`, which would go on to make namespaces while those that are there are removed."""
    program = [sys.executable, "-c", "import sys; print('there', flush=True); sys.stdin.read()"]
    with kernel.at_work(name):
        left = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    other = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with left, other:
        assert left.stdout
        assert other.stdout
        assert (left.stdout.readline(), other.stdout.readline()) == ("there\n", "there\n")
        assert kernel.helpers(name) == (left.pid,)
        (FOLDER / name).mkdir(parents=True)
        lab.down(Lab(name), quiet)
        assert left.wait(10) == -9
        assert other.poll() is None
        assert other.stdin
        other.stdin.close()
        assert other.wait(10) == 0
