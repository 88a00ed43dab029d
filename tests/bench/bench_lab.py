# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab of the whole example, made and removed, with its packages there. Budget: up within 20 s. Needs root."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

LAB = str(Path(__file__).parents[1] / "lab" / "lab")
BUDGET = 20.0
ROUNDS = 3


def seconds(*words: str) -> float:
    start = time.perf_counter()
    subprocess.run([LAB, "--name", "bench", *words], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> int:
    """Print the medians; complain when the budget is exceeded."""
    if os.geteuid() != 0:
        print("bench_lab: not measured, since labs need root")
        return 0
    found = []
    for _round in range(ROUNDS):
        try:
            found.append((seconds("up", "--closed"), seconds("down")))
        finally:
            subprocess.run([LAB, "--name", "bench", "down"], check=False, stdout=subprocess.DEVNULL)
    up, down = (statistics.median(column) for column in zip(*found, strict=True))
    print(f"lab of the example: up {up:.1f} s (budget {BUDGET:.0f}), down {down:.1f} s; load {os.getloadavg()[0]:.1f}")
    return int(up > BUDGET)


if __name__ == "__main__":
    sys.exit(main())
