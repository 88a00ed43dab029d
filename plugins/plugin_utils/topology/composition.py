# SPDX-License-Identifier: GPL-3.0-or-later
"""What a server type consists of, per product and configuration."""

from __future__ import annotations

import dataclasses
import typing as t

from ..catalogue.model import Catalogue, Fact
from ..schema.fields import option
from ..schema.kinds import ServerType


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CompositionFact(Fact):
    """Roles that each server of a type carries besides the one it is named after."""

    KIND: t.ClassVar[str] = "composition"

    type: ServerType = option("Server type")
    configuration: t.Literal["any", "consolidated", "expanded"] = option("Configuration of the pool", default="any")
    roles: tuple[str, ...] = option("Roles it carries")


def roles_of(catalogue: Catalogue, server_type: str, configuration: str) -> tuple[str, ...]:
    """The type's own role and those that the product puts on the same server."""
    found = [server_type]
    for fact in catalogue.facts(CompositionFact):
        if fact.type == server_type and fact.configuration in ("any", configuration):
            found.extend(fact.roles)
    return tuple(dict.fromkeys(found))
