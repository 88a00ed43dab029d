# SPDX-License-Identifier: GPL-3.0-or-later
"""An environment with programs of others that read what we render. It is made anew only when others are asked for."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path

from tests.support import ROOT

WANTED = Path(__file__).with_name("readers.txt")
ENVIRONMENT = ROOT / ".build" / "readers"


def ready() -> Path:
    """The folder of its programs."""
    ENVIRONMENT.parent.mkdir(exist_ok=True)
    with open(ENVIRONMENT.with_suffix(".lock"), "w") as lock:
        # Workers of one run come here at once.
        fcntl.flock(lock, fcntl.LOCK_EX)
        there = ENVIRONMENT / WANTED.name
        if not there.exists() or there.read_bytes() != WANTED.read_bytes():
            _make()
            there.write_bytes(WANTED.read_bytes())
    return ENVIRONMENT / "bin"


def _make() -> None:
    pip = [str(ENVIRONMENT / "bin/python"), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    for command in ([sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)], [*pip, "-r", str(WANTED)]):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def run(*command: str, cwd: Path | None = None) -> str:
    """What a program of it says; it must end well."""
    clean = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    within = [str(ready() / command[0]), *command[1:]]
    done = subprocess.run(within, capture_output=True, text=True, check=False, env=clean, cwd=cwd)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout
