# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers to the decisions of a roll-out."""

from __future__ import annotations

import typing as t

from ...findings import Violation, violation
from ...schema.problems import join, nearest
from ..decisions import DecisionFact
from ..model import Topology


def answers(topology: Topology) -> t.Iterator[Violation]:
    """Every answer is to a known decision, and one of its options."""
    known = {fact.word: fact for catalogue in topology.catalogues.values() for fact in catalogue.facts(DecisionFact)}
    for word, answer in topology.estate.decisions.items():
        fact = known.get(word)
        if fact is None:
            yield violation(
                "finding.unknown-decision",
                join("uc_decisions", word),
                value=word,
                allowed=", ".join(known),
                nearest=nearest(word, known),
            )
        elif answer not in fact.options:
            yield violation(
                "finding.unknown-answer",
                join("uc_decisions", word),
                value=answer,
                allowed=", ".join(fact.options),
                nearest=nearest(answer, fact.options),
                why=(fact.id,),
                question=fact.title,
            )


CHECKS = (answers,)
