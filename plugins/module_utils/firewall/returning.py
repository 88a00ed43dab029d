# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts the previous rules back unless a run is confirmed in time. A program of its own; private to the collection.

It needs no controller and nothing of the collection: the module writes it out and starts it before anything changes.
Who removes the file of a pending run, holding the lock, has decided: the confirmation, or this.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import subprocess
import sys
import time
from typing import Any

PENDING = "pending.json"
PREVIOUS = "previous.nft"
RETURNED = "returned.json"
TRIES = 10
PAUSE = 1.0


def pending(folder: str) -> Any:
    """The run that waits for confirmation; None when there is none."""
    try:
        with open(os.path.join(folder, PENDING), encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        return None


def put_back(folder: str, nft: str, reason: str) -> bool:
    """Load the previous rules, and let a start of the host load them too. To be called with the lock held."""
    waiting = pending(folder)
    with open(os.path.join(folder, PREVIOUS), "rb") as file:
        previous = file.read()
    for attempt in range(TRIES):
        done = subprocess.run([nft, "-f", "-"], input=previous, capture_output=True, check=False)
        if done.returncode == 0:
            break
        time.sleep(PAUSE if attempt + 1 < TRIES else 0)
    else:
        return False
    with contextlib.suppress(OSError):
        said = {"run": waiting["run"], "reason": reason, "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
        with open(os.path.join(folder, RETURNED), "w", encoding="utf-8", opener=_private) as file:
            json.dump(said, file)
    os.unlink(os.path.join(folder, PENDING))
    return True


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def main(folder: str, ends: str, seconds: str, nft: str) -> None:
    """Wait, and put back unless that was decided otherwise meanwhile.

    A run may change the rules many times; what waits then is told by its end, not by the run.
    """
    lock = os.open(os.path.join(folder, "lock"), os.O_RDWR | os.O_CREAT, 0o600)
    sys.stdout.write("armed\n")
    sys.stdout.close()
    time.sleep(float(seconds))
    fcntl.flock(lock, fcntl.LOCK_EX)
    waiting = pending(folder)
    if waiting and str(waiting["ends"]) == ends:
        put_back(folder, nft, f"it was not confirmed within {seconds} seconds")


if __name__ == "__main__":
    main(*sys.argv[1:])
