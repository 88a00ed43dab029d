# SPDX-License-Identifier: GPL-3.0-or-later
"""The words for what a probe came to. Private to the collection."""

from __future__ import annotations

from collections.abc import Mapping

OPEN = "open"
SLOW = "slow"
REFUSED = "refused"
FILTERED = "filtered"
UNREACHABLE = "unreachable"
NO_ANSWER = "no_answer"
SILENT = "silent"
BAD_ANSWER = "bad_answer"
UNRESOLVED = "unresolved"
NOT_RUN = "not_run"

UNTRUSTED = "untrusted"
WRONG_NAME = "wrong_name"
EXPIRED = "expired"
NOT_YET_VALID = "not_yet_valid"
TLS_FAILED = "tls_failed"

ANSWER = "answer"
WRONG_ANSWER = "wrong_answer"
NXDOMAIN = "nxdomain"
NO_DATA = "no_data"
SERVFAIL = "servfail"
QUERY_REFUSED = "query_refused"

MEANINGS: Mapping[str, str] = {
    OPEN: "It answered as it should, in time.",
    SLOW: "It answered as it should, but later than slow_after, also when asked again with little else going on.",
    REFUSED: "The host says that nothing listens there: a reset, or an ICMP port unreachable from its address.",
    FILTERED: "Nothing came back to a connection request, or a device on the way says that it does not let it pass.",
    UNREACHABLE: "There is no way to the host: no route, or no neighbour of that address.",
    NO_ANSWER: "A datagram was sent, and nothing came back, which proves nothing.",
    SILENT: "A connection came about, and then nothing came back.",
    BAD_ANSWER: "What came back is not of this protocol, or ends in the middle.",
    UNRESOLVED: "The name to connect to has no address.",
    NOT_RUN: "It could not be tried from here, or the time of the batch was up.",
    UNTRUSTED: "The certificate has no chain to an authority that is trusted.",
    WRONG_NAME: "The certificate is not for the name asked for, or lacks one of the names expected.",
    EXPIRED: "A certificate of the chain has ended.",
    NOT_YET_VALID: "A certificate of the chain has not begun.",
    TLS_FAILED: "The port is open, but there is no agreement on TLS, as when the server wants a client certificate.",
    ANSWER: "The server has the record, with the values expected.",
    WRONG_ANSWER: "The server has the record, with other values than those expected.",
    NXDOMAIN: "The server says that the name does not exist.",
    NO_DATA: "The server says that the name has no record of this type.",
    SERVFAIL: "The server says that it failed, or gave another code of error.",
    QUERY_REFUSED: "The server does not answer this question to this host (REFUSED).",
}

CONNECTING = frozenset({OPEN, SLOW, REFUSED, FILTERED, UNREACHABLE, UNRESOLVED, NOT_RUN})
CERTIFICATE = frozenset({UNTRUSTED, WRONG_NAME, EXPIRED, NOT_YET_VALID, TLS_FAILED, SILENT})
LOOKUP = frozenset(
    {ANSWER, WRONG_ANSWER, NXDOMAIN, NO_DATA, SERVFAIL, QUERY_REFUSED, SLOW, NO_ANSWER, SILENT, BAD_ANSWER}
    | (CONNECTING - {OPEN})
)

# Words for several outcomes, for those who expect something of the way and not of what is at its end.
BLOCKED = frozenset({FILTERED, UNREACHABLE, NO_ANSWER})
PASSED = frozenset(MEANINGS) - BLOCKED - {UNRESOLVED, NOT_RUN}
SERVED = PASSED - {REFUSED, SILENT, BAD_ANSWER}
# What an answer came to that is all that it should be.
RIGHT = frozenset({OPEN, ANSWER})
GROUPS: Mapping[str, frozenset[str]] = {"passed": PASSED, "served": SERVED, "blocked": BLOCKED}
