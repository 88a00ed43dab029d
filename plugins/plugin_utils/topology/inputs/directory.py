# SPDX-License-Identifier: GPL-3.0-or-later
"""Active Directory."""

from __future__ import annotations

import dataclasses
import typing as t

from ...schema.fields import option
from ...schema.kinds import Name


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ForestInput:
    """A forest and what it is used for."""

    kind: t.Literal["single", "central", "resource", "user"] = option("Its part in the topology", default="single")
    domains: tuple[Name, ...] = option("Its domains, the root first")
    functional_level: t.Literal["2000_mixed", "2000_native", "2003", "2008"] = option(
        "Functional level of its domains", default="2003"
    )
    forest_level: t.Literal["2000", "2003", "2008"] = option("Functional level of the forest", default="2003")
    settings_container: t.Literal["configuration", "system"] = option(
        "Where global settings are kept", default="configuration"
    )
    trust: t.Literal["none", "one_way", "two_way", "forest", ""] = option(
        "For a forest of users: its trust with the forest that holds the servers", default=""
    )
    users_as: t.Literal["contact", "disabled_user", "user", ""] = option(
        "For a central or resource forest: what stands in it for the users of other forests", default=""
    )
    synchronised: bool = option("For a central or resource forest: whether a product keeps those in step", default=True)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryInput:
    """The directory that the estate lives in."""

    forests: t.Mapping[str, ForestInput] = option("Forests by a name of your choice", default={})
