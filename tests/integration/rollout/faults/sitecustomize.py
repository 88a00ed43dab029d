# SPDX-License-Identifier: GPL-3.0-or-later
"""Ends a run of Ansible as a power cut would, at a chosen line of the journal. Python loads this by its name."""

from __future__ import annotations

import os
import signal

_AT = int(os.environ.get("OPENUC_TEST_KILL_AT_LINE", "0"))
_TORN = os.environ.get("OPENUC_TEST_TEAR") == "1"
_sync = os.fsync


def _sync_and_die(handle: int) -> None:
    _sync(handle)
    if not os.readlink(f"/proc/self/fd/{handle}").endswith("rollout.jsonl"):
        return
    size = os.fstat(handle).st_size
    if os.pread(handle, size, 0).count(b"\n") != _AT:
        return
    if _TORN:
        os.ftruncate(handle, size - 7)
    # This process was forked from Ansible's own, and so were workers that may be busy with other hosts.
    parent = os.getppid()
    os.kill(parent, signal.SIGSTOP)
    with open(f"/proc/{parent}/task/{parent}/children", encoding="ascii") as workers:
        others = [int(number) for number in workers.read().split()]
    for process in (*(number for number in others if number != os.getpid()), parent, os.getpid()):
        os.kill(process, signal.SIGKILL)


if _AT:
    os.fsync = _sync_and_die
