# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that is killed at any of its steps leaves a proxy that publishes, and that the next run completes."""

from __future__ import annotations

import json
import typing as t

import pytest

from tests.integration.balancer.conftest import BALANCER
from tests.integration.balancer.dying import JOURNAL, PROGRAM, SWAP, Options, Runs
from tests.integration.balancer.ends import End
from tests.integration.carrying import carried
from tests.integration.conftest import RunningLab

ADDRESS, PORT = "127.0.0.9", "7080"
SITE: t.Final[Options] = {
    "id": "site",
    "stage": "outside",
    "why": [],
    "name": "site.example",
    "address": ADDRESS,
    "port": PORT,
    "backend": "server.example",
    "backend_addresses": ["127.0.0.1"],
    "backend_port": "9",
    "backend_tls": False,
    "allowed": ["/open/*"],
}
OPTIONS: t.Final[Options] = {
    "state": "overridden",
    "run": None,
    "most_deleted": 10,
    "most_deleted_ratio": 1.0,
    "config": "/etc/haproxy/openuc-publications.cfg",
    "main_config": "/etc/haproxy/haproxy.cfg",
    "journal_dir": "/var/lib/openuc/publications",
    "service_manager": "auto",
    "reload_command": [],
    "reload_timeout": 20,
}
NONE: t.Final = {**OPTIONS, "publications": []}
ONE: t.Final = {**OPTIONS, "publications": [SITE]}
TWO: t.Final = {**OPTIONS, "publications": [{**SITE, "idle_seconds": 900}, {**SITE, "id": "b", "name": "b.example"}]}


@pytest.fixture
def runs(running_lab: RunningLab) -> t.Iterator[Runs]:
    """On the balancer of the pool, which has a HAProxy and balances nothing now."""
    path = carried(running_lab.lab, BALANCER)
    program = End(running_lab, BALANCER, PROGRAM, path, "publishing.engine:Engine", json.dumps([*JOURNAL[:1], *SWAP]))
    found = Runs(program)
    yield found
    found.run(NONE)
    program.stop()
    running_lab.on(BALANCER, "rm", "-rf", "/var/lib/openuc/publications")


def test_every_step_of_a_change(runs: Runs, running_lab: RunningLab) -> None:
    """Published for the first time, changed, and taken away."""

    def status(name: str) -> str:
        asked = ["--header", f"Host: {name}", f"http://{ADDRESS}:{PORT}/other"]
        command = ["curl", "-s", "--max-time", "10", "-o", "/dev/null", "-w", "%{http_code}", *asked]
        return running_lab.on(BALANCER, *command, check=False).stdout

    def publishes(said: str) -> None:
        assert status("site.example") == "403", said

    first = runs.kill_at_each(NONE, ONE, lambda _said: None)
    publishes("published")
    changed = runs.kill_at_each(ONE, TWO, publishes)
    gone = runs.kill_at_each(TWO, NONE, lambda _said: None)
    assert status("site.example") == "000"
    # What was there is stored, the file and the arguments are swapped, HAProxy is loaded, and asked if it has a file.
    assert (first, changed, gone) == (5, 5, 4)
