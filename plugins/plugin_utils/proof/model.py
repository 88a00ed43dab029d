# SPDX-License-Identifier: GPL-3.0-or-later
"""What a proof says: what was shown, of what, and each thing that does not hold with a packet that shows it."""

from __future__ import annotations

import dataclasses
import typing as t

Claim = t.Literal["passes", "nothing_else", "translated", "no_broadcast", "needed", "not_covered", "way"]

CLAIMS: t.Final[t.Mapping[Claim, str]] = {
    "passes": "Every required flow is let through by every firewall on its way",
    "way": "The firewalls that a flow is planned through are those that lie on its way",
    "nothing_else": "Nothing else is let through to or from a protected address",
    "translated": "Addresses are translated just where, and to what, the flows need it",
    "no_broadcast": "No rule towards the inside lets through broadcasts or multicasts",
    "needed": "Every rule, and all of it, is needed by a flow",
    "not_covered": "No rule is covered by others",
}


@dataclasses.dataclass(frozen=True, slots=True)
class Packet:
    """A packet as a filter sees it: with private addresses where they are translated."""

    protocol: str
    source: str
    source_host: str
    source_port: int
    destination: str
    destination_host: str
    port: int

    def __str__(self) -> str:
        source, destination = (
            f"{host} ({address})" if host else address
            for host, address in ((self.source_host, self.source), (self.destination_host, self.destination))
        )
        if not self.has_ports:
            return f"{self.protocol} from {source} to {destination}"
        return f"{self.protocol} from {source} port {self.source_port} to {destination} port {self.port}"

    @property
    def has_ports(self) -> bool:
        return self.protocol in ("tcp", "udp")


@dataclasses.dataclass(frozen=True, slots=True)
class CounterExample:
    """A packet that shows that a claim does not hold, and whose doing it is."""

    claim: Claim
    firewall: str
    ingress: str
    egress: str
    rule: str
    flow: str
    packet: Packet | None
    reason: str
    why: tuple[str, ...] = ()

    def __str__(self) -> str:
        way = f" {self.ingress} → {self.egress}" if self.ingress else ""
        packet = f" {self.packet}:" if self.packet else ""
        return f"{self.firewall}{way}:{packet} {self.reason}"


@dataclasses.dataclass(frozen=True, slots=True)
class ProvenFirewall:
    """How much was compared at a firewall."""

    firewall: str
    enforce: str
    rules: int
    flows: int
    protected: int
    broken: int


@dataclasses.dataclass(frozen=True, slots=True)
class Proof:
    """The outcome: it holds when nothing was found that contradicts a claim."""

    holds: bool
    firewalls: tuple[ProvenFirewall, ...]
    flows: int
    crossing: int
    counter_examples: tuple[CounterExample, ...]
