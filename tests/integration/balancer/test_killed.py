# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that is killed at any of its steps leaves a balancer that serves, and that the next run completes."""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
import typing as t

import pytest

from tests.integration.balancer.conftest import HELD, PORT, SERVICE, VIP, Balancer
from tests.integration.balancer.ends import End
from tests.lab import machine
from tests.support import ROOT

Members = dict[str, End]
AT = f"{VIP} {PORT}"
FOLDER = "/usr/local/lib/openuc-test"
PACKAGE = "ansible_collections/openuc/ocs/plugins/module_utils"

# Runs the module's engine, and kills it before the step whose number is given.
PROGRAM = """
import json, os, signal, sys
sys.path.insert(0, sys.argv[1])
from ansible_collections.openuc.ocs.plugins.module_utils.balancer import cards, engine, process, watching
from ansible_collections.openuc.ocs.plugins.module_utils import journal
left = int(sys.argv[2])
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
options = json.load(sys.stdin)
print(json.dumps(engine.Engine(options, False).run()))
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


@pytest.fixture
def shipped(balancer: Balancer) -> t.Iterator[Balancer]:
    """The module's parts on the host, as Ansible would bring them there."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        source = ROOT / "plugins/module_utils"
        for path in (*source.glob("*.py"), *source.glob("balancer/*.py")):
            archive.add(path, f"{PACKAGE}/{path.relative_to(source)}")
    command = ["sh", "-c", f"mkdir -p {FOLDER} && tar -x -C {FOLDER}"]
    inside = machine.command_in(balancer.lab.lab.first_process(balancer.host), command)
    subprocess.run(inside, input=packed.getvalue(), check=True)
    yield balancer
    balancer.on("rm", "-rf", FOLDER)


def _run(balancer: Balancer, options: dict[str, t.Any], kill_before: int = -1) -> dict[str, t.Any] | None:
    """What the engine returns; None when it was killed."""
    command = ["python3", "-c", PROGRAM, FOLDER, str(kill_before)]
    inside = machine.command_in(balancer.lab.lab.first_process(balancer.host), command)
    done = subprocess.run(inside, input=json.dumps(options), capture_output=True, text=True, check=False, timeout=120)
    if not done.stdout:
        assert done.returncode in (-9, 137), done.stderr
        return None
    found: dict[str, t.Any] = json.loads(done.stdout)
    return found


def _addresses(balancer: Balancer) -> set[str]:
    shown = json.loads(balancer.on("ip", "-json", "address", "show", "lan").stdout)
    held = {VIP, HELD[1]["address"], OTHER["address"]}
    return {each["local"] for each in shown[0]["addr_info"]} & held


def test_every_step_of_a_change(shipped: Balancer, members: Members, client: End) -> None:
    """There and back again: services and addresses are added and changed, and removed."""
    _run(shipped, BEFORE)
    steps = 0
    for there, left in ((AFTER, set()), (BEFORE, {OTHER["address"]})):
        start = BEFORE if there is AFTER else AFTER
        step = 0
        while True:
            killed = _run(shipped, there, step) is None
            assert client.tell(f"open {steps} {AT}").split()[0] in ("fe1", "fe2"), f"killed before step {step}"
            done = _run(shipped, there)
            assert done is not None
            assert killed or not done["changed"]
            again = _run(shipped, there)
            assert again is not None
            assert again["operations"] == [], f"killed before step {step}"
            assert _addresses(shipped) == {each["address"] for each in there["addresses"]}
            assert not _addresses(shipped) & left
            if not killed:
                break
            _run(shipped, start)
            step += 1
            steps += 1
    # Storing, owning twice, addresses both ways, the swap, the load and what is asked then, and the watcher's file.
    assert steps >= 16
