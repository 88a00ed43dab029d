# SPDX-License-Identifier: GPL-3.0-or-later
"""What a SIP server says to OPTIONS (RFC 3261). Any final or provisional answer shows that one is there. Private."""

from __future__ import annotations

import dataclasses
import re
import secrets
from collections.abc import Mapping
from typing import Any

from ..items import Field
from . import outcomes, tls
from .model import Answer, Probe, Protocol, Target
from .session import Session
from .talk import FIELDS, OUTCOMES, asked, not_spoken, reached

_STATUS = re.compile(rb"SIP/2\.0 (\d{3}) ?([^\r\n]*)")
_SERVER = re.compile(rb"^(?:server|user-agent)[ \t]*:[ \t]*([^\r\n]*)", re.IGNORECASE | re.MULTILINE)
_END = b"\r\n\r\n"


@dataclasses.dataclass(frozen=True)
class SipOptions:
    domain: str
    tls: tls.TlsOptions | None


async def run(probe: Probe, target: Target, session: Session, deadline: float) -> Answer:
    options: SipOptions = probe.options
    started = session.loop.time()
    line, facts = await reached(probe, options.tls, target, session, deadline)
    with line:
        data = await asked(
            line, _question(options, line.sock.getsockname()), lambda got: _END in got, facts, "SIP answer"
        )
        milliseconds = (session.loop.time() - started) * 1000
    status = _STATUS.match(data)
    if not status:
        raise not_spoken(data, "SIP answer", facts)
    server = _SERVER.search(data)
    facts["status"] = int(status[1])
    facts["reason"] = status[2].decode("utf-8", "replace")
    if server:
        facts["server"] = server[1].decode("utf-8", "replace").strip()
    return Answer(outcomes.OPEN, milliseconds, "", facts)


def _question(options: SipOptions, source: tuple[Any, ...]) -> bytes:
    host = f"[{source[0]}]" if ":" in source[0] else source[0]
    transport = "TLS" if options.tls else "TCP"
    tag = secrets.token_hex(6)
    lines = (
        f"OPTIONS sip:{options.domain} SIP/2.0",
        f"Via: SIP/2.0/{transport} {host}:{source[1]};branch=z9hG4bK{tag}",
        "Max-Forwards: 70",
        f"From: <sip:probe@{options.domain}>;tag={tag};epid={tag[:10]}",
        f"To: <sip:{options.domain}>",
        f"Call-ID: {secrets.token_hex(12)}",
        "CSeq: 1 OPTIONS",
        "Content-Length: 0",
    )
    return "\r\n".join((*lines, "", "")).encode()


def _options(item: Mapping[str, Any]) -> SipOptions:
    return SipOptions(item["domain"], None if item.get("transport") == "tcp" else tls.options_of(item))


SIP = Protocol(
    outcomes=OUTCOMES,
    run=run,
    fields={**FIELDS, "domain": Field(str, required=True)},
    problems=tls.problems,
    options=_options,
)
