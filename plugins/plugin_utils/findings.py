# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings: everything wrong or risky about an inventory, reported all at once.

Checks yield `Violation`s: the id of a finding, where, and the facts. The words, the severity and the citation come from
the catalogue (`findings`), so that the reference in the documentation is generated from the same rows.
"""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from .catalogue.facts import FindingFact
from .catalogue.model import Catalogue, CatalogueError

Severity = t.Literal["error", "warning", "advice"]
_ORDER = {"error": 0, "warning": 1, "advice": 2}
_LONGEST_VALUE = 120
_LONGEST_PATH = 200
_LONGEST_WORDS = 600


@dataclasses.dataclass(frozen=True, slots=True)
class Violation:
    """What a check reports. `facts` fill the placeholders of the finding's message and remedy."""

    finding: str
    path: str
    host: str = ""
    value: object = None
    allowed: str = ""
    nearest: str = ""
    why: tuple[str, ...] = ()
    facts: t.Mapping[str, object] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True)
class Waiver:
    """A finding that the inventory's owner accepts, and why."""

    finding: str
    reason: str
    path: str = ""
    host: str = ""
    until: datetime.date | None = None

    def covers(self, violation: Violation) -> bool:
        return (
            self.finding == violation.finding
            and self.path in ("", violation.path)
            and self.host in ("", violation.host)
        )


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """A finding in its final words."""

    id: str
    severity: Severity
    message: str
    host: str
    path: str
    origin: str
    value: str
    allowed: str
    nearest: str
    remedy: str
    why: tuple[str, ...]
    waived: str = ""
    waived_until: str = ""

    @property
    def is_error(self) -> bool:
        return self.severity == "error" and not self.waived

    def sort_key(self) -> tuple[object, ...]:
        return (bool(self.waived), _ORDER[self.severity], self.host, self.path, self.id, self.message)


def violation(finding: str, path: str, /, **given: t.Any) -> Violation:
    """A violation; what is no field of it goes to the placeholders."""
    names = ("host", "value", "allowed", "nearest", "why")
    own = {name: given.pop(name) for name in names if name in given}
    return Violation(finding, path, **own, facts=given)


Origin = t.Callable[[str, str], str]


def word(
    violations: t.Iterable[Violation],
    catalogue: Catalogue,
    waivers: t.Sequence[Waiver],
    as_of: datetime.date,
    origin: Origin,
) -> tuple[Finding, ...]:
    """Final findings, worst first: worded from the catalogue, waived where a waiver holds on the day `as_of`."""
    facts = {fact.id: fact for fact in catalogue.facts(FindingFact)}
    found = {_finding(item, facts, waivers, as_of, origin) for item in violations}
    return tuple(sorted(found, key=Finding.sort_key))


def _finding(
    item: Violation,
    facts: t.Mapping[str, FindingFact],
    waivers: t.Sequence[Waiver],
    as_of: datetime.date,
    origin: Origin,
) -> Finding:
    fact = facts.get(item.finding)
    if fact is None:
        raise CatalogueError(f"a check reports {item.finding}, which the catalogue does not have")
    waiver = next(
        (w for w in waivers if fact.waivable and w.covers(item) and (w.until is None or as_of <= w.until)), None
    )
    shown = _shown(item.value)
    path = _shown(item.path, _LONGEST_PATH)
    facts_of_item = {name: _shown(value, _LONGEST_WORDS) for name, value in item.facts.items()}
    words = {"host": item.host, "path": path, "value": shown, "allowed": item.allowed, **facts_of_item}
    return Finding(
        id=fact.id,
        severity=fact.severity,
        message=fact.message.format(**words),
        host=item.host,
        path=path,
        origin=origin(item.host, item.path),
        value=shown,
        allowed=item.allowed,
        nearest=item.nearest,
        remedy=fact.remedy.format(**words),
        why=tuple(dict.fromkeys((fact.id, *item.why))),
        waived=waiver.reason if waiver else "",
        waived_until=waiver.until.isoformat() if waiver and waiver.until else "",
    )


def _shown(value: object, longest: int = _LONGEST_VALUE) -> str:
    """A value as far as it fits into a line: inventories may hold anything."""
    text = "" if value is None else str(value)
    return text if len(text) <= longest else text[: longest - 1] + "…"


def line(finding: Finding) -> str:
    """One finding as a line of text for terminals and logs."""
    where = " ".join(part for part in (finding.host, finding.path) if part)
    parts = [f"{finding.severity}: {where}: {finding.message}"]
    if finding.value and finding.value not in finding.message:
        parts.append(f"Value: {finding.value}.")
    if finding.nearest:
        parts.append(f"Did you mean {finding.nearest}?")
    if finding.allowed and not finding.nearest:
        parts.append(f"Allowed: {finding.allowed}.")
    parts.append(finding.remedy)
    parts.append(f"[{finding.id}{', ' + finding.origin if finding.origin else ''}]")
    if finding.waived:
        until = f" until {finding.waived_until}" if finding.waived_until else ""
        parts.append(f"Waived{until}: {finding.waived}")
    return " ".join(parts)
