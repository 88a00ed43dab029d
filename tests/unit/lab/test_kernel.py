# SPDX-License-Identifier: GPL-3.0-or-later
"""Labs found by the names of their namespaces."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from tests.lab import kernel
from tests.lab.errors import LabError


@pytest.fixture
def named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(kernel, "NAMED", tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", ["lab", "a", "t1234567", "x9"])
def test_names_that_a_lab_can_have(name: str) -> None:
    assert kernel.checked_name(name) == name


@pytest.mark.parametrize("name", ["", "Lab", "9a", "a-b", "a_b", "ninechars", "a/b", "lab\n", "läb"])
def test_names_that_no_lab_can_have(name: str) -> None:
    with pytest.raises(LabError, match="cannot be the name of a lab: take up to eight small letters and digits"):
        kernel.checked_name(name)


def test_labs_are_told_apart_by_name(named: Path) -> None:
    for name in ("openuc-a-one", "openuc-a-two.example", "openuc-ab-one", "other", "openuc-a"):
        (named / name).touch()
    assert kernel.namespaces("a") == ("openuc-a-one", "openuc-a-two.example")
    assert kernel.labs() == ("a", "ab")


def test_where_nobody_ever_named_a_namespace_there_is_no_lab(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, "NAMED", Path("/does/not/exist"))
    assert (kernel.namespaces("a"), kernel.labs(), kernel.first_processes("a")) == ((), (), {})


def test_processes_are_found_by_the_namespace_they_are_in(named: Path) -> None:
    # This very process, and the network namespace it is in, stand in for a host's.
    (named / "openuc-a-one").symlink_to("/proc/self/ns/net")
    (named / "openuc-a-gone").symlink_to("/does/not/exist")
    found = {each.pid: each for each in kernel.processes(["openuc-a-one", "openuc-a-gone"])}
    assert found[os.getpid()].namespace == "openuc-a-one"
    assert not found[os.getpid()].is_first, "it is not the first process of a namespace of its own"


def test_sockets_that_are_listened_on_are_found() -> None:
    with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
        tcp.bind(("127.0.0.1", 0))
        udp.bind(("127.0.0.1", 0))
        assert tcp.getsockname() not in kernel.listening(os.getpid(), "tcp")
        tcp.listen()
        assert tcp.getsockname() in kernel.listening(os.getpid(), "tcp")
        assert udp.getsockname() in kernel.listening(os.getpid(), "udp")
