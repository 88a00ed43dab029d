# SPDX-License-Identifier: GPL-3.0-or-later
"""What a roll-out reads of a plan: stages, steps, the servers that act as one, and which host needs what when.

Read from the plan on disk and not from a planner's objects, so that what is deployed is what was reviewed.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import typing as t

Data = t.Mapping[str, t.Any]
Kind = t.Literal["automated", "checkpoint", "decision"]


@dataclasses.dataclass(frozen=True, slots=True)
class SliceFile:
    """A slice of the plan: for a module, and for one of its targets."""

    module: str
    target: str
    content: Data


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStep:
    """A step of the plan, as far as a roll-out minds it."""

    id: str
    stage: str
    title: str
    kind: Kind
    mechanism: str = "none"
    who: tuple[tuple[str, ...], ...] = ()
    targets: tuple[str, ...] = ()
    details: tuple[str, ...] = ()
    verify: str = ""
    optional: bool = False
    decision: str = ""
    options: tuple[str, ...] = ()
    chosen: str = ""

    @property
    def row(self) -> str:
        """Id of the catalogue row that the step comes from."""
        return self.id.partition("@")[0]

    @property
    def is_automated(self) -> bool:
        return self.kind == "automated" and self.mechanism != "none"


@dataclasses.dataclass(frozen=True, slots=True)
class Unit:
    """Servers that act as one."""

    name: str
    kind: str
    site: str
    servers: tuple[str, ...]
    roles: t.Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True)
class Demand:
    """A host to which a mechanism has to be applied, and the stages that have something for it.

    `content` is a digest of all that is planned there: the same content, nothing new for the host.
    """

    mechanism: str
    host: str
    stages: frozenset[str]
    content: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Blueprint:
    """The plan as a roll-out sees it. `stages` are all there are, in their order, with their titles; `vantages` are the
    hosts that look, with the stages that have something to look for."""

    stages: t.Mapping[str, str]
    steps: tuple[PlannedStep, ...]
    units: tuple[Unit, ...]
    demands: tuple[Demand, ...]
    vantages: t.Mapping[str, frozenset[str]] = dataclasses.field(default_factory=dict)

    def rank(self, stage: str) -> int:
        return list(self.stages).index(stage)

    def up_to(self, *names: str) -> tuple[str, ...]:
        """All stages up to the latest of those named."""
        last = max((self.rank(name) for name in names if name in self.stages), default=-1)
        return tuple(self.stages)[: last + 1]

    def steps_of(self, stage: str) -> tuple[PlannedStep, ...]:
        return tuple(step for step in self.steps if step.stage == stage)

    def unit_of(self, host: str) -> Unit | None:
        """The unit that a server is a member of; the largest, where it is in several."""
        found = [unit for unit in self.units if host in unit.servers]
        return max(found, key=lambda unit: len(unit.servers), default=None)


# The module that each slice is for, and the mechanism, which is the role that calls the module.
MECHANISMS: t.Mapping[str, str] = {
    "dns_records": "dns",
    "firewall_rules": "firewall",
    "load_balancer": "load_balancer",
    "certificate_request": "certificates",
    "qos_registry": "qos",
    "publications": "publications",
}
# What needs all others of its stage, certificates above all, and so is applied after them.
CONCLUDING = frozenset(("publications",))


# The slices of those who look at what was applied.
PROBING = "probe"


def blueprint_of(plan: Data, stages: t.Mapping[str, str], slices: t.Iterable[SliceFile]) -> Blueprint:
    """From the content of plan.json and of the slices beside it."""
    units = tuple(
        Unit(
            unit["name"],
            unit["kind"],
            unit["site"],
            tuple(unit["servers"]),
            {role: tuple(members) for role, members in unit["roles"].items()},
        )
        for unit in plan["overview"]["clusters"]
    )
    listed = tuple(slices)
    return Blueprint(stages, steps_of_plan(plan), units, demands_of(listed), vantages_of(listed))


def steps_of_plan(plan: Data) -> tuple[PlannedStep, ...]:
    """The steps of a plan, in their order."""
    known = {field.name for field in dataclasses.fields(PlannedStep)}
    return tuple(
        PlannedStep(**{key: _frozen(value) for key, value in step.items() if key in known}) for step in plan["steps"]
    )


def demands_of(slices: t.Iterable[SliceFile]) -> tuple[Demand, ...]:
    """Which hosts need which mechanism, each once."""
    found: dict[tuple[str, str], list[Data]] = {}
    for item in slices:
        mechanism = MECHANISMS.get(item.module)
        if mechanism is None:
            continue
        for host, planned in _needed_by(item):
            found.setdefault((mechanism, host), []).extend(planned)
    ordered = sorted(found.items(), key=lambda pair: (tuple(MECHANISMS.values()).index(pair[0][0]), pair[0][1]))
    return tuple(
        Demand(mechanism, host, frozenset(str(one["stage"]) for one in planned), _digest(planned))
        for (mechanism, host), planned in ordered
        if planned
    )


def vantages_of(slices: t.Iterable[SliceFile]) -> dict[str, frozenset[str]]:
    """Who looks, and the stages that have something to look for from there."""
    found = {}
    for item in slices:
        if item.module == PROBING:
            stages = {str(one["stage"]) for one in item.content.get("probes", ()) if _is_planned(one)}
            found[item.target] = frozenset(stages)
    return found


def _digest(planned: t.Sequence[Data]) -> str:
    return hashlib.sha256(json.dumps(planned, sort_keys=True).encode()).hexdigest()[:16]


def _needed_by(item: SliceFile) -> t.Iterator[tuple[str, list[Data]]]:
    """Hosts at which a slice is applied, with its items there."""
    planned = [one for value in item.content.values() if isinstance(value, list) for one in value if _is_planned(one)]
    if item.module == "certificate_request":
        for one in planned:
            for host in one.get("hosts", ()):
                yield host, [one]
        return
    # A Group Policy object lies in the directory: a domain controller takes it, or people do where there is none.
    holder = "domain_controller" if item.content.get("gpo") else "server"
    host = str(item.content.get(holder) or ("" if item.content.get("gpo") else item.target))
    if host:
        yield host, planned


def _is_planned(item: object) -> bool:
    return isinstance(item, dict) and "stage" in item


def _frozen(value: t.Any) -> t.Any:
    return tuple(_frozen(one) for one in value) if isinstance(value, list) else value
