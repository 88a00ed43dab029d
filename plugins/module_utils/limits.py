# SPDX-License-Identifier: GPL-3.0-or-later
"""How much of what is ours one run may remove without being told twice. Private to the collection."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

# A share says nothing about a handful of things.
RATIO_FROM = 10
_LISTED = 5


@dataclasses.dataclass(frozen=True)
class Limits:
    """The options `most_deleted` and `most_deleted_ratio`."""

    most: int
    ratio: float

    def refusal(self, removed: Sequence[str], own: int, what: str, becomes: str = "would go") -> str:
        """Why a run is stopped that would remove these of so many that are ours, with the way to allow it.

        Empty when it need not be stopped.
        """
        count, whole = len(removed), max(own, len(removed))
        exceeded, allowing = [], []
        if count > self.most:
            exceeded.append(f"most_deleted ({self.most})")
            allowing.append(f"most_deleted: {count}")
        if whole >= RATIO_FROM and count > whole * self.ratio:
            exceeded.append(f"most_deleted_ratio ({self.ratio:.0%})")
            allowing.append(f"most_deleted_ratio: {-(-100 * count // whole) / 100:g}")
        if not exceeded:
            return ""
        more = count - _LISTED
        listed = ", ".join([*removed[:_LISTED], *([f"and {more} more"] if more > 0 else [])])
        return (
            f"nothing was changed, since {count} of our {whole} {what} {becomes} ({listed}), "
            f"more than {' and '.join(exceeded)}. If that is meant, set {' and '.join(allowing)} for this run"
        )


USUAL = Limits(10, 0.3)


def limits_of(options: Mapping[str, Any]) -> Limits:
    return Limits(options["most_deleted"], options["most_deleted_ratio"])


def limit_problems(options: Mapping[str, Any]) -> list[str]:
    """What is wrong with these options."""
    most, ratio = options["most_deleted"], options["most_deleted_ratio"]
    found = [] if most >= 0 else [f"most_deleted: expected 0 or more, got {most}"]
    return found if 0 <= ratio <= 1 else [*found, f"most_deleted_ratio: expected 0 to 1, got {ratio}"]
