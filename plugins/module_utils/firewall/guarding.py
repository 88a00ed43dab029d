# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection that this host is managed over, and whether a policy would cut it. Private to the collection."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

from .explaining import inwards_of
from .ruleset import Ruleset
from .spans import address_span

_VARIABLE = "SSH_CONNECTION"
_PROTOCOL = "tcp"
_MOST_PARENTS = 32


class Connection(NamedTuple):
    """A connection over IPv4 from the controller, as this host sees it."""

    client: str
    client_port: int
    server: str
    server_port: int
    interface: str


def management(proc: str = "/proc") -> Connection | None:
    """The ssh connection that this process was started over, though `sudo` may stand between."""
    said = os.environ.get(_VARIABLE) or _of_parents(Path(proc))
    words = said.split()
    if len(words) != 4:
        return None
    client, client_port, server, server_port = words
    # A listener for both kinds of addresses shows those of IPv4 as a part of the others.
    client, server = client.replace("::ffff:", ""), server.replace("::ffff:", "")
    try:
        address_span(client)
        address_span(server)
    except ValueError:
        return None
    return Connection(client, int(client_port), server, int(server_port), _interface_towards(client))


def _of_parents(proc: Path) -> str:
    process = os.getppid()
    for _step in range(_MOST_PARENTS):
        if process <= 1:
            break
        try:
            variables = (proc / str(process) / "environ").read_bytes().split(b"\0")
            status = (proc / str(process) / "stat").read_text()
        except OSError:
            break
        for variable in variables:
            name, _equals, value = variable.partition(b"=")
            if name == _VARIABLE.encode():
                return value.decode()
        process = int(status.rpartition(")")[2].split()[1])
    return ""


def _interface_towards(address: str) -> str:
    """The interface that answers leave through, which is the one that packets come in through; or nothing."""
    command = shutil.which("ip") or shutil.which("ip", path="/usr/sbin:/sbin")
    if not command:
        return ""
    done = subprocess.run([command, "route", "get", address], capture_output=True, text=True, check=False)
    words = done.stdout.split()
    return words[words.index("dev") + 1] if done.returncode == 0 and "dev" in words else ""


def would_cut(connection: Connection, want: Ruleset) -> str:
    """Why a new connection like this one would not arrive here any more; empty when it would.

    Our table filters what is forwarded, so that only a translated destination can lead it away.
    """
    interfaces = {key.ingress for key in want.inwards}
    for interface in sorted(interfaces & {connection.interface} if connection.interface else interfaces):
        found = inwards_of(want, interface, connection.server, _PROTOCOL, connection.server_port)
        if found:
            key, translated = found
            return (
                f"this host is managed at {connection.server} port {connection.server_port}, over {interface}, and "
                f"{', '.join(translated.names)} would send that to {translated.address} ({key}). Take the rule out, "
                "translate another address or port, or set guard: false if the host is managed in another way, too"
            )
    return ""
