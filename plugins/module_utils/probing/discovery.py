# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding a server as clients do: names asked for in an order, and the first that leads to a server is taken. Private.

Every question and every answer is kept, so that one can see where a client would stop.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..items import Field, Fields, problems_of
from . import dns, dns_wire, outcomes, sip, tls
from .model import Answer, Failed, Probe, Protocol, Target
from .session import Session

ATTEMPT: Fields = {
    "name": Field(str, required=True),
    "type": Field(str, required=True, choices=("SRV", "A")),
    "port": Field(int),
    "transport": Field(str, choices=("tls", "mtls", "tcp")),
}


@dataclasses.dataclass(frozen=True)
class Attempt:
    """A name, and how to speak to what it leads to."""

    name: str
    type: str
    port: int
    transport: str


@dataclasses.dataclass(frozen=True)
class DiscoveryOptions:
    attempts: tuple[Attempt, ...]
    domain: str
    strict: bool
    tls: tls.TlsOptions


@dataclasses.dataclass(frozen=True)
class _Place:
    host: str
    port: int


async def run(probe: Probe, target: Target, session: Session, deadline: float) -> Answer:
    walk = _Walk(probe, target, session, deadline)
    started = session.loop.time()
    for attempt in probe.options.attempts:
        place = await walk.follow(attempt)
        if place:
            milliseconds = (session.loop.time() - started) * 1000
            facts = {"steps": walk.steps, "target": place.host, "port": place.port}
            return Answer(outcomes.OPEN, milliseconds, f"found {place.host}:{place.port} by {attempt.name}", facts)
    outcome, detail = walk.broken or (outcomes.NXDOMAIN, "none of the names leads anywhere")
    raise Failed(outcome, detail, {"steps": walk.steps})


class _Walk:
    """One client's search."""

    def __init__(self, probe: Probe, server: Target, session: Session, deadline: float) -> None:
        self._probe = probe
        self._server = server
        self._session = session
        self._deadline = deadline
        self._options: DiscoveryOptions = probe.options
        self.steps: list[dict[str, str]] = []
        self.broken: tuple[str, str] | None = None  # the first thing that went wrong behind a name that is there

    async def follow(self, attempt: Attempt) -> _Place | None:
        """Where an attempt leads; None when it leads nowhere."""
        if attempt.type == "A":
            return await self._reach(attempt, _Place(attempt.name, attempt.port))
        for place in _by_preference(await self._ask(attempt.name, "SRV")):
            if self._options.strict and not _is_within(place.host, self._options.domain):
                words = f"{place.host} is not in {self._options.domain}: a client does not trust that"
                self._note(f"trust {place.host} for {self._options.domain}", words)
                self._break(outcomes.WRONG_ANSWER, words)
            elif await self._reach(attempt, place):
                return place
        return None

    async def _reach(self, attempt: Attempt, place: _Place) -> _Place | None:
        addresses = await self._ask(place.host, "A")
        if not addresses:
            if attempt.type == "SRV":
                self._break(outcomes.NXDOMAIN, f"{attempt.name} leads to {place.host}, which has no address")
            return None
        for address in addresses:
            if await self._speak(attempt, place, address):
                return place
        return None

    async def _ask(self, name: str, kind: str) -> list[str]:
        question = f"{kind} {name}"
        try:
            options = dns.DnsOptions(name, kind)
            message, _remark = await dns.ask(self._probe, options, self._server, self._session, self._deadline)
        except Failed as failed:
            self._note(question, f"{failed.answer.outcome}: {failed.answer.detail}")
            self._break(failed.answer.outcome, f"{question}: {failed.answer.detail}")
            return []
        values = [record.value for record in message.records if record.type == kind]
        self._note(question, "; ".join(values) or (message.code if message.code != "NOERROR" else "no such record"))
        return values

    async def _speak(self, attempt: Attempt, place: _Place, address: str) -> bool:
        target = Target.of(address, place.port)
        # A client checks the name that it looked up.
        security = dataclasses.replace(self._options.tls, server_name=self._options.tls.server_name or place.host)
        question = f"SIP/{attempt.transport.upper()} {place.host}:{place.port} ({address})"
        try:
            if attempt.transport == "mtls":
                await self._shake_hands(security, target)
                answer = "TLS is agreed on"
            else:
                asked = sip.SipOptions(self._options.domain, None if attempt.transport == "tcp" else security)
                probe = dataclasses.replace(self._probe, options=asked)
                seen = await sip.run(probe, target, self._session, self._deadline)
                answer = f"{seen.facts['status']} {seen.facts['reason']}".strip()
        except Failed as failed:
            self._note(question, f"{failed.answer.outcome}: {failed.answer.detail}")
            self._break(failed.answer.outcome, f"{place.host}:{place.port}: {failed.answer.detail}")
            return False
        self._note(question, answer)
        return True

    async def _shake_hands(self, security: tls.TlsOptions, target: Target) -> None:
        """Where both sides show certificates, being asked for one shows that the server is there and content so far."""
        try:
            line, _facts = await tls.secured(self._probe, security, target, self._session, self._deadline)
        except Failed as failed:
            if "client certificate" in failed.answer.detail:
                return
            raise
        line.sock.close()

    def _note(self, question: str, answer: str) -> None:
        self.steps.append({"asked": question, "answered": answer})

    def _break(self, outcome: str, detail: str) -> None:
        self.broken = self.broken or (outcome, detail)


def _by_preference(values: Iterable[str]) -> Iterator[_Place]:
    """Lowest priority first, then highest weight; a lone dot says that there is no such service."""
    fields = [value.split(" ", 3) for value in values]
    fields.sort(key=lambda record: (int(record[0]), -int(record[1]), record[3]))
    for _priority, _weight, port, host in fields:
        if host.strip("."):
            yield _Place(host.rstrip("."), int(port))


def _is_within(host: str, domain: str) -> bool:
    name, whole = dns_wire.canonical(host), dns_wire.canonical(domain)
    return name == whole or name.endswith(f".{whole}")


def _problems(where: str, item: Mapping[str, Any]) -> Iterable[str]:
    yield from tls.problems(where, item)
    found = problems_of(f"{where}.attempts", item["attempts"], ATTEMPT)
    yield from found
    if not found:
        for index, attempt in enumerate(item["attempts"]):
            if attempt["type"] == "A" and "port" not in attempt:
                yield f"{where}.attempts[{index}].port: is missing; only SRV records hold ports"
    if not item["attempts"]:
        yield f"{where}.attempts: is empty; name at least one name to ask for"


def _options(item: Mapping[str, Any]) -> DiscoveryOptions:
    attempts = tuple(
        Attempt(given["name"], given["type"], given.get("port", 0), given.get("transport", "tls"))
        for given in item["attempts"]
    )
    # The probe's address is that of the DNS server, whose name has nothing to do with certificates.
    security = dataclasses.replace(tls.options_of(item), server_name=item.get("server_name"))
    return DiscoveryOptions(attempts, item["domain"], item.get("strict", True), security)


DISCOVERY = Protocol(
    outcomes=outcomes.LOOKUP | outcomes.CONNECTING | outcomes.CERTIFICATE,
    run=run,
    fields={
        **tls.FIELDS,
        "attempts": Field(list, required=True),
        "domain": Field(str, required=True),
        "strict": Field(bool),
    },
    problems=_problems,
    options=_options,
    port=dns_wire.DNS_PORT,
)
