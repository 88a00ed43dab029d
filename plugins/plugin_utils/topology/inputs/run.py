# SPDX-License-Identifier: GPL-3.0-or-later
"""What one run does, and how careful it is."""

from __future__ import annotations

import dataclasses
import typing as t

from ...schema.fields import option
from ...schema.kinds import Stage


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmationInput:
    """A checkpoint that a person vouches for."""

    step: str = option("Id of the step, or a pattern such as `ocs2007r2.step.planning-*`")
    by: str = option("Who vouches for it")
    evidence: str = option("How they know, for the journal")
    targets: tuple[str, ...] = option(
        "For what it is done; for all that the step is planned for when left out", default=()
    )


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class WavesInput:
    """How many servers are changed at a time. Whatever is said here, a balanced pool keeps servers in service."""

    by: t.Literal["pool", "site", "all"] = option("What is changed together", default="pool")
    count: int = option("Servers that are changed together at most; 0 for no limit", default=0)
    canaries: int = option("Servers that are changed first, by themselves", default=1)
    in_service: int = option(
        "Servers of a pool that are never changed together with its others; 0 for half of them", default=0
    )


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RunInput:
    """Variables of scope *run*: given on the command line, they choose what a run does and change nothing in a plan."""

    stage: Stage = option("Only this stage", default="")
    until: Stage = option("Stages up to this one", default="")
    only: tuple[str, ...] = option("Only servers of these sites or pools, or these servers", default=())
    approved: str = option(
        "Folder of an `intended/` tree that was approved: the run refuses to deploy any other plan", default=""
    )
    checkpoints: t.Literal["ask", "fail", "seen"] = option(
        "What happens at work of a person that nobody has confirmed: ask at the terminal, where there is one; stop; or "
        "pass what the run itself sees done, and stop at all else",
        default="ask",
    )
    checkpoint_checks: t.Literal["stop", "tell", "none"] = option(
        "What happens when the run looks for what a person has confirmed and finds it missing: stop, only tell, or not "
        "look at all",
        default="stop",
    )
    confirmed: tuple[ConfirmationInput, ...] = option("Checkpoints that people vouch for", default=())
    waves: WavesInput = option("How many servers are changed at a time", default=WavesInput())
    verification: t.Literal["stop", "tell", "none"] = option(
        "What happens when a stage that was applied does not look as planned from the vantages: stop before what "
        "follows, only tell, or not look",
        default="stop",
    )
    take_over: str = option("Run that is known to be dead, whose lease on the estate this run takes over", default="")
    run: str = option("Run that the rollback playbook undoes; the last one when left out", default="")
    verify_trust: str = option(
        "File on each vantage with the authorities that certificates must come from; its own when left out", default=""
    )
