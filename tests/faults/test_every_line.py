# SPDX-License-Identifier: GPL-3.0-or-later
"""A roll-out is killed at every line of its journal, on real hosts, and the journal tells the truth each time.

It is a chain: one estate on one lab. A run dies at the first line at which none has died yet, the next one takes up and
dies one line further, and so on until one comes to its end. So each line of a whole roll-out is a place of death once,
each run must get further than the one before, and what a dead run left behind is what the next one finds. A run for
each line on hosts that are made for it would cost some two minutes a line and find less, since every run would begin
on an estate that nothing ever happened to. Stages that are complete are left out of the runs that follow, as
administrators may do with `uc_stage`; the last run walks all of them again and changes nothing.

The estate (tests/integration/inventories/faults.yml) is the least that has each kind of line: all five mechanisms, a
canary and one after it, members that are drained for their change, steps of people, and looking at what was done. That
each line of an undisturbed roll-out was a place of death is checked against one, on hosts that are as fresh.

After each death what the hosts hold is read from them by ordinary commands, and held against plan and journal
(holdings.py). Torn lines, which differ in nothing but the journal, are killed in a chain of their own, on the stubbed
estate of the tests of the roll-out. `make test` has a sample of whole runs there.
"""

from __future__ import annotations

import re
import signal
import typing as t
from pathlib import Path

import pytest

from tests.faults import holdings
from tests.faults.hosts import Done, Hosts, hosts_in
from tests.integration.rollout import killing, stubs

# Those of the estate in which something is to be done.
STAGES: t.Final = ("preflight", "directory", "first_pool", "external_access")
# More deaths than lines are a run that gets nowhere.
MOST_DEATHS: t.Final = 150


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> frozenset[str]:
    """What the lines of an undisturbed roll-out tell of."""
    with hosts_in(tmp_path_factory.mktemp("undisturbed"), "v") as hosts:
        done = hosts.deploy()
        assert done.returncode == 0, done.stdout[-5000:]
        return frozenset(killing.about((hosts.kept / "journal/rollout.jsonl").read_text()))


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Hosts]:
    with hosts_in(tmp_path_factory.mktemp("killed"), "w") as found:
        yield found


def test_each_death_of_a_chain_is_told_truly_and_the_next_run_takes_up(
    hosts: Hosts, walked: frozenset[str], tmp_path: Path
) -> None:
    met = tmp_path / "met"
    for stage in STAGES:
        _killed_until_complete(hosts, stage, met)
    assert walked <= set(met.read_text().splitlines())
    again = hosts.deploy()
    assert again.returncode == 0, again.stdout[-5000:]
    assert _changed(again) == {}
    assert hosts.entries("ended")[-1].data["verdict"] == "complete"
    assert not hosts.has_lease()
    holdings.assert_told_truly(hosts)
    asked = [entry.data["step"] for entry in hosts.entries("checkpoint")]
    assert len(asked) == len(set(asked)), "nobody is asked twice"


def _killed_until_complete(hosts: Hosts, stage: str, met: Path) -> None:
    before: tuple[str, ...] = ()
    for _death in range(MOST_DEATHS):
        lines = len(hosts.history().entries)
        done = hosts.deploy("-e", f"uc_stage={stage}", **killing.at_new_lines(met))
        for words in before:
            assert words in done.stdout + done.stderr
        if done.returncode == 0:
            return
        assert done.returncode == -signal.SIGKILL, done.stdout[-5000:] + done.stderr
        assert len(hosts.history().entries) > lines
        assert hosts.has_lease(), "the dead cannot let go"
        holdings.assert_told_truly(hosts)
        attempts = hosts.standing().attempts
        before = tuple(f"{mechanism} at {host}: was begun and may be half done" for mechanism, host in attempts)
    pytest.fail(f"{stage}: no end after {MOST_DEATHS} deaths")


def _changed(done: Done[str]) -> dict[str, int]:
    found = re.findall(r"^(\S+)\s+: .*changed=(\d+)", done.stdout, re.MULTILINE)
    return {host: int(count) for host, count in found if int(count)}


def test_each_torn_line_of_a_chain_is_passed_over_by_the_next_run(tmp_path: Path) -> None:
    estate = stubs.make(tmp_path)
    met = tmp_path / "met"
    for death in range(1, MOST_DEATHS):
        done = killing.deployed(estate, killing.at_new_lines(met, torn=True))
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL, done.stdout + done.stderr
        killing.assert_told_truly(estate)
        assert len(met.read_text().splitlines()) == death
        assert len(estate.torn()) == death
    assert set(killing.about(estate.journal.read_text())) <= set(met.read_text().splitlines())
    killing.assert_taken_up(estate)
