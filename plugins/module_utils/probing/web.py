# SPDX-License-Identifier: GPL-3.0-or-later
"""What a web server answers to one request. Private to the collection."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping
from typing import Any

from ..items import Field
from . import outcomes, tls
from .addresses import family_of
from .model import Answer, Failed, Probe, Protocol, Target
from .session import Session
from .talk import FIELDS, OUTCOMES, asked, not_spoken, reached

_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3}) ?([^\r\n]*)")
_HEADER = re.compile(rb"^(server|location|www-authenticate)[ \t]*:[ \t]*([^\r\n]*)", re.IGNORECASE | re.MULTILINE)
_END = b"\r\n\r\n"
_UNSPEAKABLE = re.compile(r"[\x00-\x20\x7f]")


@dataclasses.dataclass(frozen=True)
class WebOptions:
    path: str
    host: str
    statuses: frozenset[int]
    tls: tls.TlsOptions | None


async def run(probe: Probe, target: Target, session: Session, deadline: float) -> Answer:
    options: WebOptions = probe.options
    started = session.loop.time()
    line, facts = await reached(probe, options.tls, target, session, deadline)
    with line:
        host = options.host or target.host
        question = (
            f"GET {options.path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nUser-Agent: openuc-probe\r\n\r\n"
        )
        data = await asked(line, question.encode(), lambda got: _END in got, facts, "HTTP answer")
        milliseconds = (session.loop.time() - started) * 1000
    status = _STATUS.match(data)
    if not status:
        raise not_spoken(data, "HTTP answer", facts)
    facts["status"] = int(status[1])
    for name, value in _HEADER.findall(data.partition(_END)[0]):
        facts[name.decode().lower().replace("-", "_")] = value.decode("utf-8", "replace")
    if options.statuses and facts["status"] not in options.statuses:
        wanted = ", ".join(str(code) for code in sorted(options.statuses))
        raise Failed(outcomes.WRONG_ANSWER, f"status {facts['status']}; expected {wanted}", facts)
    return Answer(outcomes.OPEN, milliseconds, "", facts)


def _question(options: WebOptions, host: str) -> bytes:
    headers = (f"Host: {host}", "Connection: close", "User-Agent: openuc-probe")
    return "\r\n".join((f"GET {options.path} HTTP/1.1", *headers, "", "")).encode()


def _problems(where: str, item: Mapping[str, Any]) -> Iterable[str]:
    yield from tls.problems(where, item)
    path = item.get("path", "/")
    if not path.startswith("/") or _UNSPEAKABLE.search(path) or not path.isascii():
        yield f"{where}.path: expected a path such as /status, percent-encoded, got {path!r}"
    for code in item.get("statuses", ()):
        if not isinstance(code, int) or not 100 <= code <= 599:
            yield f"{where}.statuses: {code!r} is no HTTP status"


def _options(item: Mapping[str, Any]) -> WebOptions:
    named = item["address"] if family_of(item["address"]) is None else ""
    return WebOptions(
        path=item.get("path", "/"),
        host=item.get("host") or item.get("server_name") or named,
        statuses=frozenset(item.get("statuses", ())),
        tls=None if item.get("transport") == "tcp" else tls.options_of(item),
    )


HTTPS = Protocol(
    outcomes=OUTCOMES | {outcomes.WRONG_ANSWER},
    run=run,
    fields={**FIELDS, "path": Field(str), "host": Field(str), "statuses": Field(list)},
    problems=_problems,
    options=_options,
)
