# SPDX-License-Identifier: GPL-3.0-or-later
"""What resolvers tell their clients of the records of a zone, and why it differs. Private to the collection."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from . import rdata, wire
from .connection import Connection
from .errors import DnsError
from .planning import Change
from .records import key_text, set_text
from .transfer import Live, RRset, ordered

# Asked of each resolver, and told of each.
MOST_ASKED = 200
_MOST_TOLD = 3
PORT = 53


@dataclasses.dataclass(frozen=True)
class Heard:
    """What a resolver's clients hear: `current`, `cached`, `elsewhere`, `own_zone` or `unreachable`.

    `cached` is what was true before, for at most so many `seconds`; `elsewhere` comes from other servers, as with a
    mistaken view; with `own_zone` the resolver answers with authority from a zone of its own.
    """

    resolver: str
    standing: str
    seconds: int = 0
    detail: str = ""


_WORDS = {
    "cached": "it still has what was true before, for at most {seconds} s; wait, or flush its cache",
    "elsewhere": "it asks other servers than this zone's: another view, or a delegation that leads elsewhere",
    "own_zone": "it answers with authority from a zone of its own; have it ask this server, or fill its zone too",
}


def heard(resolvers: Sequence[str], changes: Sequence[Change], live: Live, timeout: float) -> list[Heard]:
    """Each resolver's worst standing on the record sets that were changed, or found as they should be."""
    return [_heard(resolver, changes[:MOST_ASKED], live, timeout) for resolver in resolvers]


def _heard(resolver: str, changes: Sequence[Change], live: Live, timeout: float) -> Heard:
    differing: list[tuple[str, int, str]] = []
    try:
        with Connection(resolver, PORT, None, timeout) as connection:
            asked = {wire.question(connection.number(), *change.key, recurse=True): change for change in changes}
            for request, message in connection.ask_all(list(asked)):
                found = _difference(asked[request], message, live)
                if found:
                    differing.append(found)
    except DnsError as error:
        return Heard(resolver, "unreachable", detail=f"{error.what}. {error.remedy}")
    if not differing:
        return Heard(resolver, "current")
    standing = max((standing for standing, _seconds, _detail in differing), key=list(_WORDS).index)
    those = [each for each in differing if each[0] == standing]
    seconds = max(each[1] for each in those)
    shown = "; ".join(sorted(each[2] for each in those)[:_MOST_TOLD])
    more = f" and {len(those) - _MOST_TOLD} more" if len(those) > _MOST_TOLD else ""
    return Heard(resolver, standing, seconds, f"{shown}{more}: {_WORDS[standing].format(seconds=seconds)}")


def _difference(change: Change, message: wire.Message, live: Live) -> tuple[str, int, str] | None:
    """Standing, seconds that it may last, and what was heard; nothing where all is well."""
    name, kind = change.key
    answers = [record for record in message.answers if record[:2] == (name, kind)]
    values = ordered([record[4] for record in answers]) if answers else ()
    expected = change.after[1] if change.after else ()
    if values == expected and message.header.code in (0, 3):
        return None
    code = message.header.code
    said = (
        set_text(change.key, (answers[0][3], values)) if answers else f"code {code}" if code not in (0, 3) else "none"
    )
    detail = f"{key_text(change.key)} is {said} there"
    lasting = answers[0][3] if answers else _negative_for(message)
    if message.header.authoritative:
        return "own_zone", 0, detail
    if _was_so(change.before, values, lasting, live) and code in (0, 3):
        return "cached", lasting, detail
    return "elsewhere", 0, detail


def _was_so(before: RRset | None, values: tuple[bytes, ...], lasting: int, live: Live) -> bool:
    """Whether an answer is an old one: as it was before, or none, which counts down from what the zone says."""
    if values:
        return before is not None and before[1] == values
    return lasting < wire.lowest_ttl(live.soa)


def _negative_for(message: wire.Message) -> int:
    """How long the resolver remembers that there is nothing."""
    return next((record[3] for record in message.authority if record[1] == rdata.SOA), 0)
