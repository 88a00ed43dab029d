# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory as plain data: what is left of an Ansible inventory once Ansible has done its part."""

from __future__ import annotations

import dataclasses
import typing as t

PREFIX = "uc_"


@dataclasses.dataclass(frozen=True, slots=True)
class RawHost:
    """A host, the groups it is in and its variables that begin with `uc_`, as plain types."""

    name: str
    groups: tuple[str, ...]
    variables: t.Mapping[str, object]


@dataclasses.dataclass(frozen=True, slots=True)
class RawInventory:
    """All hosts; `origins` tells for (host, path) the file and line of a value, with host "" for estate variables."""

    hosts: tuple[RawHost, ...]
    origins: t.Mapping[tuple[str, str], str] = dataclasses.field(default_factory=dict)

    def origin(self, host: str, path: str) -> str:
        """File and line of a value, or of the nearest thing around it."""
        while path:
            for owner in (host, ""):
                found = self.origins.get((owner, path))
                if found:
                    return found
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return ""
