# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a check failed: what the plan says is involved, and which of the known ways to fail fits what was seen.

The known ways are rows of the catalogue. Each names the signs by which it is known; signs are observations on one
failed check beside all others, such as *its members answer, its virtual address does not*.
"""

from __future__ import annotations

import collections
import dataclasses
import typing as t

from ...module_utils.probing import outcomes
from ..catalogue.model import Fact
from ..planning.plan import Plan, items_of
from ..schema.fields import option
from ..topology.model import Topology
from .differences import ON_THE_WIRE
from .rules import STOPS
from .verdicts import Verdict

Sign = t.Literal[
    "flow",
    "closed",
    "name",
    "certificate",
    "story",
    "mark",
    "member",
    "comparison",
    "proof",
    "cleared",
    "remarked",
    "not_set",
    "on_the_wire",
    "unused",
    "stopped",
    "let_through",
    "elsewhere",
    "out_of_domain",
    "filtered",
    "refused",
    "unreachable",
    "passed_through",
    "not_tls",
    "wrong_name",
    "untrusted",
    "expired",
    "not_yet_valid",
    "no_such_name",
    "other_values",
    "values_of_other_view",
    "dns_silent",
    "crosses_firewall",
    "translated",
    "inside",
    "to_virtual_address",
    "members_answer",
    "members_silent",
    "host_silent",
    "host_answers",
    "others_reach_it",
    "nobody_reaches_it",
    "health_check",
    "slow",
]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FailureFact(Fact):
    """A known way to fail: all of its signs must be seen. Of several that fit, the one with the most signs is told."""

    KIND: t.ClassVar[str] = "failures"

    title: str = option("What is wrong, in a few words")
    signs: tuple[Sign, ...] = option("What is seen, all of which must be")
    cause: str = option("What it comes from, with {host}, {address}, {port}, {firewalls}, {balancer} and the like")
    remedy: str = option("What to look at or do, with the same placeholders")


@dataclasses.dataclass(frozen=True, slots=True)
class Diagnosis:
    """The likely cause of failed checks that have it in common: the same way to fail, at the same host."""

    id: str
    title: str
    host: str
    causes: tuple[str, ...]
    remedies: tuple[str, ...]
    checks: tuple[str, ...]  # vantage and id of each
    items: tuple[str, ...]
    why: tuple[str, ...]

    @property
    def cause(self) -> str:
        """In a line: the first, and how many more there are."""
        more = len(self.causes) - 1
        return f"{self.causes[0]} And {more} more like this." if more else self.causes[0]

    @property
    def remedy(self) -> str:
        return self.remedies[0]


@dataclasses.dataclass(frozen=True, slots=True)
class _Told:
    """What is said of one failed check."""

    verdict: Verdict
    fact: FailureFact | None
    cause: str
    remedy: str


_BY_OUTCOME: t.Final[t.Mapping[str, tuple[Sign, ...]]] = {
    outcomes.FILTERED: ("filtered",),
    outcomes.NO_ANSWER: ("filtered",),
    outcomes.UNREACHABLE: ("unreachable",),
    outcomes.REFUSED: ("refused",),
    outcomes.TLS_FAILED: ("not_tls",),
    outcomes.BAD_ANSWER: ("not_tls",),
    outcomes.SILENT: ("not_tls",),
    outcomes.WRONG_NAME: ("wrong_name",),
    outcomes.UNTRUSTED: ("untrusted",),
    outcomes.EXPIRED: ("expired",),
    outcomes.NOT_YET_VALID: ("not_yet_valid",),
    outcomes.NXDOMAIN: ("no_such_name",),
    outcomes.NO_DATA: ("no_such_name",),
    outcomes.WRONG_ANSWER: ("other_values",),
    outcomes.SLOW: ("slow",),
}


class Diagnostician:
    """Knows the plan and all verdicts, and tells of each failed one what it comes from."""

    def __init__(self, topology: Topology, plan: Plan, verdicts: t.Sequence[Verdict]) -> None:
        self._topology = topology
        self._plan = plan
        self._verdicts = verdicts
        self._flows = {flow.id: flow for flow in plan.flows}
        self._services = {service.id: service for service in plan.services}
        self._records = {record.id: record for record in plan.records}
        self._items = {item.id: item for item in items_of(plan)}
        self._facts = sorted(topology.catalogue.facts(FailureFact), key=lambda fact: -len(fact.signs))
        self._at_place: dict[tuple[str, int, str], list[Verdict]] = collections.defaultdict(list)
        self._at_host: dict[str, list[Verdict]] = collections.defaultdict(list)
        for verdict in verdicts:
            if verdict.kind in ("flow", "closed"):
                self._at_place[verdict.place].append(verdict)
                self._at_host[verdict.host].append(verdict)
        self._differences: dict[str, list[str]] = collections.defaultdict(list)
        for verdict in verdicts:
            if verdict.kind == "comparison" and verdict.status == "failed" and verdict.outcome != ON_THE_WIRE:
                self._differences[verdict.host].append(verdict.detail)
        self._stopped: dict[str, list[str]] = collections.defaultdict(list)
        for verdict in verdicts:
            if verdict.kind == "proof" and verdict.outcome in STOPS:
                for item in verdict.items:
                    self._stopped[item].append(verdict.detail)
        self._owners = {
            str(getattr(server.given.addresses, name)): server.name
            for server in topology.servers.values()
            for name in server.given.addresses.given()
        }

    def diagnoses(self) -> tuple[Diagnosis, ...]:
        """What is wrong, the most common cause first."""
        found: dict[tuple[str, str], list[_Told]] = {}
        for verdict in self._verdicts:
            if verdict.status == "failed":
                told = self._told(verdict)
                found.setdefault((told.fact.id if told.fact else "", verdict.host), []).append(told)
        ordered = sorted(found.items(), key=lambda pair: (-len(pair[1]), pair[0]))
        return tuple(_diagnosis(host, group) for (_row, host), group in ordered)

    def signs(self, verdict: Verdict) -> frozenset[Sign]:
        """Everything that is seen of a failed check."""
        return frozenset(self._signs(verdict))

    def _told(self, verdict: Verdict) -> _Told:
        signs = self.signs(verdict)
        fact = next((fact for fact in self._facts if signs >= set(fact.signs)), None)
        words = self._words(verdict)
        if fact:
            cause = f"{fact.cause.format_map(words)}{self._live(verdict)}"
            return _Told(verdict, fact, cause, fact.remedy.format_map(words))
        place = f"{verdict.host} {verdict.address}:{verdict.port}"
        return _Told(verdict, None, f"{place}: {verdict.outcome}. {verdict.detail}".strip(), "")

    def _live(self, verdict: Verdict) -> str:
        """What differs live on whatever lies on the way; nothing where all there is as planned."""
        if verdict.kind in ("comparison", "proof"):
            return ""
        flows = [self._flows[item] for item in verdict.items if item in self._flows]
        stopped = [words for flow in flows for words in self._stopped.get(flow.id, ())]
        if stopped:
            return f" Its live rules prove it: {stopped[0]}."
        involved = [crossing.firewall for flow in flows for crossing in flow.crossings]
        involved += [self._services[flow.service].balancer for flow in flows if flow.service in self._services]
        told = []
        for host in dict.fromkeys((*involved, verdict.host)):
            found = self._differences.get(host)
            if found:
                more = f", and {len(found) - 1} more" if len(found) > 1 else ""
                told.append(f" On {host} live differs from the plan: {found[0]}{more}.")
        return "".join(told)

    # --- signs --------------------------------------------------------------------------------------------------------

    def _signs(self, verdict: Verdict) -> t.Iterator[Sign]:
        yield verdict.kind
        if verdict.kind == "closed":
            yield "passed_through"
            return
        if verdict.kind == "name":
            yield from self._name_signs(verdict)
            return
        if verdict.kind == "mark":
            changes = verdict.facts.get("changes") or ()
            yield "not_set" if not changes else "remarked" if changes[-1]["after"] else "cleared"
            return
        if verdict.kind == "member":
            if verdict.outcome == "unused":
                yield "unused"
            return
        if verdict.kind == "comparison":
            if verdict.outcome == ON_THE_WIRE:
                yield "on_the_wire"
            return
        if verdict.kind == "proof":
            yield "stopped" if verdict.outcome in STOPS else "let_through"
            return
        if verdict.kind == "story":
            yield from _story_signs(verdict)
            return
        yield from _BY_OUTCOME.get(verdict.outcome, ())
        yield from self._way_signs(verdict)
        yield from self._place_signs(verdict)

    def _name_signs(self, verdict: Verdict) -> t.Iterator[Sign]:
        if verdict.outcome in (outcomes.NO_ANSWER, outcomes.FILTERED, outcomes.REFUSED, outcomes.UNREACHABLE):
            yield "dns_silent"
            return
        yield from _BY_OUTCOME.get(verdict.outcome, ())
        seen = {str(value).rstrip(".") for value in verdict.facts.get("values") or ()}
        for item in verdict.items:
            record = self._records[item]
            for other in self._plan.records:
                same = (other.name, other.type) == (record.name, record.type) and other.view != record.view
                if same and seen and seen == {value.rstrip(".") for value in other.values}:
                    yield "values_of_other_view"

    def _way_signs(self, verdict: Verdict) -> t.Iterator[Sign]:
        flows = [self._flows[item] for item in verdict.items if item in self._flows]
        if any(flow.crossings for flow in flows):
            yield "crosses_firewall"
        elif flows:
            yield "inside"
        if any(flow.nat for flow in flows):
            yield "translated"
        if any(flow.leg == "health_check" for flow in flows):
            yield "health_check"
        for service in {flow.service for flow in flows if flow.leg == "to_vip"}:
            yield "to_virtual_address"
            answers = self._members(service)
            if answers:
                yield "members_answer" if any(answers) else "members_silent"

    def _members(self, service: str) -> list[bool]:
        """Of the members of a balanced service, which answer to those who knock at them directly."""
        planned = self._services.get(service)
        if planned is None:
            return []
        addresses = set(planned.addresses)
        return [
            verdict.status == "passed"
            for verdict in self._verdicts
            if verdict.kind == "flow" and verdict.address in addresses and verdict.port == int(planned.member_port)
            if verdict.status != "unknown"
        ]

    def _place_signs(self, verdict: Verdict) -> t.Iterator[Sign]:
        there = [other for other in self._at_place[verdict.place] if other is not verdict and other.kind == "flow"]
        if any(_answered(other) for other in there):
            yield "others_reach_it"
        elif there:
            yield "nobody_reaches_it"
        at_host = [other for other in self._at_host[verdict.host] if other.kind == "flow"]
        yield "host_answers" if any(_answered(other) for other in at_host) else "host_silent"

    # --- words --------------------------------------------------------------------------------------------------------

    def _words(self, verdict: Verdict) -> t.Mapping[str, str]:
        flows = [self._flows[item] for item in verdict.items if item in self._flows]
        crossings = dict.fromkeys(
            f"{crossing.firewall} ({crossing.ingress} to {crossing.egress})"
            for flow in flows
            for crossing in flow.crossings
        )
        services = [self._services[flow.service] for flow in flows if flow.service in self._services]
        services += [self._services[item] for item in verdict.items if item in self._services]
        record = next((self._records[item] for item in verdict.items if item in self._records), None)
        certificate = verdict.facts.get("certificate") or {}
        names = [str(name) for name in verdict.expected.get("names") or ()]
        shown = {str(name).lower() for name in certificate.get("sans") or ()}
        return {
            "vantage": verdict.vantage,
            "source": verdict.source,
            "host": verdict.host,
            "address": verdict.address,
            "port": str(verdict.port),
            "protocol": verdict.place[2].upper(),
            "outcome": verdict.outcome,
            "detail": verdict.detail,
            "seen_as": str(verdict.facts.get("mapped") or "").rpartition(":")[0],
            "firewalls": " and ".join(crossings) or "no firewall",
            "flow": flows[0].id if flows else "",
            "purpose": flows[0].purpose if flows else "",
            "balancer": services[0].balancer if services else "",
            "members": ", ".join(services[0].members) if services else "",
            "check_port": services[0].check_port if services else "",
            "certificate": next((item for item in verdict.items), ""),
            "issuer": str(certificate.get("issuer") or ""),
            "lacking": ", ".join(name for name in names if name.lower() not in shown),
            "not_after": str(certificate.get("not_after") or ""),
            "title": str(verdict.expected.get("title") or ""),
            "mechanism": verdict.protocol,
            "changer": self._changer(verdict),
            "sent": str(verdict.facts.get("sent")),
            "arrived": str(next((change["after"] for change in reversed(verdict.facts.get("changes") or ())), "")),
            "expected": str(verdict.facts.get("expected")),
            "wanted": ", ".join(verdict.expected.get("wanted") or ()),
            "target": str(verdict.facts.get("target") or ""),
            "name": record.name if record else "",
            "type": record.type if record else "",
            "view": record.view if record else "",
            "planned": ", ".join(value.removesuffix(".") for value in record.values) if record else "",
            "seen": ", ".join(str(value) for value in verdict.facts.get("values") or ()),
        }

    def _changer(self, verdict: Verdict) -> str:
        """Whoever left a mark as it came to the other end."""
        last = next(reversed(verdict.facts.get("changes") or ()), None)
        if last is None:
            return ""
        silent = f", or one of {last['silent']} silent hops behind it," if last.get("silent") else ""
        return f"{self._owners.get(str(last['address']), last['address']) or verdict.vantage}{silent}"


def _story_signs(verdict: Verdict) -> t.Iterator[Sign]:
    if verdict.outcome == outcomes.OPEN:
        yield "elsewhere"
    elif verdict.outcome == outcomes.WRONG_ANSWER:
        yield "out_of_domain"
    else:
        yield from _BY_OUTCOME.get(verdict.outcome, ())


def _diagnosis(host: str, group: t.Sequence[_Told]) -> Diagnosis:
    fact = group[0].fact
    verdicts = [told.verdict for told in group]
    rows = dict.fromkeys(name for verdict in verdicts for name in verdict.why)
    return Diagnosis(
        fact.id if fact else "failure.unknown",
        fact.title if fact else "Not as expected",
        host,
        tuple(dict.fromkeys(told.cause for told in group)),
        tuple(dict.fromkeys(told.remedy for told in group)),
        tuple(f"{verdict.vantage} {verdict.id}" for verdict in verdicts),
        tuple(dict.fromkeys(item for verdict in verdicts for item in verdict.items)),
        (*((fact.id,) if fact else ()), *rows),
    )


def _answered(verdict: Verdict) -> bool:
    """True when something came back from where it knocked, of whatever kind."""
    return verdict.outcome in outcomes.PASSED
