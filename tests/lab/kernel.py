# SPDX-License-Identifier: GPL-3.0-or-later
"""Network namespaces, links and processes of labs, as the kernel knows them.

Nothing here keeps a record of its own: what a lab has is found by the names of its namespaces, by the processes in
them, and by a mark on programs that are just making or removing it. So a lab whose maker was killed half-way is found
as well as any other.
"""

from __future__ import annotations

import contextlib
import dataclasses
import ipaddress
import json
import os
import re
import select
import signal
import subprocess
import time
import typing as t
from pathlib import Path

from .errors import LabError

NAMED = Path("/run/netns")
PREFIX = "openuc"
MARK = "OPENUC_LAB_AT_WORK"
SECONDS_TO_DIE = 10.0
NAME = re.compile(r"[a-z][a-z0-9]{0,7}")


def checked_name(lab: str) -> str:
    """The name of a lab; short, since names of interfaces are made of it, and without the sign that separates it."""
    if not NAME.fullmatch(lab):
        raise LabError(f"{lab!r} cannot be the name of a lab: take up to eight small letters and digits.")
    return lab


def namespace(lab: str, host: str) -> str:
    return f"{PREFIX}-{lab}-{host}"


def namespaces(lab: str) -> tuple[str, ...]:
    """Namespaces of a lab that exist."""
    start = namespace(lab, "")
    return tuple(sorted(name for name in _names() if name.startswith(start)))


def labs() -> tuple[str, ...]:
    """Labs that have a namespace, whole or not."""
    parts = (name.split("-", 2) for name in _names())
    return tuple(sorted({part[1] for part in parts if len(part) == 3 and part[0] == PREFIX}))


def _names() -> list[str]:
    return os.listdir(NAMED) if NAMED.is_dir() else []


def ip_batch(lines: t.Iterable[str], within: str = "") -> None:
    """Have `ip` do all lines, in the namespace or in the machine's own."""
    command = ["ip", *(["-n", within] if within else []), "-batch", "-"]
    done = subprocess.run(command, input="\n".join(lines) + "\n", capture_output=True, text=True, check=False)
    if done.returncode:
        raise LabError(f"{' '.join(command)} failed{f' in {within}' if within else ''}: {done.stderr.strip()}")


def routes_within(network: ipaddress.IPv4Network) -> list[tuple[str, str]]:
    """Routes of the machine to a network or a part of it: destinations, and cards that they go by."""
    command = ["ip", "-json", "route", "show", "root", str(network)]
    shown = subprocess.run(command, capture_output=True, check=True).stdout
    return [(route["dst"], route.get("dev", "no card")) for route in json.loads(shown or "[]")]


# --- processes ------------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Process:
    """A process of a lab. The first of a host has number one there; all others of the host end with it."""

    pid: int
    namespace: str
    is_first: bool


def processes(among: t.Iterable[str]) -> tuple[Process, ...]:
    """Every process in one of the namespaces."""
    inodes: dict[int, str] = {}
    for namespace_name in among:
        with contextlib.suppress(FileNotFoundError):
            inodes[os.stat(NAMED / namespace_name).st_ino] = namespace_name
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError, PermissionError):
                name = inodes.get(os.stat(f"/proc/{entry}/ns/net").st_ino)
                if name is not None:
                    found.append(Process(int(entry), name, _is_first(entry)))
    return tuple(found)


def _is_first(pid: str) -> bool:
    """Whether a process has number one in a process namespace of its own."""
    numbers = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("NSpid:"))
    _title, *own = numbers.split()
    return len(own) > 1 and own[-1] == "1"


def first_processes(lab: str) -> dict[str, int]:
    """The first process of each host that runs, by namespace."""
    return {each.namespace: each.pid for each in processes(namespaces(lab)) if each.is_first}


@contextlib.contextmanager
def at_work(lab: str) -> t.Iterator[None]:
    """Mark all programs that are started meanwhile: they outlive their maker for a moment when that is killed."""
    os.environ[MARK] = lab
    try:
        yield
    finally:
        os.environ.pop(MARK, None)


def helpers(lab: str) -> tuple[int, ...]:
    """Programs at work on a lab, that somebody has started who need not be there any more."""
    mark = f"{MARK}={lab}".encode()
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit() and int(entry) != os.getpid():
            with contextlib.suppress(OSError):
                if mark in Path(f"/proc/{entry}/environ").read_bytes().split(b"\0"):
                    found.append(int(entry))
    return tuple(found)


def end_helpers(lab: str) -> None:
    """Kill what a killed maker has left at work, so that nothing comes to be any more."""
    _end(lambda: helpers(lab))


def end_all(among: t.Sequence[str]) -> None:
    """Kill every process in the namespaces, and wait for the end of each."""
    _end(lambda: [each.pid for each in processes(among)])


def _end(find: t.Callable[[], t.Sequence[int]]) -> None:
    while found := find():
        with contextlib.ExitStack() as stack:
            handles = [handle for pid in found if (handle := _handle(pid, stack)) is not None]
            for handle in handles:
                with contextlib.suppress(ProcessLookupError):
                    signal.pidfd_send_signal(handle, signal.SIGKILL)
            deadline = time.monotonic() + SECONDS_TO_DIE
            for handle in handles:
                if not select.select([handle], [], [], max(0.0, deadline - time.monotonic()))[0]:
                    pids = ", ".join(map(str, find()))
                    raise LabError(f"processes do not end although they were killed: {pids}; see /proc/PID/stack")


def _handle(pid: int, stack: contextlib.ExitStack) -> int | None:
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return None
    stack.callback(os.close, handle)
    return handle


# --- sockets --------------------------------------------------------------------------------------------------------

LISTENING = {"tcp": "0A", "udp": "07"}


def listening(pid: int, protocol: str) -> set[tuple[str, int]]:
    """Addresses and ports that are listened on in the namespace of a process; 0.0.0.0 stands for all addresses."""
    found = set()
    for row in Path(f"/proc/{pid}/net/{protocol}").read_text().splitlines()[1:]:
        fields = row.split()
        if fields[3] == LISTENING[protocol]:
            address, port = fields[1].split(":")
            found.add((".".join(str(byte) for byte in reversed(bytes.fromhex(address))), int(port, 16)))
    return found
