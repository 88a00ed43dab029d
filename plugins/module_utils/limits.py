# SPDX-License-Identifier: GPL-3.0-or-later
"""How much of what there is one run may remove or change without being told twice. Private to the collection."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

# A share says nothing about a handful of things.
RATIO_FROM = 10
_LISTED = 5


@dataclasses.dataclass(frozen=True)
class Changed:
    """Things that stay and become different, of so many that are there; `becomes` says how they differ then."""

    names: Sequence[str]
    existing: int
    becomes: str


@dataclasses.dataclass(frozen=True)
class _Excess:
    """What is too much, the limits that say so, and the settings that allow it."""

    what: str
    limits: Sequence[str]
    allowing: Sequence[str]

    def __str__(self) -> str:
        return f"{self.what}, more than {' and '.join(self.limits)}"


@dataclasses.dataclass(frozen=True)
class Limits:
    """The options `most_deleted`, `most_deleted_ratio` and, of mechanisms that have it, `most_changed_ratio`."""

    most: int
    ratio: float
    changed_ratio: float = 1.0

    def refusal(
        self, removed: Sequence[str], own: int, what: str, becomes: str = "would go", changed: Changed | None = None
    ) -> str:
        """Why a run is stopped that would remove these of so many that are ours, or change these, and what allows it.

        Empty when it need not be stopped.
        """
        exceeded = [self._removed(removed, own, what, becomes), self._changed(changed, what) if changed else None]
        found = [excess for excess in exceeded if excess and excess.limits]
        if not found:
            return ""
        allowing = [setting for excess in found for setting in excess.allowing]
        return (
            f"nothing was changed, since {'; and '.join(map(str, found))}. "
            f"If that is meant, set {' and '.join(allowing)} for this run"
        )

    def _removed(self, removed: Sequence[str], own: int, what: str, becomes: str) -> _Excess:
        count, whole = len(removed), max(own, len(removed))
        exceeded, allowing = [], []
        if count > self.most:
            exceeded.append(f"most_deleted ({self.most})")
            allowing.append(f"most_deleted: {count}")
        if _is_large_share(count, whole, self.ratio):
            exceeded.append(f"most_deleted_ratio ({self.ratio:.0%})")
            allowing.append(f"most_deleted_ratio: {_share(count, whole):g}")
        return _Excess(f"{count} of our {whole} {what} {becomes} ({_listed(removed)})", exceeded, allowing)

    def _changed(self, changed: Changed, what: str) -> _Excess:
        count, whole = len(changed.names), max(changed.existing, len(changed.names))
        said = f"{count} of {whole} {what} that are there {changed.becomes} ({_listed(changed.names)})"
        if not _is_large_share(count, whole, self.changed_ratio):
            return _Excess(said, (), ())
        limit = f"most_changed_ratio ({self.changed_ratio:.0%})"
        return _Excess(said, [limit], [f"most_changed_ratio: {_share(count, whole):g}"])


def _is_large_share(count: int, whole: int, ratio: float) -> bool:
    return whole >= RATIO_FROM and count > whole * ratio


def _share(count: int, whole: int) -> float:
    """In hundredths, and not less than it is."""
    return -(-100 * count // whole) / 100


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _LISTED
    return ", ".join([*names[:_LISTED], *([f"and {more} more"] if more > 0 else [])])


USUAL = Limits(10, 0.3)


def limits_of(options: Mapping[str, Any]) -> Limits:
    return Limits(options["most_deleted"], options["most_deleted_ratio"], options.get("most_changed_ratio", 1.0))


def limit_problems(options: Mapping[str, Any]) -> list[str]:
    """What is wrong with these options."""
    most = options["most_deleted"]
    found = [] if most >= 0 else [f"most_deleted: expected 0 or more, got {most}"]
    shares = {name: options[name] for name in ("most_deleted_ratio", "most_changed_ratio") if name in options}
    return [*found, *(f"{name}: expected 0 to 1, got {share}" for name, share in shares.items() if not 0 <= share <= 1)]
