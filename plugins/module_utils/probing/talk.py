# SPDX-License-Identifier: GPL-3.0-or-later
"""What protocols above TCP and TLS have in common: a line to the server, and questions that get an answer. Private."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Callable

from ..items import Field, Fields
from . import outcomes
from .lines import Line, connect
from .model import Failed, Probe, Target
from .session import Session
from .tls import FIELDS as TLS_FIELDS
from .tls import TlsOptions, secured

MOST_BYTES = 64 * 1024
# Options of a protocol that is spoken over TCP or over TLS.
FIELDS: Fields = {**TLS_FIELDS, "transport": Field(str, choices=("tls", "tcp"))}
OUTCOMES = outcomes.CONNECTING | outcomes.CERTIFICATE | {outcomes.BAD_ANSWER}


async def reached(
    probe: Probe, tls: TlsOptions | None, target: Target, session: Session, deadline: float
) -> tuple[Line, dict[str, Any]]:
    """A line that speaks TLS where options for it are given, and what is known of it."""
    if tls is None:
        return await connect(probe, target, session, deadline), {}
    return await secured(probe, tls, target, session, deadline)


async def asked(
    line: Line, question: bytes, is_whole: Callable[[bytes], bool], facts: Mapping[str, Any], what: str
) -> bytes:
    """The answer to a question; Failed when there is none, or it ends before it is whole."""
    data = b""
    try:
        await line.send(question)
        while not is_whole(data):
            more = await line.receive(MOST_BYTES)
            if not more:
                raise Failed(outcomes.BAD_ANSWER, _ended(data, what), facts)
            data += more
            if len(data) > MOST_BYTES:
                raise Failed(outcomes.BAD_ANSWER, f"more than {MOST_BYTES} bytes, and no end of the {what}", facts)
    except TimeoutError:
        if data:
            raise Failed(
                outcomes.BAD_ANSWER, f"no end of the {what} in time; it begins {_shown(data)}", facts
            ) from None
        raise Failed(outcomes.SILENT, f"connected, and no {what} came back", facts) from None
    except OSError as error:
        raise Failed(outcomes.BAD_ANSWER, f"broken off before the {what}: {error.strerror or error}", facts) from None
    return data


def not_spoken(data: bytes, what: str, facts: Mapping[str, Any]) -> Failed:
    """For an answer that is of another protocol."""
    return Failed(outcomes.BAD_ANSWER, f"that is no {what}: {_shown(data)}", facts)


def _ended(data: bytes, what: str) -> str:
    return f"closed in the middle of the {what}" if data else f"closed instead of a {what}"


def _shown(data: bytes) -> str:
    return repr(data[:60].decode("ascii", "backslashreplace"))
