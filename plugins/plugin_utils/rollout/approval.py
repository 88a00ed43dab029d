# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the plan of this run is the one that was approved.

Both are compared by the digests of their manifests. Findings are left out: they are judged on the day of the run, and a
run is stopped by those that are errors anyway.
"""

from __future__ import annotations

import typing as t

Manifest = t.Mapping[str, t.Any]
_JUDGED_TODAY = ("findings.",)
_MOST_NAMED = 5


def refusal(approved: Manifest, planned: Manifest) -> str:
    """Why the plan of this run must not be deployed; nothing when it is what was approved."""
    before, now = _files(approved), _files(planned)
    different = sorted(path for path in before.keys() | now.keys() if before.get(path) != now.get(path))
    if not different:
        return ""
    cause = (
        "the inventory has changed since"
        if approved.get("input") != planned.get("input")
        else "the inventory is the same, but the catalogue or the planner has changed since"
    )
    named = ", ".join(different[:_MOST_NAMED])
    more = f" and {len(different) - _MOST_NAMED} more" if len(different) > _MOST_NAMED else ""
    return (
        f"this is not the plan that was approved: {cause}. Different are {named}{more}. "
        "Plan again and have the difference approved, or go back to what was approved"
    )


def _files(manifest: Manifest) -> dict[str, str]:
    files = manifest.get("files")
    return {path: value for path, value in (files or {}).items() if not path.startswith(_JUDGED_TODAY)}
