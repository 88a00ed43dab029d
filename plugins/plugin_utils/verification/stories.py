# SPDX-License-Identifier: GPL-3.0-or-later
"""What clients and partners do by themselves, as documented: names they ask for, and to whom these must lead."""

from __future__ import annotations

import dataclasses
import typing as t

from ..catalogue.model import Fact
from ..planning.dns import Record
from ..planning.plan import Plan
from ..schema.fields import option
from ..schema.kinds import Ports
from ..topology.model import Topology


@dataclasses.dataclass(frozen=True, slots=True)
class AttemptFact:
    """A name that is asked for, and what is spoken to whom it leads to."""

    name: str = option("Name, with {sip_domain}")
    type: t.Literal["SRV", "A"] = option("Type of record")
    transport: t.Literal["tls", "mtls", "tcp"] = option("How SIP is carried")
    port: Ports = option("Port, for a name that is no service record", default="")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class StoryFact(Fact):
    """A procedure of those who connect by themselves."""

    KIND: t.ClassVar[str] = "stories"

    title: str = option("What happens")
    teller: t.Literal["client", "internet", "partner"] = option("Vantage that can tell it")
    view: t.Literal["internal", "external"] = option("View of DNS that it is asked in")
    attempts: tuple[AttemptFact, ...] = option("Names, in the order in which they are asked for")


@dataclasses.dataclass(frozen=True, slots=True)
class Story:
    """A procedure for one SIP domain. `wanted` are the servers that it may end at, by the plan."""

    id: str
    title: str
    teller: str
    domain: str
    attempts: tuple[dict[str, t.Any], ...]
    records: tuple[Record, ...]
    wanted: tuple[str, ...]
    strict: bool


def stories_of(topology: Topology, plan: Plan) -> t.Iterator[Story]:
    """Every procedure that the plan has a record for: without one, nobody is to find anything."""
    by_name: dict[tuple[str, str, str], list[Record]] = {}
    for record in plan.records:
        by_name.setdefault((record.view, record.name, record.type), []).append(record)
    # Of the estate's own product: clients of a domain do one thing or the other.
    for fact in topology.catalogue.facts(StoryFact):
        for domain in topology.estate.sip_domains:
            attempts = [dict(_attempt(attempt, domain)) for attempt in fact.attempts]
            planned = [by_name.get((fact.view, given["name"], given["type"]), []) for given in attempts]
            first = next((records for records in planned if records and records[0].type == "SRV"), None)
            if first is None:
                continue
            yield Story(
                fact.id,
                fact.title,
                fact.teller,
                domain,
                tuple(attempts),
                tuple(first),
                tuple(dict.fromkeys(host for record in first for host in _targets(record))),
                fact.teller != "client" or not topology.estate.sign_in.strict_naming_disabled,
            )


def _attempt(attempt: AttemptFact, domain: str) -> t.Iterator[tuple[str, t.Any]]:
    yield "name", attempt.name.format(sip_domain=domain)
    yield "type", attempt.type
    yield "transport", attempt.transport
    if attempt.port:
        yield "port", int(attempt.port)


def _targets(record: Record) -> t.Iterator[str]:
    for value in record.values:
        yield value.rsplit(" ", 1)[-1].rstrip(".").lower()
