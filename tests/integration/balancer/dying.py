# SPDX-License-Identifier: GPL-3.0-or-later
"""Engines of modules that are run on a host of the lab, and killed before a step of choice."""

from __future__ import annotations

import dataclasses
import json
import typing as t

from tests.integration.balancer.ends import End

Options = dict[str, t.Any]
# Runs an engine, given as module:class, in a process of its own for each line, and kills it before the step whose
# number that says. Steps are given as module, class or nothing, and function.
PROGRAM: t.Final = """
import importlib, json, os, signal, sys
sys.path.insert(0, sys.argv[1])
COLLECTION = "ansible_collections.openuc.ocs.plugins.module_utils."
module, name = sys.argv[2].split(":")
engine = getattr(importlib.import_module(COLLECTION + module), name)
left = -1
def counted(module, place, name):
    holder = importlib.import_module(COLLECTION + module)
    holder = getattr(holder, place) if place else holder
    inner = getattr(holder, name)
    def step(*arguments, **named):
        global left
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1
        return inner(*arguments, **named)
    setattr(holder, name, step)
for step in json.loads(sys.argv[3]):
    counted(*step)
for line in sys.stdin:
    asked = json.loads(line)
    reader, writer = os.pipe()
    if os.fork() == 0:
        left = asked["kill_before"]
        found = engine(asked["options"], False).run()
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
# What a step of HAProxy's is, whoever has it taken.
JOURNAL: t.Final = (("journal", "Journal", "store"), ("journal", "Journal", "own"))
SWAP: t.Final = tuple(
    ("balancer.process", "Haproxy", name) for name in ("_put", "write_arguments", "load", "wait_until_it_runs_with")
)


@dataclasses.dataclass(frozen=True)
class Runs:
    """Runs of an engine, one after the other, which may be killed."""

    program: End

    def run(self, options: Options, kill_before: int = -1) -> Options | None:
        """What the engine returns; None when it was killed."""
        said = json.loads(self.program.tell(json.dumps({"options": options, "kill_before": kill_before}), 120))
        assert said["killed"] is (said["found"] is None)
        found: Options | None = said["found"]
        return found

    def kill_at_each(self, start: Options, there: Options, look: t.Callable[[str], None]) -> int:
        """From one state to another, killed before each step, looked at, ended, and done once more to no effect.

        How many steps it was killed at.
        """
        step = 0
        while True:
            self.run(start)
            killed = self.run(there, step) is None
            look(f"killed before step {step}")
            done = self.run(there)
            assert done is not None
            assert killed or not done["changed"]
            again = self.run(there)
            assert again is not None
            assert again["operations"] == [], f"killed before step {step}"
            if not killed:
                return step
            step += 1
