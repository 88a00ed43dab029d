# SPDX-License-Identifier: GPL-3.0-or-later
"""`deploy.yml` on the lab: the first run, the second, and the bare cost of as many tasks. As root; makes its own lab.

Budget: the first run under 180 s; the second changes nothing, and takes at most twice what Ansible takes for the same
tasks on the same hosts when each module is replaced by `ping`.
"""

from __future__ import annotations

import json
import os
import re
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
ACTIONS = ("Gate ", "Steps of people", "Begin the run", "End the run", "Check the inventory")
Task = dict[str, t.Any]


def main() -> None:
    """Deploy, deploy again beside the bare tasks, and print times and ratios."""
    name = Lab(f"b{os.getpid() % 10**6}")
    with tempfile.TemporaryDirectory() as folder:
        try:
            lab.up(name, estate.read(INVENTORY), let_in=False, say=print)
            first = deploy(name, Path(folder))[0]
            print(f"first run: {first:.1f} s")
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
            print(f"changed={changed}, {statistics.median(again) / statistics.median(beside):.2f} x the bare tasks")
        finally:
            lab.down(name, print)


def show(words: str, times: t.Sequence[float]) -> None:
    print(f"{words}: {statistics.median(times):.1f} s ({min(times):.1f}-{max(times):.1f})")


def deploy(name: Lab, folder: Path) -> tuple[float, str]:
    return run(name, "openuc.ocs.deploy", folder)


def run(name: Lab, playbook: str, folder: Path) -> tuple[float, str]:
    """Wall time and output of a playbook, run where the hosts of the lab can be reached."""
    inside = kernel.NAMED / kernel.namespace(name.name, CONTROLLER)
    inventories = ["-i", str(INVENTORY), "-i", str(name.folder / "inventory.yml")]
    program = str(Path(sys.executable).parent / "ansible-playbook")
    command = ["nsenter", f"--net={inside}", program, playbook, *inventories, "-e", f"uc_estate_dir={folder}/estate"]
    environment = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")}
    start = time.perf_counter()
    done = subprocess.run(command, env=environment, cwd=ROOT, check=False, capture_output=True, text=True)
    taken = time.perf_counter() - start
    if done.returncode:
        sys.exit(done.stdout[-3000:] + done.stderr[-2000:])
    return taken, done.stdout


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
