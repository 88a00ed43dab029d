# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts to try one service on: namespaces and an overlay that end with the test process, however it ends.

No namespace gets a name, and every first process dies with its parent: nothing is left to clean up but a folder.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import select
import shutil
import subprocess
import tempfile
import time
import typing as t

from tests.lab.services.base import Service
from tests.support import ROOT

CLIENT_ADDRESS: t.Final = "10.99.0.254"
PATH: t.Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# Longer than anything takes, even on a machine that is busy with other work.
SECONDS: t.Final = 180
ENVIRONMENT: t.Final = {"PATH": PATH, "HOME": "/root", "LC_ALL": "C.UTF-8"}

BOOT: t.Final = """
set -e
read -r go
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
cd "$1/root"
for each in run tmp root home; do mount -t tmpfs tmpfs "$each"; done
# Tests run their own programs there, wherever the checkout is.
if [ ! -e ".$3" ]; then mkdir -p ".$3"; mount --bind "$3" ".$3"; mount -o remount,bind,ro ".$3"; fi
mkdir -m 1777 run/lock
mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t tmpfs -o mode=755 tmpfs dev
for each in null zero full random urandom tty; do touch "dev/$each"; mount --bind "/dev/$each" "dev/$each"; done
ln -s /proc/self/fd dev/fd
hostname "$2"
exec chroot . tini -- sleep infinity
"""

REACHED: t.Final = """
import socket, sys, time
address, port, deadline = sys.argv[1], int(sys.argv[2]), time.monotonic() + float(sys.argv[3])
while True:
    try:
        socket.create_connection((address, port), 0.5).close()
        break
    except OSError as error:
        if time.monotonic() > deadline:
            sys.exit(f"{address}:{port}: {error}")
        time.sleep(0.02)
"""


class Process:
    """The first process of a set of namespaces, and commands run beside it."""

    def __init__(self, pid: int, *, chroot: bool) -> None:
        self.pid = pid
        self._enter = ["nsenter", f"--target={pid}", *(["--all", "--root", "--wdns=/"] if chroot else ["--net"])]

    def run(self, *command: str, check: bool = True, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command there; a single word is a shell script. What it says is in the failure."""
        words = list(command) if len(command) > 1 else ["sh", "-ec", command[0]]
        done = subprocess.run(
            [*self._enter, *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
            env=ENVIRONMENT | environment,
        )
        if check and done.returncode:
            raise AssertionError(f"{words} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done


class Network:
    """A bridge in a namespace of its own, where the client stands, and the hosts on it."""

    def __init__(self, stack: contextlib.ExitStack) -> None:
        self._stack = stack
        self.client = Process(_ended_with(stack, "unshare", "--net", "cat").pid, chroot=False)
        _until(lambda: os.readlink(f"/proc/{self.client.pid}/ns/net") != os.readlink("/proc/self/ns/net"))
        self.client.run(
            "ip link set lo up; ip link add lan type bridge; ip link set lan up;"
            f"ip addr add {CLIENT_ADDRESS}/24 dev lan"
        )

    def host(self, name: str, address: str, service: Service) -> Process:
        """A host on which the service has been prepared, started and found ready."""
        made = self.boot(name, address, service)
        made.run(f"set -u\n{service.prepare}")
        self.start(made, service)
        return made

    def nobody_at(self, address: str) -> None:
        """Until a host gets this address, who asks it is told so at once, not after seconds of looking for a card."""
        self.client.run(f"ip route replace unreachable {address}/32")

    def background(self, *command: str) -> None:
        """A program that stands where the client stands, and ends with the network."""
        _ended_with(self._stack, "nsenter", f"--target={self.client.pid}", "--net", *command)

    def start(self, host: Process, service: Service) -> None:
        host.run(service.start)
        for sign in service.ready:
            if sign.protocol == "tcp":
                self.client.run("/usr/bin/python3", "-c", REACHED, sign.where, str(sign.port), str(SECONDS / 2))

    def boot(self, name: str, address: str, service: Service) -> Process:
        folder = pathlib.Path(tempfile.mkdtemp(prefix="openuc-throwaway-"))
        self._stack.callback(shutil.rmtree, folder, ignore_errors=True)
        for each in ("upper", "work", "root"):
            (folder / each).mkdir()
        _write(folder / "upper", name, address, service)
        outer = _ended_with(
            self._stack,
            *("unshare", "--net", "--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child"),
            *("sh", "-c", BOOT, "boot", str(folder), name, str(ROOT)),
        )
        inner = _until(lambda: _first_child(outer.pid))
        self._stack.callback(_end_namespace, outer, os.pidfd_open(inner))
        self.client.run(
            f"ip link add v{inner} type veth peer name eth0 netns {inner}; ip link set v{inner} master lan up"
        )
        Process(inner, chroot=False).run(
            f"ip link set lo up; ip addr add {address}/24 dev eth0; ip link set eth0 up;"
            f"ip route add default via {CLIENT_ADDRESS}"
        )
        self.client.run(f"ip route flush {address}/32")
        assert outer.stdin
        outer.stdin.write("go\n")
        outer.stdin.flush()
        _until(lambda: pathlib.Path(f"/proc/{inner}/comm").read_text() == "tini\n")
        return Process(inner, chroot=True)


@contextlib.contextmanager
def network() -> t.Iterator[Network]:
    with contextlib.ExitStack() as stack:
        yield Network(stack)


def _ended_with(stack: contextlib.ExitStack, *command: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *command], stdin=subprocess.PIPE, text=True)
    stack.callback(_end, process)
    return process


def _end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def _end_namespace(outer: subprocess.Popen[str], inner: int) -> None:
    """The kernel ends the first process of a PID namespace only after all others in it."""
    outer.kill()
    select.select([inner], [], [], 10)
    os.close(inner)


def _first_child(pid: int) -> int:
    told = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(told[0]) if told else 0


Found = t.TypeVar("Found")


def _until(ask: t.Callable[[], Found]) -> Found:
    deadline = time.monotonic() + SECONDS
    while not (answer := ask()):
        if time.monotonic() > deadline:
            raise AssertionError(f"a throw-away host did not come up within {SECONDS} s")
        time.sleep(0.005)
    return answer


def _write(upper: pathlib.Path, name: str, address: str, service: Service) -> None:
    own = {"/etc/hosts": f"127.0.0.1 localhost\n{address} {name}\n", "/etc/resolv.conf": f"nameserver {address}\n"}
    for path, text in own.items():
        _place(upper, path, text)
    for path, file in service.files.items():
        place = _place(upper, path, file.text)
        place.chmod(file.mode)
        if file.owner:
            shutil.chown(place, *file.owner.split(":"))


def _place(upper: pathlib.Path, path: str, text: str) -> pathlib.Path:
    place = upper / path.lstrip("/")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text)
    return place
