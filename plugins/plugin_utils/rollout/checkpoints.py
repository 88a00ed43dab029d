# SPDX-License-Identifier: GPL-3.0-or-later
"""Work of people: whether it is vouched for, by whom, and what to say where it is not."""

from __future__ import annotations

import dataclasses
import fnmatch
import typing as t

from ..topology.inputs.run import ConfirmationInput
from .blueprint import PlannedStep
from .checks import Seen
from .work import counted

BY_LOOKING: t.Final = "the roll-out, which looked"
_STATES = {"seen": "Seen", "missing": "Missing", "unknown": "Could not be looked at"}

State = t.Literal["confirmed", "left_out", "open"]


@dataclasses.dataclass(frozen=True, slots=True)
class Judged:
    """What is known of a step: `open` steps wait for a person."""

    step: PlannedStep
    state: State
    by: str = ""
    evidence: str = ""
    targets: tuple[str, ...] = ()
    seen: tuple[Seen, ...] = ()

    @property
    def missing(self) -> tuple[str, ...]:
        """What was looked for and is not there."""
        return tuple(one.words for one in self.seen if one.state == "missing")


def judge(
    steps: t.Iterable[PlannedStep],
    confirmed: t.Sequence[ConfirmationInput],
    before: t.Mapping[str, t.Collection[str]],
) -> tuple[Judged, ...]:
    """Each step as the confirmations have it. `before` holds what each step was passed for already."""
    return tuple(_judged(step, confirmed, before.get(step.id, ())) for step in steps)


def _judged(step: PlannedStep, confirmed: t.Sequence[ConfirmationInput], before: t.Collection[str]) -> Judged:
    vouching = [one for one in confirmed if fnmatch.fnmatchcase(step.row, one.step)]
    left = set(step.targets) - set(before)
    covered = set().union(*(one.targets or step.targets for one in vouching))
    if vouching and left <= covered:
        by = ", ".join(dict.fromkeys(one.by for one in vouching))
        evidence = "; ".join(dict.fromkeys(one.evidence for one in vouching))
        return Judged(step, "confirmed", by, evidence, step.targets)
    if step.optional:
        return Judged(step, "left_out", "", "It may be left out, and nobody has said that it is done", step.targets)
    return Judged(step, "open", targets=tuple(target for target in step.targets if target not in {*before, *covered}))


def looked_at(judged: Judged, seen: tuple[Seen, ...], *, enough: bool, binding: bool) -> Judged:
    """A step with what was seen of it.

    `enough`: seeing it done passes it without anybody's word. `binding`: nobody's word passes a step of which something
    is missing.
    """
    looked = dataclasses.replace(judged, seen=seen)
    if looked.missing and binding and judged.state == "confirmed":
        return dataclasses.replace(looked, state="open")
    if enough and judged.state == "open":
        evidence = "; ".join(one.words for one in seen)
        return dataclasses.replace(looked, state="confirmed", by=BY_LOOKING, evidence=evidence)
    return looked


def unknown(confirmed: t.Sequence[ConfirmationInput], steps: t.Sequence[PlannedStep]) -> tuple[str, ...]:
    """Confirmations of steps that the plan does not have: most likely a slip, and then nothing is confirmed by them."""
    rows = [step.row for step in steps]
    return tuple(one.step for one in confirmed if not fnmatch.filter(rows, one.step))


def words(judged: Judged) -> str:
    """A step as a person who is to do it needs to read it."""
    step = judged.step
    lines = [f"{step.title}" + (f" [{', '.join(judged.targets)}]" if judged.targets else "")]
    lines += [f"    {detail}" for detail in step.details]
    if step.who:
        lines.append(f"    Who may: {' or '.join(' and '.join(groups) for groups in step.who)}")
    if step.verify:
        lines.append(f"    Done when: {step.verify}")
    if judged.by and judged.state == "open":
        lines.append(f"    Said to be done by {judged.by} ({judged.evidence}), but something is missing")
    lines += [f"    {_STATES[one.state]}: {one.words}" for one in judged.seen]
    if step.kind == "decision":
        lines.append(f"    Decide with uc_decisions: {{{step.decision}: {' | '.join(step.options)}}}")
    lines.append(f"    Id: {step.row}")
    return "\n".join(lines)


def waiting_words(wave: str, stage: str, waiting: t.Sequence[Judged], file: str) -> str:
    """What to say where a run stops for people."""
    lines = [f"The roll-out waits at {wave} (stage {stage}) for {counted(len(waiting), 'step')} of people:"]
    lines += [f"  {words(judged)}" for judged in waiting]
    lines += [
        "Do them, then say so, and run the same again: it takes up here. Say so in uc_confirmed, or in",
        f"{file}, as a list of {{step: {waiting[0].step.row}, by: NAME, evidence: HOW YOU KNOW}}.",
    ]
    return "\n".join(lines)
