# SPDX-License-Identifier: GPL-3.0-or-later
"""What all modules of mechanisms share: the words for states, and the shape of results. Private to the collection.

A module takes the whole of a target as one list, reads once, compares once and writes once. `plan(want, have)` is pure
and its operations are what check mode returns, what is executed otherwise and what the diff shows.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

STATES = ("merged", "replaced", "overridden", "deleted", "gathered", "rendered", "parsed", "restored")
MOST_SHOWN = 100

# Options that every module of a mechanism has.
COMMON_SPEC: dict[str, Any] = {
    "state": {"type": "str", "choices": list(STATES), "default": "replaced"},
    "run": {"type": "str"},
}
# Of those that remove what is ours and no longer listed.
LIMITS_SPEC: dict[str, Any] = {
    "most_deleted": {"type": "int", "default": 10},
    "most_deleted_ratio": {"type": "float", "default": 0.3},
}
# Of those that also stop a run that would make much of what is there different.
CHANGE_LIMITS_SPEC: dict[str, Any] = {"most_changed_ratio": {"type": "float", "default": 0.3}}
# Read by action plugins on the controller, and never passed on.
SLICED_SPEC: dict[str, Any] = {"slice": {"type": "path"}, "stages": {"type": "list", "elements": "str"}}
# Of those that render files; the one that hands over keys has a folder of its own for them.
RENDERED_SPEC: dict[str, Any] = {"rendered_dir": {"type": "path"}}


@dataclasses.dataclass(frozen=True)
class Operation:
    """One change to one object."""

    action: str  # add, change, remove
    name: str
    before: str = ""
    after: str = ""
    why: str = ""


def result(
    operations: Sequence[Operation],
    foreign: Sequence[str] = (),
    undo_id: str = "",
    details: str = "",
) -> dict[str, Any]:
    """The result of a module: lists are capped, with the whole of them in the file `details`."""
    shown = [dict(vars(operation)) for operation in operations[:MOST_SHOWN]]
    return {
        "changed": bool(operations),
        "operations": shown,
        "summary": _summary(operations),
        "foreign": list(foreign[:MOST_SHOWN]),
        "undo_id": undo_id,
        "details": details,
        "diff": {
            "before": "".join(f"{operation.name} {operation.before}\n" for operation in operations if operation.before),
            "after": "".join(f"{operation.name} {operation.after}\n" for operation in operations if operation.after),
        },
    }


def _summary(operations: Sequence[Operation]) -> str:
    counts = {action: sum(o.action == action for o in operations) for action in ("add", "change", "remove")}
    return ", ".join(f"{count} to {action}" for action, count in counts.items() if count) or "nothing to change"
