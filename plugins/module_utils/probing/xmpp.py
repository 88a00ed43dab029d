# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether an XMPP server opens a stream of servers (RFC 6120) for a domain. Private to the collection."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import quoteattr

from ..items import Field
from . import outcomes
from .model import Answer, Failed, Probe, Protocol, Target
from .session import Session
from .talk import OUTCOMES, asked, not_spoken, reached

_STREAM = re.compile(rb"<(?:\w+:)?stream\b([^>]*)>")
_ERROR = re.compile(rb"<(?:\w+:)?error\b[^>]*>\s*<([\w-]+)")
_FROM = re.compile(rb"""\bfrom=["']([^"']*)["']""")


@dataclasses.dataclass(frozen=True)
class XmppOptions:
    domain: str
    origin: str


async def run(probe: Probe, target: Target, session: Session, deadline: float) -> Answer:
    options: XmppOptions = probe.options
    started = session.loop.time()
    line, facts = await reached(probe, None, target, session, deadline)
    with line:
        data = await asked(line, _opening(options), _is_told, facts, "stream")
        milliseconds = (session.loop.time() - started) * 1000
    stream = _STREAM.search(data)
    if not stream:
        raise not_spoken(data, "XMPP stream", facts)
    origin = _FROM.search(stream[1])
    if origin:
        facts["from"] = origin[1].decode("utf-8", "replace")
    refused = _ERROR.search(data)
    if refused:
        condition = refused[1].decode("ascii", "replace")
        raise Failed(outcomes.BAD_ANSWER, f"it opened a stream and ended it with {condition}", facts)
    return Answer(outcomes.OPEN, milliseconds, "", facts)


def _opening(options: XmppOptions) -> bytes:
    attributes = f"to={quoteattr(options.domain)} from={quoteattr(options.origin)} version='1.0'"
    return (
        "<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:db='jabber:server:dialback' "
        f"xmlns:stream='http://etherx.jabber.org/streams' {attributes}>"
    ).encode()


def _is_told(data: bytes) -> bool:
    """True when a stream has begun, or it is clear that no XML comes."""
    return bool(_STREAM.search(data)) or (bool(data.strip()) and not data.lstrip().startswith(b"<"))


def _options(item: Mapping[str, Any]) -> XmppOptions:
    return XmppOptions(item["domain"], item.get("origin") or "probe.invalid")


XMPP = Protocol(
    outcomes=OUTCOMES - outcomes.CERTIFICATE | {outcomes.SILENT},
    run=run,
    fields={"domain": Field(str, required=True), "origin": Field(str)},
    options=_options,
)
