# SPDX-License-Identifier: GPL-3.0-or-later
"""What resolvers tell their clients of the records of a zone, and why it differs. Private to the collection."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from . import rdata, wire
from .connection import Connection
from .errors import DnsError
from .records import key_text, set_text
from .transfer import Key, RRset, ordered

# Asked of each resolver, and told of each.
MOST_ASKED = 200
_MOST_TOLD = 3
PORT = 53


@dataclasses.dataclass(frozen=True)
class Question:
    """A record set as it was and as it is; `lowest_ttl` is how long others remember that there is none."""

    key: Key
    before: RRset | None
    after: RRset | None
    lowest_ttl: int


@dataclasses.dataclass(frozen=True)
class Heard:
    """What a resolver's clients hear: `current`, `cached`, `failing`, `elsewhere`, `own_zone` or `unreachable`.

    `cached` is what was true before, for at most so many `seconds`; one that is `failing` answers with an error;
    `elsewhere` comes from other servers, as with a mistaken view; with `own_zone` the resolver answers with authority
    from a zone of its own.
    """

    resolver: str
    standing: str
    seconds: int = 0
    detail: str = ""


# Codes that tell what there is: no error, and no such name.
_ANSWERS = (0, 3)
_WORDS = {
    "cached": "it still has what was true before, for at most {seconds} s; wait, or flush its cache",
    "failing": "it answers with an error; does it reach the zone's servers, and may we ask it?",
    "elsewhere": "it asks other servers than this zone's: another view, or a delegation that leads elsewhere",
    "own_zone": "it answers with authority from a zone of its own; have it ask this server, or fill its zone too",
}


def heard(resolvers: Sequence[str], questions: Sequence[Question], timeout: float) -> list[Heard]:
    """Each resolver's worst standing on record sets that were changed, or found as they should be."""
    return [_heard(resolver, questions[:MOST_ASKED], timeout) for resolver in resolvers]


def _heard(resolver: str, questions: Sequence[Question], timeout: float) -> Heard:
    differing: list[tuple[str, int, str]] = []
    try:
        with Connection(resolver, PORT, None, timeout) as connection:
            asked = {wire.question(connection.number(), *each.key, recurse=True): each for each in questions}
            for request, message in connection.ask_all(list(asked)):
                found = _difference(asked[request], message)
                if found:
                    differing.append(found)
    except DnsError as error:
        # What was heard before it fell silent says more.
        if not differing:
            return Heard(resolver, "unreachable", detail=f"{error.what}. {error.remedy}")
    if not differing:
        return Heard(resolver, "current")
    standing = max((standing for standing, _seconds, _detail in differing), key=list(_WORDS).index)
    those = [each for each in differing if each[0] == standing]
    seconds = max(each[1] for each in those)
    shown = "; ".join(sorted(each[2] for each in those)[:_MOST_TOLD])
    more = f" and {len(those) - _MOST_TOLD} more" if len(those) > _MOST_TOLD else ""
    return Heard(resolver, standing, seconds, f"{shown}{more}: {_WORDS[standing].format(seconds=seconds)}")


def _difference(asked: Question, message: wire.Message) -> tuple[str, int, str] | None:
    """Standing, seconds that it may last, and what was heard; nothing where all is well."""
    answers = [record for record in message.answers if record[:2] == asked.key]
    values = ordered([record[4] for record in answers]) if answers else ()
    code = message.header.code
    if code not in _ANSWERS:
        return "failing", 0, f"{key_text(asked.key)} is code {code} there"
    if values == (asked.after[1] if asked.after else ()):
        return None
    detail = f"{key_text(asked.key)} is {set_text(asked.key, (answers[0][3], values)) if answers else 'none'} there"
    lasting = answers[0][3] if answers else _negative_for(message)
    if message.header.authoritative:
        return "own_zone", 0, detail
    return ("cached", lasting, detail) if _was_so(asked, values, lasting) else ("elsewhere", 0, detail)


def _was_so(asked: Question, values: tuple[bytes, ...], lasting: int) -> bool:
    """Whether an answer is an old one: as it was before, or none, which counts down from what the zone says."""
    if values:
        return asked.before is not None and asked.before[1] == values
    return lasting < asked.lowest_ttl


def _negative_for(message: wire.Message) -> int:
    """How long the resolver remembers that there is nothing."""
    return next((record[3] for record in message.authority if record[1] == rdata.SOA), 0)
