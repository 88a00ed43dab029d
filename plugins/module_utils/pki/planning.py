# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to be done so that keys and requests are as wanted: pure. Private to the collection."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from ..contract import Operation
from .model import Held, Request
from .requests import differences

# With fewer things than these there is no ratio to speak of.


@dataclasses.dataclass(frozen=True)
class Steps:
    """What is to be done: ids by kind of work, and the same as operations for people; nothing where problems are."""

    operations: tuple[Operation, ...] = ()
    problems: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    requests: tuple[str, ...] = ()
    records: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()
    outdated: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    @property
    def touched(self) -> tuple[str, ...]:
        """Ids of which anything changes."""
        listed = (*self.keys, *self.requests, *self.records, *self.modes, *self.outdated, *self.removed)
        return tuple(dict.fromkeys(listed))


def plan(
    want: Sequence[Request],
    have: Mapping[str, Held],
    *,
    regenerate: str = "fail",
    issuer: str = "",
    modes: Mapping[str, str] | None = None,
) -> Steps:
    """Steps that make keys and requests as wanted; `modes` are keys that others may read, with the mode they have."""
    steps = [_one(request, have.get(request.id, Held(request.id)), regenerate, issuer, modes or {}) for request in want]
    problems = tuple(problem for step in steps for problem in step.problems)
    return Steps(problems=problems) if problems else _joined(steps)


def removals(names: Sequence[str], have: Mapping[str, Held]) -> Steps:
    """Steps that take keys, requests and certificates away."""
    there = [name for name in names if name in have]
    return Steps(
        operations=tuple(Operation("remove", f"certificate {name}", before=_what(have[name])) for name in there),
        removed=tuple(there),
    )


def _joined(steps: Sequence[Steps]) -> Steps:
    fields = {
        field.name: tuple(entry for step in steps for entry in getattr(step, field.name))
        for field in dataclasses.fields(Steps)
    }
    return Steps(**fields)


def _one(request: Request, held: Held, regenerate: str, issuer: str, modes: Mapping[str, str]) -> Steps:
    operations: list[Operation] = []
    wrong = _key_wrong(request, held)
    renewed = bool(wrong) and regenerate != "never"
    if renewed:
        problem = _refusal(request, held, wrong, regenerate)
        if problem:
            return Steps(problems=(problem,))
    new_key = not held.has_key or renewed
    if new_key:
        kind = f"{request.algorithm} {request.bits}"
        before = (str(held.key) if held.key else "unusable") if held.has_key else ""
        operations.append(Operation("change" if before else "add", f"key {request.id}", before, kind, wrong))
    usable = new_key or held.key is not None
    lacking = _request_wrong(request, held, new_key=new_key)
    new_request = usable and (held.request is None or bool(lacking))
    if new_request:
        before = _listed(held) if held.request or held.request_problem else ""
        after = " ".join(request.sans)
        action = "change" if before else "add"
        operations.append(Operation(action, f"request {request.id}", before, after, "; ".join(lacking)))
    outdated = new_key and bool(held.certificate or held.certificate_problem)
    if outdated:
        operations.append(Operation("remove", f"certificate {request.id}", before="of the key that goes"))
    record = record_of(request, issuer)
    recorded = usable and held.given != record
    if recorded and not new_request:
        operations.append(Operation("change", f"record {request.id}", _hosts(held.given), _hosts(record)))
    loose = request.id in modes and not new_key
    if loose:
        operations.append(Operation("change", f"mode of key {request.id}", modes[request.id], "0600"))
    return Steps(
        operations=tuple(operations),
        keys=(request.id,) if new_key else (),
        requests=(request.id,) if new_request else (),
        records=(request.id,) if recorded else (),
        modes=(request.id,) if loose else (),
        outdated=(request.id,) if outdated else (),
    )


def record_of(request: Request, issuer: str) -> dict[str, Any]:
    """What is noted beside a request: the item it was made of, and whom it is for."""
    return {**request.shown(), "issuer": issuer, "organisation": request.organisation, "country": request.country}


def _key_wrong(request: Request, held: Held) -> str:
    if held.key_problem:
        return held.key_problem
    if held.key and (held.key.algorithm, held.key.bits) != (request.algorithm, request.bits):
        return f"the key is {held.key}, wanted is {request.algorithm} {request.bits}"
    return ""


def _refusal(request: Request, held: Held, wrong: str, regenerate: str) -> str:
    """Why a key is not made anew, as long as nobody asked for it."""
    if regenerate == "fail":
        return (
            f"{request.id}: {wrong}. Nothing was changed; regenerate: full_idempotence would replace it, and the "
            "certificate made for it would be of no more use"
        )
    if regenerate == "partial_idempotence" and held.key_problem:
        return (
            f"{request.id}: {wrong}. Nothing was changed; regenerate: partial_idempotence replaces usable keys of "
            "another kind only, full_idempotence this one too"
        )
    return ""


def _request_wrong(request: Request, held: Held, *, new_key: bool) -> list[str]:
    if held.request_problem:
        return [held.request_problem]
    if held.request is None:
        return []
    found = differences(request, held.request)
    if new_key or (held.key and held.request.key != held.key.fingerprint):
        found.append("it is for another key")
    return found


def _listed(held: Held) -> str:
    return " ".join(held.request.sans) if held.request else "unusable"


def _hosts(record: Mapping[str, Any]) -> str:
    return " ".join([*record.get("hosts", ()), str(record.get("stage", ""))]).strip() or "none"


def _what(held: Held) -> str:
    parts = [
        "key" if held.has_key else "",
        "request" if held.request or held.request_problem else "",
        "certificate" if held.certificate or held.certificate_problem else "",
    ]
    return ", ".join(part for part in parts if part) or "nothing"
