# SPDX-License-Identifier: GPL-3.0-or-later
"""Real packets through the rules of every example: what flows need passes, and its neighbours do not.

What is to pass is read from the rules of the slice one by one, and not from what is made of them.
"""

from __future__ import annotations

import collections
import ipaddress
import json
import typing as t
from pathlib import Path

import pytest

from tests.support import ROOT

from .box import Box
from .surroundings import Case, Surroundings, surroundings

SLICES = sorted((ROOT / "tests/golden").glob("*/intended/slices/firewall_rules/*.json"))
UNUSED_PORT = 7
# What connections are opened from where a rule says nothing of it; within no range that one does.
USUAL_PORT = 2000
AMONG_MANY = 16
Slice = dict[str, t.Any]


class Attempt(t.NamedTuple):
    """A connection that is tried, whether it is to come about, and the address that the other end is to see then."""

    interface: str
    egress: str
    case: Case
    passes: bool
    seen_as: str


class Attempts:
    """All attempts at one firewall, and where the addresses lie that take part in them."""

    def __init__(self, given: Slice) -> None:
        self.given = given
        self.sets = {item["name"]: item["addresses"] for item in given["sets"]}
        self.places: dict[str, set[str]] = collections.defaultdict(set)
        self.found: list[Attempt] = []
        for rule in given["rules"]:
            if rule["protocol"] in ("tcp", "udp"):
                self._try(rule)
        for way in given["guarded"]:
            self._try_way(way["ingress"], way["egress"])

    def _try(self, rule: Slice) -> None:
        """The first and the last of the rule's sources, destinations and ports, and what lies beside them."""
        ends = [self.sets[rule[end]] for end in ("source", "destination")]
        for source_text, destination_text in sorted({(ends[0][0], ends[1][0]), (ends[0][-1], ends[1][-1])}):
            source, destination = self._host(source_text, rule["ingress"]), self._host(destination_text, rule["egress"])
            source_port, port = (
                _last(rule["source_ports"]) or USUAL_PORT,
                _last((rule["ports"] or [""])[-1]) or UNUSED_PORT,
            )
            for changed in (
                (rule["protocol"], source_port, port),
                ("udp" if rule["protocol"] == "tcp" else "tcp", source_port, port),
                (rule["protocol"], source_port, port + 1),
                (rule["protocol"], source_port + 1, port),
            ):
                self._add(rule["ingress"], rule["egress"], source, destination, *changed)
            # Nobody answers a question that was never asked: the other end opens one itself.
            self._add(rule["egress"], rule["ingress"], destination, source, rule["protocol"], USUAL_PORT, port)

    def _try_way(self, ingress: str, egress: str) -> None:
        """From all who are behind one interface to somebody behind the other, whether a rule leads there or not."""
        protected = set(self.given["protected"])
        for source in sorted(self.places[ingress]):
            strangers = sorted(self.places[egress], key=lambda address: (address not in protected, address))
            for protocol in ("tcp", "udp"):
                self._add(ingress, egress, source, strangers[0], protocol, USUAL_PORT, UNUSED_PORT)

    def guarding(self) -> set[tuple[str, str]]:
        """Guarded ways with a protected address at one of their ends."""
        ways = ((way["ingress"], way["egress"]) for way in self.given["guarded"])
        protected = set(self.given["protected"])
        return {way for way in ways if protected & (self.places[way[0]] | self.places[way[1]])}

    def _host(self, text: str, interface: str) -> str:
        """An address of a set that lies nowhere else: in a network a host of it, of the Internet a strange one."""
        if text == "0.0.0.0/0":
            text = f"198.18.{sorted(self.given['interfaces']).index(interface)}.0/24"
        network = ipaddress.ip_network(text)
        address = str(network[9] if network.num_addresses > AMONG_MANY else network[0])
        others = [name for name, there in self.places.items() if name != interface and address in there]
        assert not others, f"{address} is behind {others} and {interface}"
        self.places[interface].add(address)
        return address

    def _add(
        self, ingress: str, egress: str, source: str, destination: str, protocol: str, source_port: int, port: int
    ) -> None:
        back = ingress == egress
        target = next(
            (
                change["public"]
                for rule, change in self._changes("dnat", destination, back)
                if (rule["ingress"], rule["protocol"]) == (ingress, protocol)
                and any(_within(port, text) for text in rule["ports"])
            ),
            destination,
        )
        seen_as = next(
            (change["public"] for rule, change in self._changes("snat", source, back) if rule["egress"] == egress),
            source,
        )
        passes = self._lets_pass(ingress, egress, source, destination, protocol, source_port, port)
        attempt = Attempt(ingress, egress, (protocol, source, source_port, target, port), passes, seen_as)
        # Behind the same interface nothing but translation leads over the firewall.
        if attempt not in self.found and not (back and target == destination):
            self.found.append(attempt)

    def _changes(self, kind: str, private: str, back: bool) -> t.Iterator[tuple[Slice, Slice]]:
        """Translations of an address, between servers behind one interface or others."""
        for rule in self.given["rules"]:
            for change in rule["nat"]:
                if (change["kind"], change["private"]) == (kind, private) and (
                    rule["ingress"] == rule["egress"]
                ) is back:
                    yield rule, change

    def _lets_pass(
        self, ingress: str, egress: str, source: str, destination: str, protocol: str, source_port: int, port: int
    ) -> bool:
        if self.is_planned(ingress, egress, source, destination, protocol, source_port, port):
            return True
        guarded = {"ingress": ingress, "egress": egress} in self.given["guarded"]
        return not (guarded and {source, destination} & set(self.given["protected"]))

    def is_planned(
        self, ingress: str, egress: str, source: str, destination: str, protocol: str, source_port: int, port: int
    ) -> bool:
        """Whether one of the rules lets it pass."""
        for rule in self.given["rules"]:
            if (
                (rule["ingress"], rule["egress"], rule["protocol"]) == (ingress, egress, protocol)
                and _among(source, self.sets[rule["source"]])
                and _among(destination, self.sets[rule["destination"]])
                and (not rule["ports"] or any(_within(port, text) for text in rule["ports"]))
                and (not rule["source_ports"] or _within(source_port, rule["source_ports"]))
            ):
                return True
        return False


