# SPDX-License-Identifier: GPL-3.0-or-later
"""What this host's own resolvers tell of records that were changed. Private to the collection."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import sleep
from typing import Any

from ..items import problems_of, refused
from ..specs import DNS_HEARD
from . import names, rdata, resolvers
from .records import set_of
from .resolvers import Heard, Question

Result = dict[str, Any]
RESOLV_CONF = Path("/etc/resolv.conf")
_NAMESERVER = re.compile(r"^\s*nameserver\s+(\S+)", re.MULTILINE)
# What contradicts the records, and does not go by itself as what a resolver remembers does.
WRONG = ("elsewhere", "own_zone")
# Secondaries follow, and a denial that was just heard begins to count down, within moments.
_AGAIN_AFTER = (0.5, 1.5)


def run(options: Mapping[str, Any]) -> Result:
    """What the module returns; it failed where a resolver tells something else than is true."""
    questions, problems = questions_of(options["records"])
    if options["timeout"] <= 0:
        problems.append(f"timeout: expected more than 0 seconds, got {options['timeout']}")
    if problems:
        return {"failed": True, "msg": refused(problems), "wrong": []}
    asked = options["resolvers"] or own_resolvers()
    if not asked:
        warning = f"no resolver was asked: {RESOLV_CONF} names none; give resolvers"
        return {"changed": False, "resolvers": [], "wrong": [], "warnings": [warning]}
    found = _settled(asked, questions, options["timeout"])
    told = {each: f"the resolver {each.resolver} is {each.standing}: {each.detail}" for each in found if each.detail}
    wrong = [told[each] for each in found if each.standing in WRONG]
    result = {
        "changed": False,
        "resolvers": [dataclasses.asdict(each) for each in found],
        "wrong": wrong,
        "warnings": [text for each, text in told.items() if each.standing not in WRONG],
    }
    return {**result, "failed": True, "msg": "; ".join(wrong)} if wrong else result


def own_resolvers(path: Path = RESOLV_CONF) -> list[str]:
    """Those of this host, in the order in which its programs ask them."""
    try:
        return _NAMESERVER.findall(path.read_text(errors="replace"))
    except OSError:
        return []


def questions_of(items: Any) -> tuple[list[Question], list[str]]:
    """Questions, and everything that is wrong with the list."""
    problems = problems_of("records", items, DNS_HEARD)
    found = [] if problems else [_question_or_problem(item) for item in items]
    problems += [f"records[{index}]: {each}" for index, each in enumerate(found) if isinstance(each, str)]
    return [each for each in found if isinstance(each, Question)], problems


def _question_or_problem(item: Mapping[str, Any]) -> Question | str:
    try:
        before, after = (
            set_of({**item, "ttl": 0, "values": values})[1] if values else None
            for values in (item.get("before"), item["values"])
        )
        key = (names.from_text(item["name"]), rdata.TYPES[item["type"]])
    except (names.BadNameError, rdata.BadValueError) as error:
        return str(error)
    return Question(key, before, after, item.get("lowest_ttl") or 0)


def _settled(asked: Sequence[str], questions: Sequence[Question], timeout: float) -> list[Heard]:
    """Those that tell something wrong are asked again a moment later."""
    found = {each.resolver: each for each in resolvers.heard(asked, questions, timeout)}
    for pause in _AGAIN_AFTER:
        wrong = [resolver for resolver, each in found.items() if each.standing in WRONG]
        if not wrong:
            break
        sleep(pause)
        found.update({each.resolver: each for each in resolvers.heard(wrong, questions, timeout)})
    return list(found.values())
