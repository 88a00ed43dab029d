# SPDX-License-Identifier: GPL-3.0-or-later
"""From options to traces, and from what was heard to what became of a mark. Pure. Private to the collection."""

from __future__ import annotations

import dataclasses
import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any

from ..items import Field, Fields, problems_of

TRACE: Fields = {
    "id": Field(str, required=True),
    "address": Field(str, required=True),
    "port": Field(int, required=True),
    "source_port": Field(int),
    "dscp": Field(int, required=True),
    "expect": Field(int),
}
MOST_DSCP = 63
HIGHEST_PORT = 65535


@dataclasses.dataclass(frozen=True)
class Trace:
    """UDP packets with a mark, to a port that nobody listens on, and the mark that shall arrive."""

    id: str
    address: str
    port: int
    source_port: int
    dscp: int
    expect: int


@dataclasses.dataclass(frozen=True)
class Heard:
    """What a hop said of the packet that ended there: the mark that it arrived with.

    One that was `refused` was not to end there: the hop before lets it go no further.
    """

    hop: int
    router: str
    dscp: int
    arrived: bool
    refused: bool = False


def traces_of(given: Any) -> tuple[list[Trace], list[str]]:
    """Traces, and everything that is wrong with them."""
    problems = problems_of("traces", given, TRACE)
    if problems:
        return [], problems
    for index, item in enumerate(given):
        where = f"traces[{index}]"
        problems += [
            f"{where}.{name}: {item[name]} is none of {least}-{most}"
            for name, least, most in (
                ("port", 1, HIGHEST_PORT),
                ("source_port", 0, HIGHEST_PORT),
                ("dscp", 0, MOST_DSCP),
                ("expect", 0, MOST_DSCP),
            )
            if name in item and not least <= item[name] <= most
        ]
        if not _is_address(item["address"]):
            problems.append(f"{where}.address: {item['address']!r} is no IPv4 address")
    found = [
        Trace(
            item["id"],
            item["address"],
            item["port"],
            item.get("source_port", 0),
            item["dscp"],
            item.get("expect", item["dscp"]),
        )
        for item in given
    ]
    return found, problems


def result_of(trace: Trace, heard: Sequence[Heard]) -> dict[str, Any]:
    """What became of the mark: where it changed, and whether it is as expected at its end.

    A hop says what a packet looked like as it arrived, so a change shows first at the hop behind the one that made it.
    """
    ordered = sorted(heard, key=lambda one: one.hop)
    end = next((one for one in ordered if one.arrived), None)
    # Packets that were to end behind it came there as well.
    ordered = [one for one in ordered if end is None or one.hop <= end.hop]
    refused = next((one for one in ordered if one.refused), None)
    ordered = [one for one in ordered if not one.refused]
    changes = _changes(trace, ordered)
    outcome = "unfinished" if end is None else "as_expected" if end.dscp == trace.expect else "changed"
    return {
        "id": trace.id,
        "outcome": outcome,
        "sent": trace.dscp,
        "expected": trace.expect,
        "arrived": end.dscp if end else None,
        "hops": [{"hop": one.hop, "address": one.router, "dscp": one.dscp} for one in ordered],
        "changes": changes,
        "detail": _refusal(trace, refused) or _detail(trace, ordered, end, changes),
    }


def unsent(trace: Trace, why: str) -> dict[str, Any]:
    """The same of a trace whose packets could not be sent."""
    return {**result_of(trace, ()), "outcome": "unsent", "detail": why}


def _changes(trace: Trace, ordered: Sequence[Heard]) -> list[dict[str, Any]]:
    found = []
    before, hop, router = trace.dscp, 0, ""
    for one in ordered:
        if one.dscp != before:
            found.append(
                {"hop": hop, "address": router, "silent": one.hop - hop - 1, "before": before, "after": one.dscp}
            )
        before, hop, router = one.dscp, one.hop, one.router
    return found


def _refusal(trace: Trace, refused: Heard | None) -> str:
    return f"{refused.router} says that {trace.address} cannot be reached" if refused else ""


def _detail(trace: Trace, ordered: Sequence[Heard], end: Heard | None, changes: Sequence[Mapping[str, Any]]) -> str:
    told = []
    for change in changes:
        by = f"hop {change['hop']} ({change['address']})" if change["hop"] else "the sending host"
        or_after = f" or one of the {change['silent']} silent hops after it" if change["silent"] else ""
        what = "cleared" if not change["after"] else "made" if not change["before"] else "changed"
        told.append(f"{change['before']} was {what}: {by}{or_after} left {change['after']}")
    if end is None:
        last = f"after hop {ordered[-1].hop} ({ordered[-1].router})" if ordered else "at all"
        told.append(f"nothing was heard {last}: packets or errors are dropped, or port {trace.port} is listened on")
    elif end.dscp != trace.expect and not changes:
        told.append(f"{end.dscp} arrived as it was sent, where {trace.expect} was expected: no hop set it")
    return "; ".join(told)


def _is_address(text: str) -> bool:
    try:
        return ipaddress.ip_address(text).version == 4
    except ValueError:
        return False
