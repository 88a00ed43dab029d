# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a plan is still to be done, told from the journal: for the status, and before a stage is done by itself."""

from __future__ import annotations

import dataclasses

from .blueprint import Blueprint, PlannedStep
from .standing import Attempt, Standing


@dataclasses.dataclass(frozen=True, slots=True)
class StageWork:
    """A stage and what is left of it."""

    stage: str
    title: str
    steps: tuple[PlannedStep, ...]
    hosts: tuple[tuple[str, str], ...]
    half: tuple[Attempt, ...]
    planned: int

    @property
    def left(self) -> int:
        return len(self.steps) + len(self.hosts)


def is_passed(step: PlannedStep, standing: Standing) -> bool:
    """A checkpoint that was passed for all that it is planned for. A pool that grew is asked about again."""
    passed = standing.passed.get(step.id)
    return passed is not None and set(step.targets) <= passed.targets


def needs_nobody(step: PlannedStep) -> bool:
    """Done by this collection, or a decision that the inventory holds."""
    return step.is_automated or (step.kind == "decision" and bool(step.chosen))


def work_of(blueprint: Blueprint, standing: Standing, stage: str) -> StageWork:
    """What is left of a stage."""
    people = [step for step in blueprint.steps_of(stage) if not needs_nobody(step)]
    demands = [demand for demand in blueprint.demands if stage in demand.stages]
    targets = [(demand.mechanism, demand.host) for demand in demands]
    return StageWork(
        stage=stage,
        title=blueprint.stages[stage],
        steps=tuple(step for step in people if not step.optional and not is_passed(step, standing)),
        hosts=tuple(target for target in targets if stage not in standing.done.get(target, ())),
        half=tuple(standing.attempts[target] for target in targets if target in standing.attempts),
        planned=sum(not step.optional for step in people) + len(demands),
    )


def counted(many: int, thing: str) -> str:
    return f"{many} {thing}s" if many > 1 else f"one {thing}"


def left_before(blueprint: Blueprint, standing: Standing, stage: str) -> tuple[StageWork, ...]:
    """Earlier stages of which something is left."""
    earlier = blueprint.up_to(stage)[:-1]
    works = (work_of(blueprint, standing, name) for name in earlier)
    return tuple(work for work in works if work.left)
