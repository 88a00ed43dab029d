# SPDX-License-Identifier: GPL-3.0-or-later
"""What a machine has that a lab could leave behind."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import subprocess
import time
import typing as t
from pathlib import Path

from tests.lab import kernel, links
from tests.lab.lab import FOLDER

SECONDS_TO_SETTLE = 30.0
STRAY = re.compile(r"c\d+\.\d+|visitor")


@dataclasses.dataclass(frozen=True)
class Snapshot:
    """Everything by name, so that a difference tells what it is."""

    namespaces: frozenset[str]
    mounts: frozenset[str]
    links: frozenset[str]
    routes: frozenset[str]
    files: frozenset[str]
    processes: frozenset[str]


def take(lab: str) -> Snapshot:
    """What there is on the machine now of the lab of this name; others come and go meanwhile, and are left out.

    Cards of hosts, and the cables to them, are not named after a lab, and have no business among the machine's own.
    """
    card = links.visitor_link(lab)
    mounts = (line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines())
    shown = {link["ifname"] for link in _ip("link", "show")}
    return Snapshot(
        namespaces=frozenset(kernel.namespaces(lab)),
        mounts=frozenset(m for m in mounts if kernel.namespace(lab, "") in m or f"{FOLDER}/{lab}" in m),
        links=frozenset(name for name in shown if name == card or STRAY.fullmatch(name)),
        routes=frozenset(f"{route['dst']} {card}" for route in _ip("route", "show") if route.get("dev") == card),
        files=frozenset(map(str, (FOLDER / lab).rglob("*"))),
        processes=frozenset(_processes_of(lab)),
    )


def settled(before: Snapshot, lab: str) -> Snapshot:
    """The machine as it is once the kernel has done what it does in its own time, such as removing links."""
    deadline = time.monotonic() + SECONDS_TO_SETTLE
    while (now := take(lab)) != before and time.monotonic() < deadline:
        time.sleep(0.05)
    return now


def _ip(*words: str) -> list[dict[str, str]]:
    shown = subprocess.run(["ip", "-json", *words], capture_output=True, check=True)
    found: list[dict[str, str]] = json.loads(shown.stdout or b"[]")
    return found


def _processes_of(lab: str) -> t.Iterator[str]:
    """Processes that see a disk of the lab, or were told of one: also those whose namespaces have no name any more."""
    yield from (f"{pid} at work" for pid in kernel.helpers(lab))
    folder = f"{FOLDER}/{lab}/".encode()
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                command = Path(f"/proc/{entry}/cmdline").read_bytes()
                if folder in command or folder in Path(f"/proc/{entry}/mountinfo").read_bytes():
                    yield f"{entry} {command.decode(errors='replace')}"
            except (OSError, ProcessLookupError):
                continue
