# SPDX-License-Identifier: GPL-3.0-or-later
"""How one can see that a step of people is done, without asking them: where to look, and what was seen.

What to look for are rows of the catalogue; where, the plan says. `missing` means that it was looked for and is not
there, `unknown` that nobody could look, which says nothing about the step.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ..catalogue.model import Fact
from ..schema.fields import option
from .blueprint import Data, PlannedStep

State = t.Literal["seen", "missing", "unknown"]
_LEGS = ("direct", "to_member")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class StepCheckFact(Fact):
    """A way to see that steps are done."""

    KIND: t.ClassVar[str] = "step_checks"

    steps: tuple[str, ...] = option("Ids of the steps")
    title: str = option("What is looked for")
    look: t.Literal["listening", "directory", "name"] = option(
        "listening: servers answer on the ports of the plan; directory: objects are in the directory; name: a name "
        "of each domain is in the DNS"
    )
    decides: bool = option("Whether seeing it is enough to know that the step is done", default=False)
    role: str = option("Servers of this role that the step's servers connect to; its own when left out", default="")
    container: t.Literal["", "schema", "domain"] = option("Part of the directory", default="")
    key: str = option("Attribute that holds the names", default="")
    names: tuple[str, ...] = option("Names of objects, or of records before the name of the domain", default=())
    attribute: str = option("Attribute of the objects that is compared", default="")
    least: int = option("What it has to be at least", default=0)
    port: int = option("Where the directory answers over TLS", default=0)
    type: str = option("Type of the records", default="")


@dataclasses.dataclass(frozen=True, slots=True)
class Seen:
    """What came of a look."""

    check: str
    state: State
    words: str


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class Endpoint:
    """Where a server should listen."""

    host: str
    address: str
    port: int


def endpoints(plan: Data, check: StepCheckFact, step: PlannedStep, stages: t.Collection[str]) -> tuple[Endpoint, ...]:
    """Where the servers of a step, or those that they lean on, listen when these stages have been reached."""
    mine = servers_of(plan, step)
    sets = {one["name"]: one["members"] for one in plan["sets"]}
    found: set[Endpoint] = set()
    for flow in plan["flows"]:
        if flow["protocol"] != "tcp" or flow["leg"] not in _LEGS or flow["stage"] not in stages:
            continue
        there, here = sets.get(flow["destination"], ()), sets.get(flow["source"], ())
        if check.role:
            roles = flow["destination"].partition("@")[0].split("|")
            is_meant = check.role in roles and any(one["host"] in mine for one in here)
        else:
            is_meant = True
        for one in there if is_meant else ():
            if check.role or one["host"] in mine:
                ports = (int(port) for port in flow["ports"] if str(port).isdecimal())
                found.update(Endpoint(one["host"], one["address"], port) for port in ports)
    return tuple(sorted(found))


def servers_of(plan: Data, step: PlannedStep) -> frozenset[str]:
    """The servers that a step is done for."""
    units = {unit["name"]: unit["servers"] for unit in plan["overview"]["clusters"]}
    return frozenset(server for target in step.targets for server in units.get(target, (target,)))


def with_role(plan: Data, role: str) -> tuple[str, ...]:
    """The servers of a role."""
    units = plan["overview"]["clusters"]
    return tuple(dict.fromkeys(server for unit in units for server in unit["roles"].get(role, ())))


def summed(check: StepCheckFact, seen: t.Sequence[Seen]) -> Seen:
    """A check of several places: nothing may be missing anywhere, and somebody must have seen it everywhere."""
    missing = [one.words for one in seen if one.state == "missing"]
    unknown = [one.words for one in seen if one.state == "unknown"]
    if missing:
        return Seen(check.id, "missing", _some(missing))
    if unknown or not seen:
        return Seen(check.id, "unknown", _some(unknown) or "the plan names nowhere to look")
    return Seen(check.id, "seen", _some([one.words for one in seen]))


def decided(checks: t.Sequence[StepCheckFact], seen: t.Sequence[Seen]) -> bool:
    """Whether what was seen is enough to pass a step without anybody's word."""
    deciding = {check.id for check in checks if check.decides}
    return any(one.check in deciding for one in seen) and all(one.state == "seen" for one in seen)


def _some(words: t.Sequence[str], most: int = 6) -> str:
    shown = ", ".join(words[:most])
    return f"{shown} and {len(words) - most} more" if len(words) > most else shown
