# SPDX-License-Identifier: GPL-3.0-or-later
"""What the decoder found wrong, kept apart from how it is worded and reported."""

from __future__ import annotations

import dataclasses
import difflib
import functools
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
    return _closest(word.lower(), tuple(words))


# One mistake is often made a thousand times.
@functools.lru_cache(maxsize=1024)
def _closest(word: str, words: tuple[str, ...]) -> str:
    found = difflib.get_close_matches(word, words, n=1, cutoff=0.6)
    return found[0] if found else ""


def join(path: str, key: object) -> str:
    """Path of an element below `path`; keys that are no plain words are quoted in brackets, so that it can be split."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    text = str(key)
    if not path:
        return text
    if _PLAIN.match(text):
        return f"{path}.{text}"
    quoted = text.replace("'", "''")
    return f"{path}['{quoted}']"


_PLAIN = re.compile(r"[^.\[\]'\s]+\Z")
_PART = re.compile(r"\['((?:[^']|'')*)'\]|\[([^\]']*)\]|([^.\[\]]+)")


def split(path: str) -> tuple[str, ...]:
    """Keys along a path that `join` made."""
    found = []
    for quoted, index, plain in (match.groups() for match in _PART.finditer(path)):
        found.append(quoted.replace("''", "'") if quoted is not None else index or plain)
    return tuple(found)
