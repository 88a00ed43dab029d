# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian packages: what is missing, and that installing them starts no server of the machine."""

from __future__ import annotations

import fcntl
import os
import subprocess
import threading
import typing as t
from pathlib import Path

import pytest

from tests.lab import packages
from tests.lab.errors import LabError


class Machine:
    """Stands in for dpkg and apt: knows what is installed, and writes down what it is asked."""

    def __init__(self, folder: Path, installed: t.Iterable[str], apt_fails: bool = False) -> None:
        self.policy = folder / "policy-rc.d"
        self.installed = set(installed)
        self.apt_fails = apt_fails
        self.calls: list[list[str]] = []
        self.policies: list[str] = []
        self.asked = threading.Event()

    def run(self, command: list[str], **options: t.Any) -> subprocess.CompletedProcess[str]:
        if command[0] == "dpkg-query":
            self.asked.set()
            rows = [f"{name} installed" for name in command[3:] if name in self.installed]
            rows += [f"{name} config-files" for name in command[3:] if name not in self.installed]
            return subprocess.CompletedProcess(command, 1, "\n".join(rows), "no packages found")
        self.calls.append(command)
        self.policies.append(self.policy.read_text() if self.policy.exists() else "")
        return subprocess.CompletedProcess(command, 100 if self.apt_fails else 0, "", "E: no such package")


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine(tmp_path, ["tini"])
    monkeypatch.setattr(packages, "POLICY", made.policy)
    monkeypatch.setattr(packages.subprocess, "run", made.run)
    monkeypatch.setattr(packages.shutil, "which", lambda _name: "/usr/bin/dpkg-query")
    return made


def test_what_was_removed_but_left_its_settings_is_missing(machine: Machine) -> None:
    assert packages.missing(["tini", "bind9", "samba", "bind9"]) == ["bind9", "samba"]


def test_nothing_is_said_or_done_where_all_is_there(machine: Machine) -> None:
    said: list[str] = []
    packages.install(["tini"], said.append)
    assert (said, machine.calls) == ([], [])


def test_what_is_missing_is_said_before_it_is_installed(machine: Machine) -> None:
    said: list[str] = []
    packages.install(["tini", "samba", "bind9"], said.append)
    assert said == ["Installing Debian packages: bind9 samba"]
    assert [call[-1] for call in machine.calls] == ["update", "samba"]
    assert machine.calls[1][-4:] == ["--yes", "--no-install-recommends", "bind9", "samba"]


def test_no_server_is_started_meanwhile_and_the_policy_goes_afterwards(machine: Machine) -> None:
    packages.install(["bind9"], print)
    assert machine.policies == [packages.POLICY_TEXT] * 2
    assert not machine.policy.exists()


def test_a_policy_of_the_machine_s_own_stays(machine: Machine) -> None:
    machine.policy.write_text("#!/bin/sh\nexit 0\n")
    packages.install(["bind9"], print)
    assert machine.policy.read_text() == "#!/bin/sh\nexit 0\n"


def test_a_policy_left_by_a_killed_installation_goes(machine: Machine) -> None:
    machine.policy.write_text(packages.POLICY_TEXT)
    packages.install(["bind9"], print)
    assert not machine.policy.exists()


def test_who_comes_while_another_installs_waits_and_need_not(machine: Machine) -> None:
    """Two labs that are made at once: apt would refuse the second, or the first would let its servers start."""
    other = os.open(machine.policy.parent, os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_EX)
    second = threading.Thread(target=packages.install, args=(["bind9"], print))
    second.start()
    assert machine.asked.wait(30)
    machine.installed.add("bind9")
    os.close(other)
    second.join(30)
    assert not second.is_alive()
    assert machine.calls == []


def test_a_failure_says_what_apt_says(machine: Machine) -> None:
    machine.apt_fails = True
    with pytest.raises(LabError, match=r"apt-get .*update failed:\nE: no such package"):
        packages.install(["bind9"], print)
    assert not machine.policy.exists()


def test_another_system_is_told_what_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages.shutil, "which", lambda _name: None)
    with pytest.raises(LabError, match=r"This is no Debian system: install what bind9, tini hold"):
        packages.missing(["tini", "bind9"])
