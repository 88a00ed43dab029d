# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong with a server, in words that say what to do. Private to the collection."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class Place:
    """A zone at a server, as messages name it."""

    zone: str
    server: str
    address: str
    view: str = ""

    def __str__(self) -> str:
        at = self.server if self.address in ("", self.server) else f"{self.server} ({self.address})"
        view = f", view {self.view}" if self.view else ""
        return f"zone {self.zone} at {at}{view}"


class DnsError(Exception):
    """Something that stops the work on a zone: what happened, and the remedy."""

    def __init__(self, what: str, remedy: str, record: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy
        self.record = record

    def at(self, place: Place) -> str:
        record = f", {self.record}" if self.record else ""
        return f"{place}{record}: {self.what}. {self.remedy}"


class UnreachableError(DnsError):
    """No connection, or one that ended or fell silent."""


class RefusedError(DnsError):
    """The server does not do this for us."""


class NotAuthoritativeError(DnsError):
    """The server does not hold the zone."""


class BadSignatureError(DnsError):
    """Key, signature or time do not agree."""


class TruncatedError(DnsError):
    """A transfer that ended too early, or a message that is no message."""


class ChangedError(DnsError):
    """Somebody else changed what we looked at."""


class FailedError(DnsError):
    """The server tried, and could not."""


_RCODES = {
    1: "FORMERR",
    2: "SERVFAIL",
    3: "NXDOMAIN",
    4: "NOTIMP",
    5: "REFUSED",
    6: "YXDOMAIN",
    7: "YXRRSET",
    8: "NXRRSET",
    9: "NOTAUTH",
    10: "NOTZONE",
}


def of_code(code: int, doing: str, key: str) -> DnsError:
    """The error that an answer's code stands for."""
    name = _RCODES.get(code, f"code {code}")
    signed = f"the key {key}" if key else "no key, since none is named"
    if code == 5:
        return RefusedError(
            f"the server refused {doing} (REFUSED); it was asked with {signed}",
            "Allow it for that key on the server (allow-update and allow-transfer in BIND), or name another key; "
            "is the zone dynamic, and this its primary server?",
        )
    if code in (9, 10):
        return NotAuthoritativeError(
            f"the server does not hold the zone for us, or not as its primary ({name} to {doing}, with {signed})",
            "Name the zone as the server has it, and its primary server; with views, a key that reaches this one",
        )
    if code in (6, 7, 8, 3):
        return ChangedError(
            f"the records were changed by somebody else since they were read ({name} to {doing})",
            "Nothing of that message was done. Run again: it reads anew and completes the rest",
        )
    if code == 2:
        return FailedError(
            f"the server failed ({name} to {doing})",
            "Its log says why: often it cannot write the zone's folder or journal, or the account may not change the "
            "record (Active Directory). Mend that and run again",
        )
    return FailedError(
        f"the server answered {name} to {doing}", "Look whether it does dynamic updates (RFC 2136) at all, and its log"
    )
