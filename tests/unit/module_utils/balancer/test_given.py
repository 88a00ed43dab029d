# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections that the packet filter hands on are counted by member, in a network of the test's own."""

from __future__ import annotations

import os
import subprocess

import pytest

from ansible_collections.openuc.ocs.plugins.module_utils.balancer import given, packets, places, watcher
from tests.unit.module_utils.balancer.made import SIP, STUN, services

SECTION = "openuc-203.0.113.102:3478:udp"


def inside(commands: str) -> str:
    """What a shell says in a network without anybody else."""
    allowed = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    command = ["unshare", *allowed, "--net", "sh", "-ec", commands]
    return subprocess.run(command, text=True, capture_output=True, check=True).stdout


def table() -> str:
    return watcher.table_text(packets.forwarded(services(SIP, STUN)))


def test_the_packet_filters_own_words_are_read() -> None:
    said = inside(f"nft -f - <<'E'\n{table()}E\nnft -j list set ip openuc_balance given")
    assert given.parse(said) == {
        ("203.0.113.102", "udp", "3478", "203.0.113.51"): 0,
        ("203.0.113.102", "udp", "3478", "203.0.113.52"): 0,
    }


def test_totals_are_told_by_section_and_name(monkeypatch: pytest.MonkeyPatch) -> None:
    said = inside(f"nft -f - <<'E'\n{table()}E\nnft -j list set ip openuc_balance given").replace(
        '"packets": 0', '"packets": 7', 1
    )
    monkeypatch.setattr(given, "found", lambda _program: "/usr/sbin/nft")
    monkeypatch.setattr(given, "run", lambda _command: subprocess.CompletedProcess([], 0, said, ""))
    assert sorted(given.totals(services(SIP, STUN)).items()) == [((SECTION, "edge1"), 7), ((SECTION, "edge2"), 0)]
    assert given.totals(services(SIP)) == {}
    assert places.found("no such program") == ""
