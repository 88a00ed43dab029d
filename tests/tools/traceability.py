# SPDX-License-Identifier: GPL-3.0-or-later
"""The traceability table: where each statement of the documents lives, or why it does not."""

from __future__ import annotations

from pathlib import Path

from tests.tools.trace import read_entries, read_requirements, read_rows, strings, yaml_files

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference" / "traceability.md"
_INTRODUCTION = """# Traceability

Every statement that was read out of the documents, by area, and the catalogue rows that stand for it, or why none does.
`make trace` counts how many of them the plans of the examples and the findings of the scenarios use.
"""


def render() -> str:
    """The page as it should be."""
    requirements = read_requirements(ROOT / "tests/data/requirements.yml")
    rows_of: dict[str, list[str]] = {}
    for row, ids in sorted(read_rows(ROOT / "plugins/plugin_utils/catalogue/data").items()):
        for name in ids:
            rows_of.setdefault(name, []).append(f"`{row}`")
    reasons = {
        name: " ".join([*(f"`{place}`:" for place in strings(entry.get("lives"))), *strings(entry.get("why"))])
        for path in yaml_files(ROOT / "tests/data/trace")
        for entry in read_entries(path, "not_used")
        for name in strings(entry.get("ids"))
    }
    parts = [_INTRODUCTION]
    for area in dict.fromkeys(requirement.area for requirement in requirements):
        parts.append(
            f"## {area.replace('_', ' ').capitalize()}\n\n| statement | product | weight | where, or why not |"
        )
        parts.append("| --- | --- | --- | --- |")
        parts += [
            f"| {r.id} | {r.version} | {r.severity} | {', '.join(rows_of.get(r.id, [])) or reasons.get(r.id, '')} |"
            for r in requirements
            if r.area == area
        ]
        parts.append("")
    return "\n".join(parts)
