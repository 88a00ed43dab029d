# SPDX-License-Identifier: GPL-3.0-or-later
"""Show how many of the documents' requirements the plans use, per area, and fail when a figure falls.

A requirement (tests/data/requirements.yml) is, first match wins:

used      a catalogue row lists it, and that row's id stands in the `why` of a golden plan or finding, or is the `rule`
          that a scenario expects;
claimed   a catalogue row lists it, but nothing that we produce names that row;
excused   tests/data/trace/*.yml says where it is met instead, or why it does not apply;
missing   none of these.

tests/data/trace_floor.yml holds the figures that must not fall, and the switch `strict`: once it is true (or with
--strict), a missing requirement is a failure. An id that is not in the list of requirements always is.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import yaml

ROOT = Path(__file__).resolve().parents[2]
FLOOR = ROOT / "tests/data/trace_floor.yml"

Status = Literal["used", "claimed", "excused", "missing"]
STATUSES: tuple[Status, ...] = get_args(Status)


@dataclass(frozen=True)
class Requirement:
    """One statement of the documents."""

    id: str
    version: str
    area: str
    severity: str


@dataclass(frozen=True)
class Count:
    """How many requirements of an area are used: of those that are `must`, and of all."""

    must: int
    all: int


@dataclass(frozen=True)
class Trace:
    """What became of each requirement, and what is wrong with the files that say so."""

    requirements: tuple[Requirement, ...]
    statuses: dict[str, Status]
    problems: tuple[str, ...]

    def areas(self) -> list[str]:
        """Name the areas, sorted."""
        return sorted({requirement.area for requirement in self.requirements})

    def ids(self, status: Status, area: str | None = None, severity: str | None = None) -> list[str]:
        """Name the requirements with this status, of one area or severity if asked."""
        return [
            requirement.id
            for requirement in self.requirements
            if self.statuses[requirement.id] == status
            and area in {None, requirement.area}
            and severity in {None, requirement.severity}
        ]

    def used(self, area: str) -> Count:
        """Count what is used of an area."""
        return Count(must=len(self.ids("used", area, "must")), all=len(self.ids("used", area)))


def read_yaml(path: Path) -> object:
    """Read a YAML file, with the fast loader where PyYAML has it."""
    loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(path.read_text(encoding="utf-8"), Loader=loader)


def read_mapping(path: Path) -> dict[str, object]:
    """Read a YAML file that must hold a mapping; an empty file is an empty one."""
    content = read_yaml(path) or {}
    if not isinstance(content, dict):
        raise SystemExit(f"{path}: a mapping is expected at the top")
    return content


def read_entries(path: Path, key: str) -> list[dict[str, object]]:
    """Read the list of mappings that stands under one key of a YAML file; without the key it is empty."""
    entries = read_mapping(path).get(key) or []
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise SystemExit(f"{path}: {key} must be a list of mappings")
    return entries


def yaml_files(folder: Path) -> list[Path]:
    """Find the YAML files below a folder, sorted."""
    return sorted(folder.rglob("*.yml"))


def strings(value: object) -> list[str]:
    """Return the strings of a list, or a single string as a list of one; anything else holds none."""
    if isinstance(value, str):
        return [value]
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def read_requirements(path: Path) -> tuple[Requirement, ...]:
    """Read the list of requirements."""
    records = read_yaml(path)
    if not isinstance(records, list):
        raise SystemExit(f"{path}: a list is expected")
    return tuple(Requirement(**record) for record in records)


def read_rows(folder: Path) -> dict[str, set[str]]:
    """Read the catalogue: which requirements each row lists."""
    rows: dict[str, set[str]] = {}
    for path in yaml_files(folder):
        for row in read_entries(path, "rows"):
            rows.setdefault(str(row["id"]), set()).update(strings(row.get("requirements")))
    return rows


def read_excused(folder: Path) -> tuple[list[str], list[str]]:
    """Read the requirements that no plan uses for a reason, and what is wrong with the reasons."""
    ids: list[str] = []
    problems: list[str] = []
    for path in yaml_files(folder):
        for entry in read_entries(path, "not_used"):
            entry_ids = strings(entry.get("ids"))
            ids += entry_ids
            if not entry_ids or not strings(entry.get("why")):
                problems.append(f"{path.name}: an entry needs `ids` and `why`: {entry}")
    problems += [f"excused more than once: {name}" for name in sorted({name for name in ids if ids.count(name) > 1})]
    return ids, problems


def whys(value: object) -> Iterator[str]:
    """Find every `why` in a JSON value, however deep."""
    if isinstance(value, dict):
        yield from strings(value.get("why"))
        for child in value.values():
            yield from whys(child)
    elif isinstance(value, list):
        for child in value:
            yield from whys(child)


def read_produced(tests: Path) -> set[str]:
    """Name the catalogue rows that golden plans and findings, and the scenarios, give as their reason."""
    produced: set[str] = set()
    golden = tests / "golden"
    for path in [*golden.glob("*/intended/plan.json"), *golden.rglob("findings.json")]:
        produced.update(whys(json.loads(path.read_text(encoding="utf-8"))))
    for path in yaml_files(tests / "scenarios"):
        content = read_yaml(path)
        # Only a file with expectations counts; a scenario's inventory may lie beside it.
        if isinstance(content, dict) and "expect" in content:
            for finding in read_entries(path, "expect"):
                produced.update(strings(finding.get("rule")))
    return produced


def trace(root: Path) -> Trace:
    """Work out what became of each requirement."""
    requirements = read_requirements(root / "tests/data/requirements.yml")
    rows = read_rows(root / "plugins/plugin_utils/catalogue/data")
    excused, problems = read_excused(root / "tests/data/trace")
    produced = read_produced(root / "tests")

    claimed = set[str]().union(*rows.values())
    used = set[str]().union(*(ids for row, ids in rows.items() if row in produced))

    def status(name: str) -> Status:
        if name in used:
            return "used"
        if name in claimed:
            return "claimed"
        return "excused" if name in excused else "missing"

    known = {requirement.id for requirement in requirements}
    problems += [
        f"no such requirement: {name} (in catalogue row {row})"
        for row, ids in sorted(rows.items())
        for name in sorted(ids - known)
    ]
    problems += [f"no such requirement: {name} (in tests/data/trace)" for name in sorted(set(excused) - known)]
    return Trace(requirements, {name: status(name) for name in known}, tuple(problems))


def table(result: Trace) -> str:
    """Lay out the figures: used/must, then all requirements by what became of them."""
    lines = [f"{'area':18} {'used/must':>11} | " + " ".join(f"{status:>8}" for status in STATUSES) + f" {'all':>8}"]
    for area in [*result.areas(), None]:
        must = [len(result.ids(status, area, "must")) for status in STATUSES]
        every = [len(result.ids(status, area)) for status in STATUSES]
        figures = " ".join(f"{figure:>8}" for figure in [*every, sum(every)])
        lines.append(f"{area or 'total':18} {f'{must[0]}/{sum(must)}':>11} | {figures}")
    return "\n".join(lines)


@dataclass(frozen=True)
class Floor:
    """What tests/data/trace_floor.yml says."""

    strict: bool
    used: dict[str, Count]


FLOOR_HEADER = """\
---
# How many requirements of each area the plans use (tests/tools/trace.py). A figure may rise, never fall.
# After a rise: python tests/tools/trace.py --raise-floor
# strict: true makes a requirement that is neither claimed by a catalogue row nor excused in tests/data/trace a failure.
"""


def read_floor(path: Path) -> Floor:
    """Read the floor file."""
    content = read_mapping(path)
    used = content.get("used") or {}
    if not isinstance(used, dict):
        raise SystemExit(f"{path}: used must be a mapping")
    return Floor(strict=content.get("strict") is True, used={area: Count(**figures) for area, figures in used.items()})


def write_floor(path: Path, result: Trace) -> None:
    """Raise the floor to the present figures, where they are higher."""
    floor = read_floor(path)
    lines = [f"strict: {str(floor.strict).lower()}", "used:"]
    for area in result.areas():
        now, before = result.used(area), floor.used.get(area, Count(0, 0))
        lines.append(f"  {area}: {{must: {max(now.must, before.must)}, all: {max(now.all, before.all)}}}")
    path.write_text(FLOOR_HEADER + "\n".join(lines) + "\n", encoding="utf-8")


def falls(result: Trace, floor: Floor) -> list[str]:
    """Name the figures that are lower than the floor."""
    found = []
    for area, least in floor.used.items():
        now = result.used(area)
        if now.must < least.must or now.all < least.all:
            found.append(f"{area}: {now.must} must, {now.all} in all are used; it was {least.must} and {least.all}")
    return found


def main() -> int:
    """Print the table, or a list of ids, and return 1 if anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--strict", action="store_true", help="a missing requirement is a failure")
    parser.add_argument("--raise-floor", action="store_true", help="write the present figures to the floor file")
    parser.add_argument("--list", choices=STATUSES, help="print the requirement ids with this status instead")
    options = parser.parse_args()

    result = trace(ROOT)
    if options.list:
        print("\n".join(result.ids(options.list)))
        return 0

    if options.raise_floor:
        write_floor(FLOOR, result)
    floor = read_floor(FLOOR)
    failures = [*result.problems, *falls(result, floor)]
    missing = result.ids("missing")
    if missing and (options.strict or floor.strict):
        failures.append(f"{len(missing)} requirements have no place: python tests/tools/trace.py --list missing")

    print(table(result))
    print()
    print(f"Not strict: {len(missing)} missing." if missing and not failures else f"{len(failures)} failures.")
    for failure in failures:
        print(f"  {failure}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