def _last(ports: str) -> int:
    return int(ports.rpartition("-")[2] or 0)


def _within(port: int, ports: str) -> bool:
    first, _dash, last = ports.partition("-")
    return int(first) <= port <= int(last or first)


def _among(address: str, texts: t.Iterable[str]) -> bool:
    return any(ipaddress.ip_address(address) in ipaddress.ip_network(text) for text in texts)


def tried(around: Surroundings, attempts: t.Sequence[Attempt]) -> list[str]:
    """What went otherwise than it should."""
    wrong = []
    for interface in sorted({attempt.interface for attempt in attempts}):
        here = [attempt for attempt in attempts if attempt.interface == interface]
        answers = _answers(around, interface, here, 1.0)
        late = [attempt for attempt in here if attempt.passes and not answers[attempt]]
        # A machine that is busy elsewhere answers, only later.
        answers |= _answers(around, interface, late, 20.0)
        for attempt in here:
            expected = attempt.seen_as if attempt.passes else ""
            if answers[attempt] != expected:
                wrong.append(f"{interface}: {attempt.case}: seen as {answers[attempt]!r}, not {expected!r}")
    return wrong


def _answers(around: Surroundings, interface: str, attempts: t.Sequence[Attempt], seconds: float) -> dict[Attempt, str]:
    told = around.send(interface, [attempt.case for attempt in attempts], seconds) if attempts else []
    return dict(zip(attempts, told, strict=True))


def name_of(path: Path) -> str:
    return f"{path.parts[-5]}-{path.stem}"


@pytest.mark.parametrize("path", SLICES, ids=name_of)
def test_what_flows_need_passes_and_its_neighbours_do_not(path: Path, tmp_path: Path) -> None:
    given: Slice = json.loads(path.read_text())
    attempts = Attempts(given)
    with surroundings(sorted(given["interfaces"])) as around:
        around.place(attempts.places)
        applied = Box(around.firewall, tmp_path).module(**{**given, "enforce": "enforce"})
        assert applied["changed"] is True, applied
        assert tried(around, attempts.found) == []
    outcomes = {(attempt.case[0], attempt.passes) for attempt in attempts.found}
    assert {("tcp", True), ("udp", True), ("tcp", False), ("udp", False)} <= outcomes
    refused = {(attempt.interface, attempt.egress) for attempt in attempts.found if not attempt.passes}
    assert attempts.guarding() <= refused, "on every way of a protected address something is refused"
