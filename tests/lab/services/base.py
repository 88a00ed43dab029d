# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lab needs to know of a server program to start it on one of its hosts."""

from __future__ import annotations

import dataclasses
import typing as t

Protocol = t.Literal["tcp", "udp", "unix", "file"]


@dataclasses.dataclass(frozen=True)
class File:
    """A file of a host, written before the host starts."""

    text: str
    mode: int = 0o644
    owner: str = ""
    """User and group that own it, as chown takes them; root when left out."""


@dataclasses.dataclass(frozen=True)
class Ready:
    """A sign that a server serves: a socket that takes a connection, or a path that exists."""

    protocol: Protocol
    where: str
    """An address, or a path of the host."""
    port: int = 0


@dataclasses.dataclass(frozen=True)
class Service:
    """A server program on a host.

    `prepare` is done once, when the host is made; `start` at each start of the host. Both are shell commands that root
    runs there. `start` returns when the server runs on its own.
    """

    name: str
    packages: tuple[str, ...] = ()
    files: t.Mapping[str, File] = dataclasses.field(default_factory=dict)
    prepare: str = ""
    start: str = ""
    ready: tuple[Ready, ...] = ()
