# SPDX-License-Identifier: GPL-3.0-or-later
"""The deployment checklist: stages, their steps in order, who may do each, and what a person has to decide."""

from __future__ import annotations

import typing as t

from ..planning.plan import Plan
from ..planning.steps import ProcessFact, Stage, Step
from ..topology.model import Topology
from .tables import markdown, page


def render(topology: Topology, plan: Plan) -> t.Iterator[tuple[str, str]]:
    """checklist.md and permissions.md, where the product has documented steps."""
    if not plan.steps:
        return
    titles = {
        fact.id: fact.title for catalogue in topology.catalogues.values() for fact in catalogue.facts(ProcessFact)
    }
    parts = [part for stage in plan.stages for part in _stage(stage, plan, titles)]
    introduction = (
        "Steps in the order of the documents. A checkpoint is work of a person; a decision offers its options."
    )
    yield "checklist.md", page("Deployment checklist", introduction, *parts)
    rows = [
        (step.stage, titles.get(step.process, step.process), step.title, who(step), step.why)
        for step in plan.steps
        if step.who
    ]
    columns = ("stage", "process", "step", "member of", "why")
    yield (
        "permissions.md",
        page("Permissions", "Groups that a step's doer must be a member of.", markdown(columns, rows)),
    )


def _stage(stage: Stage, plan: Plan, titles: t.Mapping[str, str]) -> t.Iterator[str]:
    after = f" After: {', '.join(stage.after)}." if stage.after else ""
    yield f"\n## {stage.title}\n\nStage `{stage.stage}`.{after}\n"
    process = ""
    for step in plan.steps:
        if step.stage != stage.stage:
            continue
        if step.process != process:
            process = step.process
            yield f"\n### {titles.get(process, process)}\n"
        yield _line(step)


def _line(step: Step) -> str:
    kind = step.kind if not step.mechanism or step.mechanism == "none" else f"{step.kind}: {step.mechanism}"
    lines = [f"- [ ] **{step.title}** ({kind}{', optional' if step.optional else ''})"]
    if step.targets:
        lines.append(f"  - On: {', '.join(step.targets)}")
    lines.extend(f"  - {detail}" for detail in step.details)
    if step.options:
        chosen = f"; chosen: {step.chosen}" if step.chosen else ""
        lines.append(f"  - Options: {', '.join(step.options)}{chosen}")
    if step.who:
        lines.append(f"  - Who: {who(step)}")
    if step.verify:
        lines.append(f"  - Verify: {step.verify}")
    lines.append(f"  - Why: {', '.join(step.why)}")
    return "\n".join(lines)


def who(step: Step) -> str:
    """Memberships in words: any one of the sets, all groups of the set."""
    return " or ".join(" and ".join(groups) for groups in step.who)
