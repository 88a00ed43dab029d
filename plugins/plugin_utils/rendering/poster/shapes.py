# SPDX-License-Identifier: GPL-3.0-or-later
"""Shapes of a picture and what room they take. Nothing here knows what is drawn."""

from __future__ import annotations

import dataclasses
import functools
import typing as t

# Widths of letters in parts of the font's size: those of the widest of the fonts that the picture asks for.
_NARROW: t.Final = frozenset("ijl.,:;'|!()[]/ ")
_WIDE: t.Final = frozenset("mwMW@%…—")
_BOLD: t.Final = 1.14
ASCENT, DESCENT = 0.78, 0.24

Anchor = t.Literal["start", "middle", "end"]


@dataclasses.dataclass(frozen=True, slots=True)
class Box:
    """A part of the picture."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height

    def meets(self, other: Box) -> bool:
        """True when they have an area in common; edges that touch have none."""
        return self.x < other.right and other.x < self.right and self.y < other.bottom and other.y < self.bottom


@dataclasses.dataclass(frozen=True, slots=True)
class Text:
    """A line of text that begins, is centred or ends at x and stands on y."""

    words: str
    x: float
    y: float
    size: float
    style: str = ""
    anchor: Anchor = "start"
    bold: bool = False

    @property
    def box(self) -> Box:
        width = text_width(self.words, self.size, bold=self.bold)
        start = {"start": self.x, "middle": self.x - width / 2, "end": self.x - width}[self.anchor]
        return Box(start, self.y - ASCENT * self.size, width, (ASCENT + DESCENT) * self.size)


@dataclasses.dataclass(frozen=True, slots=True)
class Area:
    """A rectangle of a style; `title` shows when one points at it."""

    box: Box
    style: str
    radius: float = 0
    title: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Line:
    """A straight line, or several in a row."""

    points: tuple[tuple[float, float], ...]
    style: str


@dataclasses.dataclass(frozen=True, slots=True)
class Mark:
    """A small sign on a line: who opens (a ring), who listens (an arrowhead towards one side), or both."""

    x: float
    y: float
    kind: t.Literal["opens", "right", "left"]
    style: str


Shape = Text | Area | Line | Mark


@dataclasses.dataclass(slots=True)
class Group:
    """Shapes that belong together; `title` shows when one points at them, `name` is what scripts find them by."""

    shapes: list[Shape]
    style: str = ""
    title: str = ""
    name: str = ""


@dataclasses.dataclass(slots=True)
class Drawing:
    """A picture: groups of shapes, the later ones above the earlier ones."""

    title: str
    about: str
    width: float = 0
    height: float = 0
    groups: list[Group] = dataclasses.field(default_factory=list)

    def texts(self) -> t.Iterator[Text]:
        return (shape for group in self.groups for shape in group.shapes if isinstance(shape, Text))


def text_width(words: str, size: float, *, bold: bool = False) -> float:
    """How wide a line is at most."""
    return sum(map(_letter_width, words)) * size * (_BOLD if bold else 1)


@functools.cache
def _letter_width(letter: str) -> float:
    if letter in _NARROW:
        return 0.36
    if letter in _WIDE:
        return 1.02
    return 0.8 if letter.isupper() else 0.64


def wrapped(words: str, size: float, width: float, *, bold: bool = False) -> list[str]:
    """Lines that fit; a word that is too long by itself is cut with a hyphen nowhere and kept whole."""
    lines: list[str] = []
    for word in words.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, size, bold=bold) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
