# SPDX-License-Identifier: GPL-3.0-or-later
"""Topology and plan for 1,000 and 10,000 servers: time, memory, and where the time goes.

Budgets: under 1 s and 300 MB for 1,000 servers, 10,000 within 12 times that.
"""

from __future__ import annotations

import cProfile
import datetime
import pstats
import resource
import subprocess
import sys
import time

from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue import loader
from ansible_collections.openuc.ocs.plugins.plugin_utils.engine import design
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.serial import to_json
from tests.bench.generator import generate
from tests.support import inventory_of

TODAY = datetime.date(2026, 11, 1)


def measure(servers: int, profiled: bool = False) -> None:
    """One measurement in a process of its own, so that memory is that run's."""
    inventory = inventory_of(*generate(servers))
    start = time.perf_counter()
    loader.load("ocs2007r2")
    read = time.perf_counter()
    profile = cProfile.Profile()
    if profiled:
        profile.enable()
    made = design(inventory, TODAY)
    profile.disable()
    planned = time.perf_counter()
    if made.plan is None:
        raise SystemExit("\n".join(finding.message for finding in made.errors[:10]))
    text = to_json(made.plan)
    written = time.perf_counter()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{servers:>6} servers: catalogue {read - start:.2f} s, topology and plan {planned - read:.2f} s, "
        f"JSON {written - planned:.2f} s ({len(text) / 1e6:.1f} MB, {len(made.plan.flows)} flows), {memory:.0f} MB"
    )
    if profiled:
        pstats.Stats(profile).sort_stats("tottime").print_stats(15)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        measure(int(sys.argv[1]), profiled="--profile" in sys.argv)
    else:
        for size in ("1000", "10000"):
            subprocess.run([sys.executable, __file__, size], check=True)
        subprocess.run([sys.executable, __file__, "1000", "--profile"], check=True)
