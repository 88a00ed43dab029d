# SPDX-License-Identifier: GPL-3.0-or-later
"""What a DNS server answers to one question. Private to the collection."""

from __future__ import annotations

import dataclasses
import os
import socket
import struct
from collections.abc import Iterable, Mapping
from typing import Any

from ..items import Field
from . import dns_wire, outcomes
from .addresses import is_address
from .lines import connect, datagrams
from .model import Answer, Failed, Probe, Protocol, Target
from .session import Session
from .udp import exchange, resent

_LONGEST_LABEL = 63
_LONGEST_NAME = 253
_CODES = {
    "NXDOMAIN": outcomes.NXDOMAIN,
    "REFUSED": outcomes.QUERY_REFUSED,
}
_FAMILIES = {"A": socket.AF_INET, "AAAA": socket.AF_INET6}


@dataclasses.dataclass(frozen=True)
class DnsOptions:
    name: str
    type: str
    transport: str = "udp"
    values: frozenset[str] | None = None
    tries: int = 2


async def run(probe: Probe, target: Target, session: Session, deadline: float) -> Answer:
    options: DnsOptions = probe.options
    started = session.loop.time()
    message, detail = await ask(probe, options, target, session, deadline)
    milliseconds = (session.loop.time() - started) * 1000
    found = [record for record in message.records if record.type == options.type]
    values = sorted(record.value for record in found)
    facts: dict[str, Any] = {"code": message.code, "authoritative": message.authoritative, "values": values}
    if found:
        facts["ttl"] = min(record.ttl for record in found)
    aliases = [record.value for record in message.records if record.type == "CNAME" != options.type]
    if aliases:
        facts["aliases"] = aliases
    outcome, meaning = _judge(message, options, values)
    return Answer(outcome, milliseconds, "; ".join(filter(None, (meaning, detail))), facts)


async def ask(
    probe: Probe, options: DnsOptions, target: Target, session: Session, deadline: float
) -> tuple[dns_wire.Message, str]:
    """The answer of a server, over TCP too where it does not fit into a datagram, and a remark on how it came."""
    identifier = int.from_bytes(os.urandom(2), "big")
    question = dns_wire.query(identifier, options.name, options.type)
    remark = ""
    if options.transport == "udp":
        with datagrams(probe, target, session, deadline) as line:
            data, tries = await exchange(line, question, target, options.tries, lambda data: data[:2] == question[:2])
        message = _understood(data, identifier, options)
        if not message.truncated:
            return message, resent(tries)
        remark = "asked again over TCP, since the answer was truncated"
    data = await _over_tcp(probe, question, target, session, deadline)
    return _understood(data, identifier, options), remark


async def _over_tcp(probe: Probe, question: bytes, target: Target, session: Session, deadline: float) -> bytes:
    with await connect(probe, target, session, deadline) as line:
        try:
            await line.send(struct.pack("!H", len(question)) + question)
            (length,) = struct.unpack("!H", await line.receive_exactly(2))
            return await line.receive_exactly(length)
        except TimeoutError:
            raise Failed(outcomes.SILENT, "connected over TCP, and no answer came") from None
        except EOFError:
            raise Failed(outcomes.BAD_ANSWER, "connected over TCP, and closed before the answer ended") from None
        except OSError as error:
            raise Failed(outcomes.BAD_ANSWER, f"connected over TCP, and broken off: {error.strerror}") from None


def _understood(data: bytes, identifier: int, options: DnsOptions) -> dns_wire.Message:
    try:
        message = dns_wire.parse(data)
    except dns_wire.BadMessageError as error:
        raise Failed(outcomes.BAD_ANSWER, f"no message of DNS: {error}") from None
    asked = (dns_wire.canonical(options.name), options.type)
    # Servers may leave the question out of an answer that is only an error.
    if not message.is_answer or message.identifier != identifier or message.question not in (asked, ("", "")):
        raise Failed(outcomes.BAD_ANSWER, "an answer to another question")
    return message


def _judge(message: dns_wire.Message, options: DnsOptions, values: list[str]) -> tuple[str, str]:
    if message.code in _CODES:
        return _CODES[message.code], f"the server answers {message.code}"
    if message.code != "NOERROR":
        return outcomes.SERVFAIL, f"the server answers {message.code}"
    if not values:
        return outcomes.NO_DATA, f"the server has no {options.type} record of this name"
    if options.values is not None and options.values != frozenset(values):
        return outcomes.WRONG_ANSWER, f"expected {', '.join(sorted(options.values))}; got {', '.join(values)}"
    return outcomes.ANSWER, ""


def _problems(where: str, item: Mapping[str, Any]) -> Iterable[str]:
    name = item["name"]
    labels = name.rstrip(".").split(".")
    if not name.isascii():
        yield f"{where}.name: expected ASCII, for other letters their xn-- form, got {name!r}"
    elif len(name.rstrip(".")) > _LONGEST_NAME or not all(0 < len(label) <= _LONGEST_LABEL for label in labels):
        yield f"{where}.name: expected labels of 1 to {_LONGEST_LABEL} characters, {_LONGEST_NAME} in all, got {name!r}"
    kind = item["type"]
    for value in item.get("values", ()):
        if kind in _FAMILIES and not is_address(value, _FAMILIES[kind]):
            yield f"{where}.values: {value!r} is no value of {kind}: expected an address"


def _options(item: Mapping[str, Any]) -> DnsOptions:
    kind = item["type"]
    values = item.get("values")
    return DnsOptions(
        name=item["name"],
        type=kind,
        transport=item.get("transport", "udp"),
        values=None if values is None else frozenset(_comparable(kind, value) for value in values),
        tries=item.get("tries", 2),
    )


def _comparable(kind: str, value: str) -> str:
    """As the server's values are shown: names in lower case and without the last dot, fields one blank apart."""
    if kind == "TXT":
        return value
    family = _FAMILIES.get(kind)
    if family is not None:
        return socket.inet_ntop(family, socket.inet_pton(family, value))
    return dns_wire.canonical(" ".join(value.split()))


DNS = Protocol(
    outcomes=outcomes.LOOKUP,
    run=run,
    fields={
        "name": Field(str, required=True),
        "type": Field(str, required=True, choices=tuple(dns_wire.TYPES)),
        "transport": Field(str, choices=("udp", "tcp")),
        "values": Field(list, elements=str),
        "tries": Field(int),
    },
    problems=_problems,
    options=_options,
    port=dns_wire.DNS_PORT,
)
