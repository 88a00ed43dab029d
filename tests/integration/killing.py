# SPDX-License-Identifier: GPL-3.0-or-later
"""Kill a piece of work with signal 9 at a moment of choice: just before or after one of its steps.

Steps are what leaves something behind: a program that is started, a process that is killed, a file or folder that is
made, changed or removed. They are counted inside the process that does the work, so a moment is always the same one,
however fast the machine is, and nobody waits for anything.
"""

from __future__ import annotations

import itertools
import os
import random
import signal
import sys
import types
import typing as t
import warnings

STEPS: t.Final = {
    "fork_exec",
    "write",
    "mkdir",
    "chmod",
    "chown",
    "rmdir",
    "unlink",
    "remove",
    "pidfd_send_signal",
}
PROGRAMS: t.Final = {"fork_exec", "write", "pidfd_send_signal"}
Work = t.Callable[[], object]


def moments(work: Work) -> list[str]:
    """Do the work to its end; the steps it takes, in order."""
    readable, writable = os.pipe()
    child = _fork()
    if child == 0:
        os.close(readable)
        seen: list[str] = []
        with os.fdopen(writable, "w") as told:
            _watch(seen.append, work)
            told.write("\n".join(seen))
        os._exit(0)
    os.close(writable)
    with os.fdopen(readable) as heard:
        found = heard.read().split()
    _pid, status = os.waitpid(child, 0)
    assert status == 0, "the work itself failed"
    return found


def killed_at(work: Work, moment: int) -> bool:
    """Do the work in a process that is killed at a moment; false when it was done before."""
    child = _fork()
    if child == 0:
        left = moment

        def die_in_time(_step: str) -> None:
            nonlocal left
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1

        _watch(die_in_time, work)
        os._exit(0)
    _pid, status = os.waitpid(child, 0)
    assert status in (0, signal.SIGKILL), "the work itself failed"
    return status == signal.SIGKILL


def sample(steps: t.Sequence[str], size: int, seed: int = 3) -> list[int]:
    """Moments of all kinds: as many at programs and processes as at files, spread over the whole of the work."""
    chosen = random.Random(seed)
    programs = [moment for moment, step in enumerate(steps) if step in PROGRAMS]
    files = [moment for moment, step in enumerate(steps) if step not in PROGRAMS]
    found: list[int] = []
    for kind in (programs, files):
        parts = min(size // 2, len(kind))
        bounds = [part * len(kind) // parts for part in range(parts + 1)]
        found += (chosen.choice(kind[start:end]) for start, end in itertools.pairwise(bounds))
    return sorted(found)


def _fork() -> int:
    """Workers of pytest have a thread of their own, of which newer releases of Python warn; the child needs it not."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def _watch(told: t.Callable[[str], None], work: Work) -> None:
    """Do the work, telling of each step before it and after it. Ends the process where the work fails."""

    def profile(_frame: types.FrameType, event: str, function: t.Any) -> None:
        if event in ("c_call", "c_return"):
            step = getattr(function, "__name__", "")
            if step in STEPS:
                told(step)

    try:
        sys.setprofile(profile)
        work()
    except BaseException as error:  # noqa: BLE001
        sys.setprofile(None)
        os.write(2, f"{error!r}\n".encode())
        os._exit(1)
    finally:
        sys.setprofile(None)
