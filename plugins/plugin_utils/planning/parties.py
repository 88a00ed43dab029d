# SPDX-License-Identifier: GPL-3.0-or-later
"""Who takes part in a flow: named sets of addresses.

A party of a row is `role` or `role:interface`; or one of the parties that are no server: `clients`,
`clients.<product>`, `internet`, `partners`, `partners.<product>`, `network.<kind>`.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import typing as t

from ..topology.model import Cluster, Topology

_EVERYWHERE = "0.0.0.0/0"
OUTSIDERS = ("clients", "internet", "partners", "network")


@dataclasses.dataclass(frozen=True, slots=True)
class Member:
    """A server's address in a set."""

    host: str
    address: str


@dataclasses.dataclass(frozen=True, slots=True)
class EndpointSet:
    """A named set of addresses; `networks` are the networks of the inventory that they lie in."""

    name: str
    members: tuple[Member, ...]
    cidrs: tuple[str, ...]
    networks: tuple[str, ...]


def is_role(party: str) -> bool:
    return party.partition(":")[0].partition(".")[0] not in OUTSIDERS


def split(party: str) -> tuple[str, str]:
    """Role and interface of a party."""
    role, _colon, interface = party.partition(":")
    return role, interface or "internal"


class Parties:
    """The sets of a plan, each made once."""

    def __init__(self, topology: Topology) -> None:
        self._topology = topology
        self.sets: dict[str, EndpointSet] = {}

    def of_clusters(self, party: str, clusters: t.Sequence[Cluster], name: str) -> EndpointSet | None:
        """The members of some clusters that carry the party's role; None when they have no address there."""
        if name not in self.sets:
            role, interface = split(party)
            members = [
                Member(server.name, str(address))
                for cluster in clusters
                for server in cluster.members(role)
                if (address := server.address(interface))
            ]
            if not members:
                return None
            self._add(name, members, ())
        return self.sets[name]

    def of_addresses(self, name: str, members: t.Iterable[Member]) -> EndpointSet:
        """A set of addresses that belong to no role, such as a VIP's or a balancer's own."""
        if name not in self.sets:
            self._add(name, list(members), ())
        return self.sets[name]

    def outsider(self, party: str) -> EndpointSet | None:
        """A party that is no server; None when the inventory has none such."""
        if party not in self.sets:
            kind, _dot, which = party.partition(".")
            if kind == "internet":
                self._add(party, [], [_EVERYWHERE], self._topology.networks.internet())
            elif kind == "partners":
                self._add(party, [], self._partner_cidrs(which), self._topology.networks.internet())
            else:
                networks = self._client_networks(which) if kind == "clients" else self._networks_of_kind(which)
                if not networks:
                    return None
                cidrs = [str(self._topology.estate.networks[network].cidr) for network in networks]
                self._add(party, [], cidrs, networks)
        return self.sets[party]

    def _add(self, name: str, members: list[Member], cidrs: t.Sequence[str], networks: t.Sequence[str] = ()) -> None:
        located = [self._locate(member.address) for member in members]
        self.sets[name] = EndpointSet(
            name, tuple(dict.fromkeys(members)), tuple(cidrs), tuple(dict.fromkeys([*networks, *filter(None, located)]))
        )

    def _locate(self, address: str) -> str:
        return self._topology.networks.locate(ipaddress.IPv4Address(address))

    def _partner_cidrs(self, product: str) -> list[str]:
        """Declared addresses; everywhere as soon as one partner's are not known."""
        partners = [p for p in self._topology.estate.federation.partners if product in ("", p.product)]
        if not partners or any(not partner.addresses for partner in partners):
            return [_EVERYWHERE]
        return [f"{address}/32" for partner in partners for address in partner.addresses]

    def _client_networks(self, product: str) -> tuple[str, ...]:
        populations = self._topology.estate.clients.values()
        chosen = [p.network for p in populations if not product or product in p.products]
        if not populations and not product:
            chosen = list(self._networks_of_kind("clients"))
        return tuple(dict.fromkeys(network for network in chosen if network in self._topology.estate.networks))

    def _networks_of_kind(self, kind: str) -> tuple[str, ...]:
        return tuple(name for name, network in self._topology.estate.networks.items() if network.kind == kind)
