# SPDX-License-Identifier: GPL-3.0-or-later
"""What ansible-core's own brakes do, which is why the roll-out has its own (test_waves_and_gates.py, case by case).

A newer ansible-core that does better fails these tests, and then the gates can be looked at again.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
import yaml

from tests.support import ROOT

LOST = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 9}
HERE = {"ansible_connection": "local", "ansible_python_interpreter": "/usr/bin/python3"}
Play = dict[str, t.Any]
Task = dict[str, t.Any]


class Core:
    """A playbook on four hosts, of which some cannot be reached."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.notes = folder / "notes"

    def note(self, words: str) -> Task:
        command = f"echo {words} {{{{ inventory_hostname }}}} >> {self.notes}"
        return {"ansible.builtin.shell": command, "delegate_to": "localhost", "vars": HERE}

    def run(self, lost: t.Collection[str], *plays: Play) -> tuple[int, list[str]]:
        hosts = {name: LOST if name in lost else HERE for name in ("a", "b", "c", "d")}
        (self.folder / "hosts.yml").write_text(yaml.safe_dump({"all": {"hosts": hosts}}))
        (self.folder / "play.yml").write_text(json.dumps([{"hosts": "all", "gather_facts": False, **p} for p in plays]))
        command = [str(Path(sys.executable).parent / "ansible-playbook"), "-i", "hosts.yml", "play.yml"]
        environment = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")}
        done = subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False, timeout=300
        )
        return done.returncode, self.notes.read_text().splitlines() if self.notes.exists() else []


@pytest.fixture
def core(tmp_path: Path) -> Core:
    return Core(tmp_path)


PING: Task = {"ansible.builtin.ping": {}}
FAIL: Task = {"ansible.builtin.fail": {"msg": "it broke"}, "when": "inventory_hostname == 'a'"}


@pytest.mark.parametrize("brake", [{"any_errors_fatal": True}, {"max_fail_percentage": 0}])
def test_an_unreachable_canary_does_not_stop_the_next_batch(core: Core, brake: Play) -> None:
    _code, notes = core.run(
        {"a"},
        {"serial": [1, 3] if "any_errors_fatal" in brake else [2, 2], **brake, "tasks": [PING, core.note("changed")]},
    )
    assert {"changed c", "changed d"} <= set(notes)


def test_a_healthy_neighbour_of_an_unreachable_host_is_left_half_changed(core: Core) -> None:
    play = {"serial": 2, "any_errors_fatal": True, "tasks": [core.note("begun"), PING, core.note("ended")]}
    _code, notes = core.run({"a"}, play)
    assert "begun b" in notes
    assert "ended b" not in notes


def test_a_rescued_failure_counts_as_success(core: Core) -> None:
    play = {"serial": 1, "tasks": [{"block": [FAIL], "rescue": [core.note("restored")]}, core.note("went-on")]}
    code, notes = core.run((), play)
    assert code == 0
    assert notes == ["restored a", "went-on a", "went-on b", "went-on c", "went-on d"]


def test_a_rescue_under_any_errors_fatal_takes_back_healthy_hosts(core: Core) -> None:
    play = {"any_errors_fatal": True, "tasks": [{"block": [PING, FAIL], "rescue": [core.note("restored")]}]}
    _code, notes = core.run((), play)
    assert {"restored b", "restored c", "restored d"} <= set(notes)


def test_a_later_play_runs_with_whoever_is_left(core: Core) -> None:
    _code, notes = core.run({"a"}, {"tasks": [PING]}, {"tasks": [core.note("closing")]})
    assert sorted(notes) == ["closing b", "closing c", "closing d"]


def test_a_closing_play_never_runs_after_a_failed_gate(core: Core) -> None:
    gate = {"ansible.builtin.fail": {"msg": "stop"}, "run_once": True}
    _code, notes = core.run((), {"tasks": [gate]}, {"tasks": [core.note("closing")]})
    assert notes == []
