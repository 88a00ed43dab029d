# SPDX-License-Identifier: GPL-3.0-or-later
"""The roll-out: stages, the steps inside each in their documented order, who may do them, and what is left to decide.

A step is planned once per stage, however many clusters it is done for: `targets` names them. So a plan of a thousand
servers has no more steps than one of ten.
"""

from __future__ import annotations

import collections
import dataclasses
import itertools
import typing as t

from ..catalogue.facts import StageFact
from ..catalogue.model import Catalogue, Fact
from ..schema.fields import option
from ..topology.context import Context
from ..topology.decisions import DecisionFact
from ..topology.model import Topology
from .base import AppliedFact, Item, Stages, applications

Mechanism = t.Literal["none", "dns", "firewall", "certificates", "load_balancer", "qos", "verify"]
Groups = tuple[tuple[str, ...], ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ProcessFact(Fact):
    """A deployment process: steps that are done one after another."""

    KIND: t.ClassVar[str] = "processes"

    title: str = option("Name for people")
    rank: int = option("Place among the processes of a stage")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class StepFact(AppliedFact):
    """A step of a process."""

    KIND: t.ClassVar[str] = "steps"

    process: str = option("Id of its process")
    order: int = option("Place within the process")
    title: str = option("What is done")
    kind: t.Literal["automated", "checkpoint"] = option(
        "automated: this collection does it; checkpoint: people do it and confirm it", default="checkpoint"
    )
    mechanism: Mechanism = option("What does an automated step", default="none")
    details: tuple[str, ...] = option("Settings, tasks or rights it consists of", default=())
    verify: str = option("How one sees that it is done", default="")
    optional: bool = option("Whether it may be left out", default=False)
    decision: str = option("Decision that it depends on", default="")
    options: tuple[str, ...] = option("Answers to that decision with which it is done", default=())


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PermissionFact(Fact):
    """Who may do some steps: being in all groups of one of the sets is enough.

    Where several rows speak about one step, whoever does it satisfies them all.
    """

    KIND: t.ClassVar[str] = "permissions"

    steps: tuple[str, ...] = option("Ids of the steps")
    task: str = option("The task")
    any_of: Groups = option("Sets of groups; all of one set are needed")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Stage(Item):
    """A stage of the roll-out; `after` names the ones before it."""

    title: str
    after: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Step(Item):
    """A step, for all that it is done for in its stage. `who` lists sets of groups, of which one is enough."""

    process: str
    order: int
    title: str
    kind: t.Literal["automated", "checkpoint", "decision"]
    mechanism: Mechanism
    who: Groups
    targets: tuple[str, ...]
    details: tuple[str, ...]
    verify: str
    optional: bool
    decision: str
    options: tuple[str, ...]
    chosen: str
    depends_on: tuple[str, ...]


def plan_stages(topology: Topology, used: t.Collection[str]) -> tuple[Stage, ...]:
    """The stages that anything is planned for, in their order."""
    facts = sorted(topology.catalogue.facts(StageFact), key=lambda fact: fact.rank)
    found: list[Stage] = []
    for fact in facts:
        name = fact.id.partition(".")[2]
        if name in used:
            before = tuple(stage.stage for stage in found)
            found.append(Stage(id=fact.id, stage=name, why=(fact.id,), title=fact.title, after=before))
    return tuple(found)


def plan_steps(topology: Topology, stages: Stages) -> tuple[Step, ...]:
    """All steps, stage by stage, process by process."""
    processes = {fact.id: fact for catalogue in topology.catalogues.values() for fact in catalogue.facts(ProcessFact)}
    permissions = _permissions_by_step(topology.catalogues.values())
    drafts = [
        *(_decision(topology, fact, stage) for (fact, stage), _targets in _grouped(topology, DecisionFact, stages)),
        *(
            _step(topology, fact, stage, targets, permissions.get(fact.id, ()))
            for (fact, stage), targets in _grouped(topology, StepFact, stages)
            if _is_chosen(topology, fact)
        ),
    ]
    drafts.sort(key=lambda step: (stages.rank(step.stage), processes[step.process].rank, step.order))
    return _linked(drafts)


F = t.TypeVar("F", bound=AppliedFact)


def _grouped(topology: Topology, kind: type[F], stages: Stages) -> t.Iterator[tuple[tuple[F, str], tuple[str, ...]]]:
    """Rows with the stage they are done in, and what for."""
    found: dict[tuple[str, str], tuple[F, dict[str, None]]] = {}
    for fact, context in applications(topology, kind):
        stage = stages.of(fact, context)
        _fact, targets = found.setdefault((fact.id, stage), (fact, {}))
        target = _target(context)
        if target:
            targets[target] = None
    for (_id, stage), (fact, targets) in found.items():
        yield (fact, stage), tuple(targets)


def _target(context: Context) -> str:
    if context.server:
        return context.server.name
    return context.cluster.name if context.cluster else context.site


def _permissions_by_step(catalogues: t.Iterable[Catalogue]) -> dict[str, tuple[PermissionFact, ...]]:
    found: dict[str, list[PermissionFact]] = collections.defaultdict(list)
    for catalogue in catalogues:
        for fact in catalogue.facts(PermissionFact):
            for step in fact.steps:
                found[step].append(fact)
    return {step: tuple(facts) for step, facts in found.items()}


def _is_chosen(topology: Topology, fact: StepFact) -> bool:
    """False when the inventory has decided otherwise; while nothing is decided, every option's steps are shown."""
    answer = topology.estate.decisions.get(fact.decision, "")
    return not fact.decision or not answer or answer in fact.options


def _step(
    topology: Topology, fact: StepFact, stage: str, targets: tuple[str, ...], permissions: tuple[PermissionFact, ...]
) -> Step:
    return Step(
        id=f"{fact.id}@{stage}",
        stage=stage,
        why=(fact.id, fact.process, *(permission.id for permission in permissions)),
        process=fact.process,
        order=fact.order,
        title=fact.title,
        kind=fact.kind,
        mechanism=fact.mechanism,
        who=satisfying_all([permission.any_of for permission in permissions]),
        targets=targets,
        details=fact.details,
        verify=fact.verify,
        optional=fact.optional,
        decision=fact.decision,
        options=fact.options,
        chosen=topology.estate.decisions.get(fact.decision, ""),
        depends_on=(),
    )


def satisfying_all(demands: t.Sequence[Groups]) -> Groups:
    """Sets of groups that satisfy every demand, without those that ask for more than another one."""
    if not demands:
        return ()
    found = {frozenset().union(*choice): tuple(dict.fromkeys(itertools.chain(*choice))) for choice in _choices(demands)}
    return tuple(groups for key, groups in found.items() if not any(other < key for other in found))


def _choices(demands: t.Sequence[Groups]) -> t.Iterator[tuple[tuple[str, ...], ...]]:
    return itertools.product(*dict.fromkeys(demands))


def _decision(topology: Topology, fact: DecisionFact, stage: str) -> Step:
    chosen = topology.estate.decisions.get(fact.word, "")
    return Step(
        id=f"{fact.id}@{stage}",
        stage=stage,
        why=(fact.id, fact.process),
        process=fact.process,
        order=fact.order,
        title=fact.title,
        kind="decision",
        mechanism="none",
        who=(),
        targets=(),
        details=tuple(f"{word}: {meaning}" for word, meaning in fact.options.items()),
        verify="",
        optional=False,
        decision=fact.word,
        options=tuple(fact.options),
        chosen=chosen,
        depends_on=(),
    )


def _linked(steps: t.Sequence[Step]) -> tuple[Step, ...]:
    """Each step depends on the one before it in its process."""
    last: dict[tuple[str, str], str] = {}
    found: list[Step] = []
    for step in steps:
        process = (step.stage, step.process)
        found.append(dataclasses.replace(step, depends_on=(last[process],) if process in last else ()))
        last[process] = step.id
    return tuple(found)
