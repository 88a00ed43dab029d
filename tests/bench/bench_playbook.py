# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole of `ansible-playbook plan.yml` for 1,000 hosts with two templated values each, beside an empty play.

Budget: under 3 s wall. Runs alternate, so that both meet the same machine.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.generator import generate, write

ROOT = Path(__file__).parents[2]
EMPTY = "- hosts: all\n  gather_facts: false\n  tasks: []\n"
PAIRS = int(sys.argv[1]) if len(sys.argv) > 1 else 5
# The generator adds firewalls and balancers to what is counted here.
SERVERS = 670


def main() -> None:
    """Alternate both and print medians and their ratio."""
    with tempfile.TemporaryDirectory() as folder:
        inventory = Path(folder) / "many"
        groups, estate = generate(SERVERS)
        write(inventory, groups, estate)
        hosts = sum(len(members) for members in groups.values())
        empty = Path(folder) / "empty.yml"
        empty.write_text(EMPTY)
        times: dict[str, list[float]] = {"empty play": [], "first plan": [], "plan again": []}
        for pair in range(PAIRS):
            times["empty play"].append(run(str(empty), inventory))
            if pair:  # Moved away, since ext4 is slow to make files where as many were deleted a moment ago.
                Path(f"{inventory}.estate").rename(Path(folder) / f"{pair}.estate")
            times["first plan"].append(run("openuc.ocs.plan", inventory))
            times["plan again"].append(run("openuc.ocs.plan", inventory))
        base = statistics.median(times["empty play"])
        for name, values in times.items():
            middle = statistics.median(values)
            spread = f"{min(values):.2f}-{max(values):.2f}"
            print(f"{hosts} hosts, {name}: {middle:.2f} s ({spread}), {middle / base:.1f} x the empty play")


def run(playbook: str, inventory: Path) -> float:
    """Wall time of one run."""
    program = Path(sys.executable).parent / "ansible-playbook"
    environment = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")}
    start = time.perf_counter()
    command = [str(program), playbook, "-i", str(inventory)]
    subprocess.run(command, env=environment, cwd=ROOT, check=True, capture_output=True)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
