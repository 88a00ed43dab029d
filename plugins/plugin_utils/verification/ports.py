# SPDX-License-Identifier: GPL-3.0-or-later
"""Which ports of a plan are tried: the same ones in every run."""

from __future__ import annotations

import hashlib
import typing as t


def sampled(ports: t.Sequence[str]) -> t.Iterator[tuple[int, bool]]:
    """Each port, and of a range the two ends and the middle; and whether it stands alone."""
    for text in ports:
        first, last = span(text)
        for port in dict.fromkeys((first, (first + last) // 2, last)):
            yield port, first == last


def span(text: str) -> tuple[int, int]:
    first, _dash, last = text.partition("-")
    return int(first), int(last or first)


def one_of(text: str, salt: str) -> int:
    """A port of a range, another one for each place; 0 where any will do."""
    if not text:
        return 0
    first, last = span(text)
    return first + lot(salt) % (last - first + 1)


def lot(text: str) -> int:
    """A number that is the same in every run and has nothing to do with the order of things."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big")
