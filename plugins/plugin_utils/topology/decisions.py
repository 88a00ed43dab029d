# SPDX-License-Identifier: GPL-3.0-or-later
"""What the roll-out leaves to people."""

from __future__ import annotations

import dataclasses
import typing as t

from ..schema.fields import option
from .applied import AppliedFact


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DecisionFact(AppliedFact):
    """Something that people have to decide; `uc_decisions` holds their answers."""

    KIND: t.ClassVar[str] = "decisions"

    word: str = option("Its key in uc_decisions")
    process: str = option("Id of the process that it opens")
    order: int = option("Place within the process", default=0)
    title: str = option("The question")
    options: t.Mapping[str, str] = option("Answers: the word, and what it means")
