# SPDX-License-Identifier: GPL-3.0-or-later
"""The way of a run through a plan: stage by stage, in each the documents' own steps, in each step wave by wave.

Steps of people that stand one after another are one *phase* of checkpoints; an automated step is a phase that applies a
mechanism. What a stage plans that no step of it speaks of, such as a lone record, is prepared at the stage's beginning.
A target gets all of a stage at its first step there: a DNS zone or a rule set is one thing, written at once. So later
steps of the stage that would only say the same again are left out, and with them the cost of saying it.
"""

from __future__ import annotations

import dataclasses
import itertools
import typing as t

from ..topology.inputs.run import WavesInput
from .blueprint import CONCLUDING, MECHANISMS, Blueprint, Demand, PlannedStep
from .standing import Standing, Target
from .waves import batches
from .work import counted, is_passed, needs_nobody

PhaseKind = t.Literal["checkpoints", "look", "apply", "verify", "undo"]


@dataclasses.dataclass(frozen=True, slots=True)
class Phase:
    """A part of a stage, done for all its hosts before the next part begins."""

    stage: str
    kind: PhaseKind
    mechanism: str
    steps: tuple[PlannedStep, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Selection:
    """What a run is to do: stages in their order, hosts, mechanisms. Targets that are `as_planned` need no change."""

    stages: tuple[str, ...]
    hosts: frozenset[str]
    mechanisms: frozenset[str] = frozenset(MECHANISMS.values())
    verifies: bool = False
    as_planned: frozenset[Target] = frozenset()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """Hosts that are changed together in a phase. `stages` says for each what it holds afterwards, and `contents` has a
    digest of all that is planned there."""

    id: str
    stage: str
    title: str
    kind: PhaseKind
    mechanism: str = ""
    steps: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    stages: t.Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    contents: t.Mapping[str, str] = dataclasses.field(default_factory=dict)


def phases_of(blueprint: Blueprint, stage: str) -> tuple[Phase, ...]:
    """The phases of a stage, in the order of its steps.

    What was applied is looked at once all of it is there, and before people say that it is valid.
    """
    steps = blueprint.steps_of(stage)
    spoken = {step.mechanism for step in steps if step.is_automated}
    silent = [
        mechanism
        for mechanism in MECHANISMS.values()
        if mechanism not in spoken and any(_has(demand, mechanism, stage) for demand in blueprint.demands)
    ]
    prepared = [Phase(stage, "apply", mechanism, ()) for mechanism in silent if mechanism not in CONCLUDING]
    concluding = [Phase(stage, "apply", mechanism, ()) for mechanism in silent if mechanism in CONCLUDING]
    walked: list[Phase] = []
    for automated, group in itertools.groupby(steps, key=lambda step: step.mechanism if step.is_automated else ""):
        walked.append(Phase(stage, "apply" if automated else "checkpoints", automated, tuple(group)))
    phases = [*prepared, *walked]
    applied = [number for number, phase in enumerate(phases, 1) if phase.kind == "apply"]
    phases[max(applied, default=0) : max(applied, default=0)] = concluding
    if any(phase.kind == "apply" for phase in phases):
        _insert_verification(phases, stage)
    return tuple(phases)


def _insert_verification(phases: list[Phase], stage: str) -> None:
    looking = Phase(stage, "verify", "", ())
    after = max(number for number, phase in enumerate(phases) if phase.kind == "apply") + 1
    for number in range(after, len(phases)):
        steps = phases[number].steps
        at = next((place for place, step in enumerate(steps) if step.mechanism == "verify"), None)
        if at is not None:
            parts = [Phase(stage, "checkpoints", "", part) for part in (steps[:at], steps[at:]) if part]
            parts.insert(1 if at else 0, looking)
            phases[number : number + 1] = parts
            return
    phases.append(looking)


def walk(blueprint: Blueprint, selection: Selection, standing: Standing, asked: WavesInput) -> tuple[Wave, ...]:
    """All waves of a run, in their order. Steps that were passed before are not walked again."""
    said: dict[Target, frozenset[str]] = {}
    concerned: set[str] = set()
    found: list[Wave] = []
    for stage in selection.stages:
        for number, phase in enumerate(phases_of(blueprint, stage), start=1):
            name = f"{stage}.{number:02d}-{phase.mechanism or phase.kind}"
            if phase.kind == "checkpoints":
                found.extend(_checkpoints(phase, name, standing))
            elif phase.kind == "verify":
                found.extend(_verified(blueprint, selection, stage) if stage in concerned else ())
            elif phase.mechanism in selection.mechanisms:
                due = _due(blueprint, selection, standing, phase, said)
                concerned.update([stage] if due else [])
                changing = [told for told in due if (phase.mechanism, told.demand.host) not in selection.as_planned]
                waves = batches([told.demand.host for told in changing], blueprint.unit_of, asked)
                found.extend(_applied(phase, name, changing, waves))
    return tuple(found)


def _verified(blueprint: Blueprint, selection: Selection, stage: str) -> t.Iterator[Wave]:
    """Vantages that look at a stage of which the run sees to something."""
    reached = blueprint.up_to(stage)
    looking = tuple(
        host for host, stages in blueprint.vantages.items() if host in selection.hosts and stages & set(reached)
    )
    if selection.verifies and looking:
        yield Wave(
            id=f"{stage}.verify",
            stage=stage,
            title="Look whether the stage is as planned",
            kind="verify",
            hosts=looking,
            stages=dict.fromkeys(looking, reached),
        )


def _checkpoints(phase: Phase, name: str, standing: Standing) -> t.Iterator[Wave]:
    steps = [step for step in phase.steps if not needs_nobody(step) and not is_passed(step, standing)]
    if steps:
        title = steps[0].title if len(steps) == 1 else f"{counted(len(steps), 'step')} of people"
        ids = tuple(step.id for step in steps)
        yield Wave(id=name, stage=phase.stage, title=title, kind="checkpoints", steps=ids)


@dataclasses.dataclass(frozen=True, slots=True)
class _Due:
    """A target to which a phase has something to say, and the stages that it holds afterwards."""

    demand: Demand
    stages: tuple[str, ...]


def _due(
    blueprint: Blueprint, selection: Selection, standing: Standing, phase: Phase, said: dict[Target, frozenset[str]]
) -> list[_Due]:
    """What a phase is about. `said` has what was said to each target before, by which only the new is due."""
    found = []
    for demand in blueprint.demands:
        if not _has(demand, phase.mechanism, phase.stage) or demand.host not in selection.hosts:
            continue
        target = (demand.mechanism, demand.host)
        reached = blueprint.up_to(phase.stage, *standing.touched(target))
        content = demand.stages & frozenset(reached)
        if said.get(target) != content:
            said[target] = content
            found.append(_Due(demand, reached))
    return found


def _applied(phase: Phase, name: str, due: t.Sequence[_Due], waves: t.Sequence[tuple[str, ...]]) -> t.Iterator[Wave]:
    by_host = {told.demand.host: told for told in due}
    title = (
        "; ".join(step.title for step in phase.steps) or f"What this stage plans beside its steps ({phase.mechanism})"
    )
    for number, hosts in enumerate(waves, start=1):
        yield Wave(
            id=f"{name}.{number}" if len(waves) > 1 else name,
            stage=phase.stage,
            title=title,
            kind="apply",
            mechanism=phase.mechanism,
            steps=tuple(step.id for step in phase.steps),
            hosts=hosts,
            stages={host: by_host[host].stages for host in hosts},
            contents={host: by_host[host].demand.content for host in hosts},
        )


def _has(demand: Demand, mechanism: str, stage: str) -> bool:
    return demand.mechanism == mechanism and stage in demand.stages
