# SPDX-License-Identifier: GPL-3.0-or-later
"""What the decoder found wrong, kept apart from how it is worded and reported."""

from __future__ import annotations

import dataclasses
import difflib
import re
import typing as t

Rule = t.Literal["unknown", "missing", "type", "choice", "reference", "malformed", "range"]


@dataclasses.dataclass(frozen=True, slots=True)
class Problem:
    """One wrong value: where, what, what would be right."""

    rule: Rule
    path: str
    value: object
    allowed: str
    nearest: str = ""


def nearest(word: str, words: t.Iterable[str]) -> str:
    """The known word most like `word`, or nothing when none is alike."""
    found = difflib.get_close_matches(word.lower(), list(words), n=1, cutoff=0.6)
    return found[0] if found else ""


def join(path: str, key: object) -> str:
    """Path of an element below `path`: keys that hold dots are put in brackets so that paths stay readable."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    text = str(key)
    if not path:
        return text
    return f"{path}['{text}']" if "." in text or " " in text else f"{path}.{text}"


_PART = re.compile(r"\['((?:[^']|'(?!\]))*)'\]|\[(\d+)\]|([^.\[\]]+)")


def split(path: str) -> tuple[str, ...]:
    """Keys along a path that `join` made."""
    return tuple(next(part for part in match.groups() if part is not None) for match in _PART.finditer(path))
