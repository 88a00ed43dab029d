# SPDX-License-Identifier: GPL-3.0-or-later
"""The roll-out at a glance: its stages in order, and how much each of them brings."""

from __future__ import annotations

import collections
import typing as t

from ...planning.plan import Plan
from .shapes import Area, Box, Drawing, Group, Line, Mark, Text, wrapped

MARGIN, WIDTH, GAP = 28.0, 214.0, 34.0
TITLE, SUBTITLE, HEADING, NAME = 26.0, 13.0, 13.0, 11.5
LINE = 1.36
ACROSS = 5


def sequence(plan: Plan) -> Drawing:
    """A card for each stage, in rows that are read like text."""
    counts = _counts(plan)
    cards = [_words(number, stage.title, counts[stage.stage]) for number, stage in enumerate(plan.stages, 1)]
    across = max(1, min(ACROSS, len(cards)))
    rows = -(-len(cards) // across)
    height = 26 + max((sum(size * LINE for _words, size in card) for card in cards), default=0)
    drawing = Drawing(
        "Stages of the roll-out",
        "Each stage only adds to those before it, and is verified before the next one begins",
        max(1080.0, 2 * MARGIN + across * (WIDTH + GAP) - GAP),
        100 + rows * (height + GAP),
    )
    heading = [
        Text(drawing.title, MARGIN, 44, TITLE, "title", bold=True),
        Text(f"{drawing.about}.", MARGIN, 66, SUBTITLE, "soft"),
    ]
    drawing.groups.append(Group(t.cast("t.Any", heading), "heading"))
    for number, card in enumerate(cards):
        row, column = divmod(number, across)
        box = Box(MARGIN + column * (WIDTH + GAP), 92 + row * (height + GAP), WIDTH, height)
        drawing.groups.append(_card(box, card))
        if number + 1 < len(cards) and column + 1 < across:
            y = box.y + box.height / 2
            line = ((box.right + 4, y), (box.right + GAP - 6, y))
            arrow = [Line(line, "through"), Mark(box.right + GAP - 4, y, "right", "plain")]
            drawing.groups.append(Group(t.cast("t.Any", arrow), "next"))
    return drawing


def _counts(plan: Plan) -> t.Mapping[str, list[tuple[int, str]]]:
    lists: tuple[tuple[str, str, t.Iterable[t.Any]], ...] = (
        ("flow", "flows", plan.flows),
        ("record", "records", plan.records),
        ("certificate", "certificates", plan.certificates),
        ("balanced service", "balanced services", plan.services),
        ("step for a person", "steps for people", (step for step in plan.steps if step.mechanism == "none")),
        ("automatic step", "automatic steps", (step for step in plan.steps if step.mechanism != "none")),
    )
    found: dict[str, list[tuple[int, str]]] = collections.defaultdict(list)
    for one, many, items in lists:
        for stage, count in sorted(collections.Counter(item.stage for item in items).items()):
            found[stage].append((count, one if count == 1 else many))
    return found


def _words(number: int, title: str, counts: t.Sequence[tuple[int, str]]) -> list[tuple[str, float]]:
    """The lines of a card, with their sizes."""
    titles = wrapped(f"{number}. {title}", HEADING, WIDTH - 24, bold=True)
    return [*((line, HEADING) for line in titles), *((f"{count} {words}", NAME) for count, words in counts)]


def _card(box: Box, lines: t.Sequence[tuple[str, float]]) -> Group:
    shapes: list[t.Any] = [Area(box, "card servers", 8)]
    y = box.y + 10
    for words, size in lines:
        y += size * LINE
        bold = size == HEADING
        shapes.append(Text(words, box.x + 12, y, size, "" if bold else "soft", bold=bold))
    return Group(shapes, "post")
