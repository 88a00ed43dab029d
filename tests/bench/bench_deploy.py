# SPDX-License-Identifier: GPL-3.0-or-later
"""`deploy.yml` on the lab: the first run, the second, and the bare cost of as many tasks. As root; makes its own lab.

Budget: the first run under 180 s; the second changes nothing, and takes at most twice what Ansible takes for the same
tasks on the same hosts when each module is replaced by `ping`. Beside the time of the clock stands that of the
processor on the controller, which says more on a busy machine.
"""

from __future__ import annotations

import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import typing as t
from pathlib import Path

from tests.lab import estate, kernel, lab
from tests.lab.lab import Lab
from tests.lab.layout import CONTROLLER

ROOT = Path(__file__).parents[2]
INVENTORY = ROOT / "inventories" / "lab"
PAIRS = int(sys.argv[1]) if len(sys.argv) > 1 else 3
RESULT = re.compile(r"(ok|changed|skipping|included): (?:\[([^\] ]+)( -> [^\]]+)?\])?")
INCLUDED = re.compile(r"included: \S+ for ([^=(]+)")
# Tasks whose action does all by itself: they cost a fork and no module.
ACTIONS = ("Gate ", "Steps of people", "Begin the run", "Leave out", "End the run", "Check the inventory")
Task = dict[str, t.Any]


class Taken(t.NamedTuple):
    """Seconds that a run took."""

    clock: float
    processor: float


def main() -> None:
    """Deploy, deploy again beside the bare tasks, and print times and ratios."""
    name = Lab(f"b{os.getpid() % 10**6}")
    with tempfile.TemporaryDirectory() as folder:
        try:
            lab.up(name, estate.read(INVENTORY), let_in=False, say=print)
            first = deploy(name, Path(folder))[0]
            show("first run", [first])
            second, output = deploy(name, Path(folder))
            changed = sum(int(found) for found in re.findall(r"changed=(\d+)", output))
            bare = Path(folder) / "bare.yml"
            bare.write_text(json.dumps(plays(output)))
            again, beside = [second], [run(name, str(bare), Path(folder))[0]]
            for _pair in range(PAIRS - 1):
                again.append(deploy(name, Path(folder))[0])
                beside.append(run(name, str(bare), Path(folder))[0])
            show("second run", again)
            show("bare tasks", beside)
            ratio, of_processor = (median(again, kind) / median(beside, kind) for kind in Taken._fields)
            tasks = output.count("\nTASK [")
            print(
                f"changed={changed}, {tasks} tasks, {ratio:.2f} x the bare ones; of the processor {of_processor:.2f} x"
            )
        finally:
            lab.down(name, print)


def median(taken: t.Iterable[Taken], kind: str) -> float:
    return statistics.median(getattr(one, kind) for one in taken)


def show(words: str, taken: t.Sequence[Taken]) -> None:
    clock = [one.clock for one in taken]
    spread = f" ({min(clock):.1f}-{max(clock):.1f})" if len(clock) > 1 else ""
    print(f"{words}: {median(taken, 'clock'):.1f} s{spread}, of the processor {median(taken, 'processor'):.1f} s")


def deploy(name: Lab, folder: Path) -> tuple[Taken, str]:
    return run(name, "openuc.ocs.deploy", folder)


def run(name: Lab, playbook: str, folder: Path) -> tuple[Taken, str]:
    """Wall time and output of a playbook, run where the hosts of the lab can be reached."""
    inside = kernel.NAMED / kernel.namespace(name.name, CONTROLLER)
    inventories = ["-i", str(INVENTORY), "-i", str(name.folder / "inventory.yml")]
    program = str(Path(sys.executable).parent / "ansible-playbook")
    command = ["nsenter", f"--net={inside}", program, playbook, *inventories, "-e", f"uc_estate_dir={folder}/estate"]
    environment = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")}
    start, before = time.perf_counter(), processor_time()
    done = subprocess.run(command, env=environment, cwd=ROOT, check=False, capture_output=True, text=True)
    taken = Taken(time.perf_counter() - start, processor_time() - before)
    if done.returncode:
        _before, _fatal, reason = done.stdout.partition("\nfatal: ")
        sys.exit((reason or done.stdout[-3000:])[:3000] + done.stderr[-2000:])
    return taken, done.stdout


def processor_time() -> float:
    """Of all programs that were started and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def plays(output: str) -> list[Task]:
    """The same tasks on the same hosts: a ping where a module ran, on the controller where it ran there."""
    found: list[Task] = []
    for block in output.split("\nTASK [")[1:]:
        there: dict[str, list[str]] = {}
        is_action = block.startswith(ACTIONS) or "Validating arguments against arg spec" in block.splitlines()[0]
        for line in block.splitlines()[1:]:
            included = INCLUDED.match(line)
            result = RESULT.match(line)
            if included:
                there.setdefault("action", []).extend(host.strip() for host in included[1].split(","))
            elif result and result[2]:
                kind = "skipped" if result[1] == "skipping" else "controller" if result[3] else "target"
                there.setdefault("action" if is_action and kind == "target" else kind, []).append(result[2])
        found += [play(kind, list(dict.fromkeys(hosts))) for kind, hosts in there.items()]
    return found


def play(kind: str, hosts: list[str]) -> Task:
    """One task for some hosts; a skipped one, or an action's, runs no module."""
    task: Task = {"ansible.builtin.debug": {"msg": ""}} if kind == "action" else {"ansible.builtin.ping": {}}
    if kind == "skipped":
        task["when"] = False
    if kind == "controller":
        local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
        task |= {"delegate_to": "localhost", "vars": local}
    return {"hosts": ":".join(hosts), "gather_facts": False, "tasks": [task]}


if __name__ == "__main__":
    main()
