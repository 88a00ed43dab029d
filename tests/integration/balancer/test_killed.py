# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that is killed at any of its steps leaves a balancer that serves, and that the next run completes."""

from __future__ import annotations

import dataclasses
import json
import typing as t

import pytest

from tests.integration.balancer.conftest import HELD, PORT, SERVICE, VIP, Balancer
from tests.integration.balancer.ends import End
from tests.integration.carrying import carried

Members = dict[str, End]
AT = f"{VIP} {PORT}"

# Runs the module's engine in a process of its own for each line, and kills it before the step whose number is given.
PROGRAM = """
import json, os, signal, sys
sys.path.insert(0, sys.argv[1])
from ansible_collections.openuc.ocs.plugins.module_utils.balancer import cards, engine, process, watching
from ansible_collections.openuc.ocs.plugins.module_utils import journal
left = -1
def counted(place, name):
    inner = getattr(place, name)
    def step(*arguments, **named):
        global left
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1
        return inner(*arguments, **named)
    setattr(place, name, step)
for place, names in (
    (journal.Journal, ("store", "own")),
    (cards, ("put", "take")),
    (engine.Engine, ("_write",)),
    (process.Haproxy, ("write_arguments", "load", "wait_until_it_runs_with")),
    (watching.Watching, ("put", "configure", "work", "remove")),
):
    for name in names:
        counted(place, name)
for line in sys.stdin:
    asked = json.loads(line)
    reader, writer = os.pipe()
    if os.fork() == 0:
        left = asked["kill_before"]
        found = engine.Engine(asked["options"], False).run()
        with os.fdopen(writer, "w") as file:
            json.dump(found, file)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as file:
        said = file.read()
    _pid, status = os.wait()
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    print(json.dumps({"killed": killed, "found": json.loads(said or "null")}), flush=True)
"""
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


@dataclasses.dataclass(frozen=True)
class Runs:
    """Runs of the module on a balancer, one after the other, which may be killed."""

    balancer: Balancer
    program: End

    def run(self, options: dict[str, t.Any], kill_before: int = -1) -> dict[str, t.Any] | None:
        """What the engine returns; None when it was killed."""
        said = json.loads(self.program.tell(json.dumps({"options": options, "kill_before": kill_before}), 120))
        assert said["killed"] is (said["found"] is None)
        found: dict[str, t.Any] | None = said["found"]
        return found


@pytest.fixture
def runs(balancer: Balancer) -> t.Iterator[Runs]:
    program = End(balancer.lab, balancer.host, PROGRAM, carried(balancer.lab.lab, balancer.host))
    yield Runs(balancer, program)
    program.stop()


def _addresses(balancer: Balancer) -> set[str]:
    shown = json.loads(balancer.on("ip", "-json", "address", "show", "lan").stdout)
    held = {VIP, HELD[1]["address"], OTHER["address"]}
    return {each["local"] for each in shown[0]["addr_info"]} & held


def test_every_step_of_a_change(runs: Runs, members: Members, client: End) -> None:
    """There and back again: services and addresses are added and changed, and removed."""
    runs.run(BEFORE)
    steps = 0
    for there, left in ((AFTER, set()), (BEFORE, {OTHER["address"]})):
        start = BEFORE if there is AFTER else AFTER
        step = 0
        while True:
            killed = runs.run(there, step) is None
            assert client.tell(f"open {steps} {AT}").split()[0] in ("fe1", "fe2"), f"killed before step {step}"
            done = runs.run(there)
            assert done is not None
            assert killed or not done["changed"]
            again = runs.run(there)
            assert again is not None
            assert again["operations"] == [], f"killed before step {step}"
            assert _addresses(runs.balancer) == {each["address"] for each in there["addresses"]}
            assert not _addresses(runs.balancer) & left
            if not killed:
                break
            runs.run(start)
            step += 1
            steps += 1
    # Storing, owning twice, addresses both ways, the swap, the load and what is asked then, and the watcher's file.
    assert steps >= 16
