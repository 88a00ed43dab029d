# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that is killed at any of its steps leaves a balancer that serves, and that the next run completes."""

from __future__ import annotations

import json
import typing as t

import pytest

from tests.integration.balancer.conftest import HELD, PORT, SERVICE, VIP, Balancer
from tests.integration.balancer.dying import JOURNAL, PROGRAM, SWAP, Runs
from tests.integration.balancer.ends import End, until
from tests.integration.carrying import carried

Members = dict[str, End]
AT = f"{VIP} {PORT}"
STEPS: t.Final = (
    *JOURNAL,
    ("balancer.cards", "", "put"),
    ("balancer.cards", "", "take"),
    *SWAP,
    *(("balancer.watching", "Watching", name) for name in ("put", "configure", "work", "remove")),
)
# Of a balancer that becomes one of a pair and is one no more; what is around them is killed without a pair.
PAIR_STEPS: t.Final = tuple(
    ("balancer.keepalived", "Keepalived", name) for name in ("apply", "remove", "_write", "_load", "_wait", "_stop")
)
OPTIONS: t.Final[dict[str, t.Any]] = {
    "state": "overridden",
    "run": None,
    "most_deleted": 100,
    "most_deleted_ratio": 1.0,
    "config": "/etc/haproxy/openuc.cfg",
    "main_config": "/etc/haproxy/haproxy.cfg",
    "journal_dir": "/var/lib/openuc/load_balancer",
    "service_manager": "auto",
    "reload_command": [],
    "reload_timeout": 20,
}
BEFORE: t.Final = {**OPTIONS, "services": [SERVICE], "addresses": HELD}
OTHER: t.Final = {"address": "10.20.0.233", "interface": "lan"}
AFTER: t.Final = {
    **OPTIONS,
    "services": [{**SERVICE, "idle_seconds": 1300}, {**SERVICE, "vip": OTHER["address"], "snat": [OTHER["address"]]}],
    "addresses": [HELD[0], HELD[1], OTHER],
}


PAIR: t.Final = {
    "virtual_router": 52,
    "interface": "lan",
    "address": "10.20.0.6",
    "peer": "10.20.0.244",
    "priority": 100,
}


DRAIN_STEPS: t.Final = (
    ("balancer.runtime", "Runtime", "tell"),
    ("balancer.drainer", "", "write_whole"),
    ("balancer.drainer", "", "left"),
)
DRAINED: t.Final = {
    "state": "drained",
    "members": ["fe1"],
    "services": [],
    "wait": 10,
    "at_limit": "fail",
    "least": 1,
    "config": OPTIONS["config"],
    "socket": "/run/haproxy/openuc.sock",
}
ENABLED: t.Final = {**DRAINED, "state": "enabled"}


def _begun(
    balancer: Balancer, steps: t.Sequence[tuple[str, str, str]], engine: str = "balancer.engine:Engine"
) -> t.Iterator[Runs]:
    path = carried(balancer.lab.lab, balancer.host)
    program = End(balancer.lab, balancer.host, PROGRAM, path, engine, json.dumps(steps))
    yield Runs(program)
    program.stop()


@pytest.fixture
def runs(balancer: Balancer) -> t.Iterator[Runs]:
    yield from _begun(balancer, STEPS)


@pytest.fixture
def pairing(balancer: Balancer) -> t.Iterator[Runs]:
    yield from _begun(balancer, PAIR_STEPS)


@pytest.fixture
def draining(balancer: Balancer) -> t.Iterator[Runs]:
    yield from _begun(balancer, DRAIN_STEPS, "balancer.drainer:Drainer")


def _addresses(balancer: Balancer) -> set[str]:
    shown = json.loads(balancer.on("ip", "-json", "address", "show", "lan").stdout)
    held = {VIP, HELD[1]["address"], OTHER["address"]}
    return {each["local"] for each in shown[0]["addr_info"]} & held


def test_every_step_of_a_change(runs: Runs, balancer: Balancer, members: Members, client: End) -> None:
    """There and back again: services and addresses are added and changed, and removed."""
    opened = iter(range(1000))

    def serves(said: str) -> None:
        assert client.tell(f"open {next(opened)} {AT}").split()[0] in ("fe1", "fe2"), said

    steps = 0
    for start, there in ((BEFORE, AFTER), (AFTER, BEFORE)):
        steps += runs.kill_at_each(start, there, serves)
        assert _addresses(balancer) == {each["address"] for each in there["addresses"]}
    # Storing, owning twice, addresses both ways, the swap, the load and what is asked then, and the watcher's file.
    assert steps >= 16


def test_every_step_of_becoming_one_of_a_pair_and_of_none(
    pairing: Runs, balancer: Balancer, members: Members, client: End
) -> None:
    """Who is killed while nobody holds the addresses leaves them to the next run, which has them held again."""
    alone, paired = BEFORE, {**BEFORE, "pair": PAIR}
    held = {each["address"] for each in HELD}
    steps = 0
    for start, there in ((alone, paired), (paired, alone)):
        steps += pairing.kill_at_each(start, there, lambda _said: None)
        until(lambda: _addresses(balancer) == held)
        assert client.tell(f"open {steps} {AT}").split()[0] in ("fe1", "fe2")
    # Its files, the start and the wait for it, there; its files and its end, back.
    assert steps >= 6


def test_every_step_of_draining_and_of_putting_back(
    draining: Runs, balancer: Balancer, members: Members, client: End
) -> None:
    """What runs and what is loaded at the next start say the same in the end, whichever was told first."""
    balancer.balance(SERVICE)
    until(lambda: balancer.standing() == {"fe1": "UP", "fe2": "UP"})
    steps = 0
    for start, there, status in ((ENABLED, DRAINED, "DRAIN"), (DRAINED, ENABLED, "UP")):
        steps += draining.kill_at_each(start, there, lambda _said: None)
        assert balancer.standing()["fe1"] == status
        kept = [line for line in balancer.on("cat", str(OPTIONS["config"])).stdout.splitlines() if "disabled" in line]
        assert len(kept) == (status == "DRAIN")
        assert client.tell(f"open {steps} {AT}").split()[0] in ("fe1", "fe2")
    assert steps >= 5
