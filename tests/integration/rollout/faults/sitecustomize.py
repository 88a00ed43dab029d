# SPDX-License-Identifier: GPL-3.0-or-later
"""Ends a run of Ansible as a power cut would, at a chosen line of the journal. Python loads this by its name.

Either the journal has so many lines, or its last line tells of something that no run before was killed at: those that
were are told in a file, which gains a line with each kill.
"""

from __future__ import annotations

import json
import os
import re
import signal

_AT = int(os.environ.get("OPENUC_TEST_KILL_AT_LINE", "0"))
_MET = os.environ.get("OPENUC_TEST_KILLED_AT", "")
_TORN = os.environ.get("OPENUC_TEST_TEAR") == "1"
# What a line is about, whichever run wrote it; of what is told of each host, the hosts.
_ABOUT = ("event", "step", "mechanism", "host", "hosts", "stages", "module", "state", "verdict")
_sync = os.fsync


def about(line: str) -> str:
    """What a line of the journal tells of, as text; the same in each run."""
    told = json.loads(line)
    # Waves of a phase are counted anew in each run, without those that need nothing any more.
    phase = re.sub(r"\.\d+$", "", told.get("wave", ""))
    return json.dumps([phase, *(list(value) if isinstance(value, dict) else value for value in map(told.get, _ABOUT))])


def _sync_and_die(handle: int) -> None:
    _sync(handle)
    if not os.readlink(f"/proc/self/fd/{handle}").endswith("rollout.jsonl"):
        return
    size = os.fstat(handle).st_size
    lines = os.pread(handle, size, 0).decode().splitlines()
    if not (_is_new(lines[-1]) if _MET else len(lines) == _AT):
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


def _is_new(line: str) -> bool:
    """Whether no run was killed at such a line yet; from now on one was."""
    words = about(line) + "\n"
    with open(_MET, "a+", encoding="utf-8") as file:
        file.seek(0)
        if words in file.readlines():
            return False
        file.write(words)
    return True


if _AT or _MET:
    os.fsync = _sync_and_die
