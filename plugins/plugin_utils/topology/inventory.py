# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory as plain data: what is left of an Ansible inventory once Ansible has done its part."""

from __future__ import annotations

import dataclasses
import typing as t

PREFIX = "uc_"
Locate = t.Callable[[str, str], str]


def nowhere(_host: str, _path: str) -> str:
    """For inventories that were not read from files."""
    return ""


@dataclasses.dataclass(frozen=True, slots=True)
class RawHost:
    """A host, the groups it is in and its variables that begin with `uc_`, as plain types."""

    name: str
    groups: tuple[str, ...]
    variables: t.Mapping[str, object]


@dataclasses.dataclass(frozen=True, slots=True)
class RawInventory:
    """All hosts; `origin` tells the file and line of the value at (host, path), host "" being the whole estate."""

    hosts: tuple[RawHost, ...]
    origin: Locate = nowhere
