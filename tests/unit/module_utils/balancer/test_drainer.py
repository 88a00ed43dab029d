# SPDX-License-Identifier: GPL-3.0-or-later
"""Draining while HAProxy runs: what it is told, how long it is waited for, and how each way ends."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from ansible_collections.openuc.ocs.plugins.module_utils.balancer import drainer, text
from ansible_collections.openuc.ocs.plugins.module_utils.balancer.places import BalancerError
from ansible_collections.openuc.ocs.plugins.module_utils.balancer.runtime import Standing
from tests.unit.module_utils.balancer.made import SIP, services

SECTION = "openuc-10.20.0.100:5061"
FIRST = f"{SECTION}/fe1"


class Haproxy:
    """What listens on the socket: members, their sessions, and what it is told."""

    def __init__(self, own: Path) -> None:
        self.own = own
        self.status = {"fe1": "UP", "fe2": "UP"}
        self.sessions = 0
        self.leaving = 0
        self.told: list[str] = []

    def standings(self) -> list[Standing]:
        return [Standing(SECTION, name, status, 0) for name, status in self.status.items()]

    def tell(self, commands: t.Iterable[str]) -> None:
        for command in commands:
            self.told.append(command)
            words = command.split()
            if words[:2] == ["set", "server"]:
                self.status[words[2].rpartition("/")[2]] = {"drain": "DRAIN", "maint": "MAINT", "ready": "UP"}[words[4]]
            else:
                self.sessions = 0

    def left(self, _runtime: object, servers: t.Sequence[t.Any]) -> dict[str, int]:
        """Each time it is asked, some have left."""
        counted = self.sessions
        self.sessions = max(0, self.sessions - self.leaving)
        return {each.path: counted for each in servers if counted}


@pytest.fixture
def haproxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Haproxy:
    made = Haproxy(tmp_path / "openuc.cfg")
    made.own.write_text(text.render(services(SIP)))
    monkeypatch.setattr(drainer, "Runtime", lambda _path: made)
    monkeypatch.setattr(drainer, "left", made.left)
    monkeypatch.setattr(drainer, "_PAUSE", 0)
    return made


def run(haproxy: Haproxy, check: bool = False, **options: t.Any) -> dict[str, t.Any]:
    given = {"state": "drained", "members": ["fe1"], "services": [], "wait": 5, "at_limit": "fail", "least": 1}
    return drainer.Drainer({**given, "config": str(haproxy.own), "socket": "s", **options}, check).run()


def disabled(haproxy: Haproxy) -> list[str]:
    return [line.split()[1] for line in haproxy.own.read_text().splitlines() if line.endswith(" disabled")]


def test_it_waits_until_the_last_has_left_and_keeps_the_member_out(haproxy: Haproxy) -> None:
    haproxy.sessions, haproxy.leaving = 3, 1
    done = run(haproxy)
    assert (done["changed"], done["left"]) == (True, {})
    assert haproxy.told == [f"set server {FIRST} state drain"]
    assert disabled(haproxy) == ["fe1"]
    assert [each["status"] for each in done["members"]] == ["DRAIN", "UP"]
    assert not run(haproxy)["changed"]


def test_after_its_time_it_fails_and_says_who_is_left(haproxy: Haproxy) -> None:
    haproxy.sessions = 2
    with pytest.raises(BalancerError) as raised:
        run(haproxy, wait=0)
    assert str(raised.value).splitlines()[-1] == "fe1 of tcp/10.20.0.100:5061: 2 session(s)"
    assert "(at_limit: cut)" in str(raised.value)
    assert haproxy.status["fe1"] == "DRAIN"


def test_after_its_time_it_leaves_or_ends_what_is_left_when_told_so(haproxy: Haproxy) -> None:
    haproxy.sessions = 2
    assert run(haproxy, wait=0, at_limit="leave")["left"] == {FIRST: 2}
    done = run(haproxy, wait=0, at_limit="cut")
    assert (done["left"], haproxy.status["fe1"]) == ({}, "MAINT")
    assert haproxy.told[-2:] == [f"set server {FIRST} state maint", f"shutdown sessions server {FIRST}"]


def test_disabling_ends_connections_at_once(haproxy: Haproxy) -> None:
    haproxy.sessions = 2
    assert run(haproxy, state="disabled")["left"] == {}
    assert haproxy.told == [f"set server {FIRST} state maint", f"shutdown sessions server {FIRST}"]


def test_enabling_lets_a_member_in_and_says_when_its_check_fails(haproxy: Haproxy) -> None:
    run(haproxy)
    assert run(haproxy, state="enabled")["changed"]
    assert (disabled(haproxy), haproxy.status["fe1"]) == ([], "UP")
    haproxy.status["fe1"] = "DOWN"
    with pytest.raises(BalancerError, match="their health check fails"):
        run(haproxy, state="enabled", wait=0)
    assert run(haproxy, state="enabled", wait=0, at_limit="leave")["left"] == {FIRST: 0}


def test_check_mode_tells_and_changes_nothing(haproxy: Haproxy) -> None:
    before = haproxy.own.read_text()
    done = run(haproxy, check=True)
    assert [each["name"] for each in done["operations"]] == ["fe1 of tcp/10.20.0.100:5061"]
    assert (haproxy.told, haproxy.own.read_text()) == ([], before)


def test_gathered_tells_how_members_stand_even_where_nothing_is_balanced(haproxy: Haproxy) -> None:
    found = run(haproxy, state="gathered", members=[])
    assert [(each["member"], each["status"]) for each in found["members"]] == [("fe1", "UP"), ("fe2", "UP")]
    haproxy.own.unlink()
    assert run(haproxy, state="gathered", members=[])["members"] == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"members": []}, "members: is empty; name at least one member"),
        ({"members": ["fe3"]}, "members[0]: 'fe3' is no member of a service here"),
        ({"members": ["fe1", "fe2"]}, "0 member(s) would be left in service"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(haproxy: Haproxy, options: dict[str, t.Any], words: str) -> None:
    with pytest.raises(BalancerError) as raised:
        run(haproxy, **options)
    assert words in str(raised.value)
    assert haproxy.told == []


def test_a_host_that_balances_nothing_of_ours_says_so(haproxy: Haproxy) -> None:
    haproxy.own.write_text("frontend theirs\n")
    with pytest.raises(BalancerError, match="'frontend theirs' is no section of ours"):
        run(haproxy)
    haproxy.own.unlink()
    with pytest.raises(BalancerError, match="is missing: no service of ours is balanced on this host"):
        run(haproxy)
