# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian packages that a lab needs, installed through apt when they are missing."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
import typing as t
from pathlib import Path

from . import kernel
from .errors import LabError

# What every host is made with, and what roles would install there: hosts of a lab reach no mirror of Debian.
BASE = (
    "iproute2",
    "iputils-ping",
    "nftables",
    "openssh-client",
    "openssh-server",
    "procps",
    "python3",
    # Ansible asks for packages through it, also for those that are there.
    "python3-apt",
    "python3-cryptography",
    "python3-dnspython",
    "tcpdump",
    "tini",
    "util-linux",
)
# What the servers of labs need, and the clients that tests speak to them with.
SERVERS = (
    "bind9",
    "conntrack",
    "haproxy",
    "keepalived",
    "knot",
    "krb5-user",
    "ldb-tools",
    "nginx-light",
    "pebble",
    "python3-samba",
    "samba",
    "samba-ad-dc",
    "samba-ad-provision",
    "winbind",
)
CLIENTS = (
    "bind9-dnsutils",
    "curl",
    "iptables",
    "ldap-utils",
    "libnginx-mod-stream",
    "libwin-hivex-perl",
    "openssl",
    "python3-gssapi",
    "sip-tester",
    "smbclient",
)
POLICY = Path("/usr/sbin/policy-rc.d")
POLICY_TEXT = (
    "#!/bin/sh\n# Put here by the openuc lab while it installs packages: their servers shall not start.\nexit 101\n"
)


def missing(packages: t.Iterable[str]) -> list[str]:
    """Packages that are not installed."""
    wanted = sorted(set(packages))
    if shutil.which("dpkg-query") is None:
        raise LabError(f"This is no Debian system: install what {', '.join(wanted)} hold, by hand.")
    command = ["dpkg-query", "--show", "--showformat=${Package} ${db:Status-Status}\n", *wanted]
    shown = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    installed = {line.split()[0] for line in shown.splitlines() if line.endswith(" installed")}
    return [package for package in wanted if package not in installed]


def install(packages: t.Sequence[str], say: t.Callable[[str], None]) -> None:
    """Install what is missing, without starting servers of the machine's own."""
    if missing(packages):
        with _one_at_a_time():
            _install(missing(packages), say)


def _install(absent: t.Sequence[str], say: t.Callable[[str], None]) -> None:
    if not absent:
        return
    say(f"Installing Debian packages: {' '.join(absent)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    # Whoever is killed meanwhile must not leave half a package: apt goes on, and is not taken for a part of the lab.
    environment.pop(kernel.MARK, None)
    get = ["apt-get", "-qq", "-o", "Dpkg::Use-Pty=0", "-o", "DPkg::Lock::Timeout=300"]
    with _no_servers_started():
        for command in ([*get, "update"], [*get, "install", "--yes", "--no-install-recommends", *absent]):
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
            if done.returncode:
                raise LabError(f"{' '.join(command)} failed:\n{(done.stderr or done.stdout).strip()[-2000:]}")


@contextlib.contextmanager
def _one_at_a_time() -> t.Iterator[None]:
    """Whoever makes another lab waits, and finds all there. The lock is on a folder, so that no file is left."""
    folder = os.open(POLICY.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


@contextlib.contextmanager
def _no_servers_started() -> t.Iterator[None]:
    """Debian asks this file before it starts a newly installed server. One that is there already is left alone."""
    ours = not POLICY.exists() or POLICY.read_text() == POLICY_TEXT
    if ours:
        POLICY.write_text(POLICY_TEXT)
        POLICY.chmod(0o755)
    try:
        yield
    finally:
        if ours:
            POLICY.unlink(missing_ok=True)
