# SPDX-License-Identifier: GPL-3.0-or-later
"""Who takes part in a flow: named sets of addresses.

A party of a row is `role` or `role:interface`. Several roles or interfaces are joined by `|`: any server with one of
the roles takes part, with the first of the interfaces that it has. Parties that are no server are `clients`,
`clients.<product>`, `internet`, `partners`, `partners.<product>` and `network.<kind>`; products are joined by `|` too.
"""

from __future__ import annotations

import dataclasses
import functools
import ipaddress
import typing as t

from ..topology.inputs.edge import PartnerInput
from ..topology.model import Cluster, Topology

EVERYWHERE: t.Final = "0.0.0.0/0"
OUTSIDERS = ("clients", "internet", "partners", "network")
_CLIENT_KINDS = ("clients", "vpn", "phones")


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


@dataclasses.dataclass(frozen=True, slots=True)
class RoleParty:
    """A party that consists of servers."""

    roles: tuple[str, ...]
    interfaces: tuple[str, ...]


@functools.cache
def is_role(party: str) -> bool:
    return party.partition(":")[0].partition(".")[0] not in OUTSIDERS


@functools.cache
def role_party(party: str) -> RoleParty:
    """Roles and interfaces of a party."""
    roles, _colon, interfaces = party.partition(":")
    return RoleParty(tuple(roles.split("|")), tuple((interfaces or "internal").split("|")))


class Parties:
    """The sets of a plan, each made once."""

    def __init__(self, topology: Topology) -> None:
        self._topology = topology
        self._clusters: dict[tuple[str, ...], tuple[Cluster, ...]] = {}
        self._located: dict[str, str] = {}
        self.sets: dict[str, EndpointSet] = {}

    def clusters(self, party: str) -> tuple[Cluster, ...]:
        """Clusters that carry one of the party's roles, in the inventory's order."""
        roles = role_party(party).roles
        if len(roles) == 1:
            return self._topology.with_role(roles[0])
        if roles not in self._clusters:
            self._clusters[roles] = tuple(
                cluster for cluster in self._topology.clusters.values() if any(cluster.has(role) for role in roles)
            )
        return self._clusters[roles]

    def of_clusters(self, party: str, clusters: t.Sequence[Cluster], name: str) -> EndpointSet | None:
        """The members of some clusters that carry the party's role; None when they have no address there."""
        if name not in self.sets:
            members = [member for cluster in clusters for member in _members(party, cluster)]
            if not members:
                return None
            self._add(name, members)
        return self.sets[name]

    def of_addresses(self, name: str, members: t.Iterable[Member]) -> EndpointSet:
        """A set of addresses that belong to no role, such as a VIP's or a balancer's own."""
        if name not in self.sets:
            self._add(name, list(members))
        return self.sets[name]

    def of_networks(
        self, name: str, members: t.Iterable[Member], cidrs: t.Sequence[str], networks: t.Sequence[str]
    ) -> EndpointSet:
        """A set of addresses and of whole networks."""
        if name not in self.sets:
            self._add(name, list(members), cidrs, networks)
        return self.sets[name]

    def outsider(self, party: str) -> EndpointSet | None:
        """A party that is no server; None when the inventory has none such."""
        if party not in self.sets:
            kind, _dot, which = party.partition(".")
            names = frozenset(filter(None, which.split("|")))
            if kind == "internet":
                self._add(party, [], [EVERYWHERE], self._topology.networks.internet())
            elif kind == "partners":
                cidrs = self._partner_cidrs(names)
                if not cidrs:
                    return None
                self._add(party, [], cidrs, self._topology.networks.internet())
            else:
                networks = self._networks_of_clients(names) if kind == "clients" else self._networks_of_kind(*names)
                if not networks:
                    return None
                cidrs = [str(self._topology.estate.networks[network].cidr) for network in networks]
                self._add(party, [], cidrs, networks)
        return self.sets[party]

    def _add(
        self, name: str, members: list[Member], cidrs: t.Sequence[str] = (), networks: t.Sequence[str] = ()
    ) -> None:
        located = [self.locate(member.address) for member in members]
        self.sets[name] = EndpointSet(
            name, tuple(dict.fromkeys(members)), tuple(cidrs), tuple(dict.fromkeys([*networks, *filter(None, located)]))
        )

    def locate(self, address: str) -> str:
        """Name of the network that an address lies in, or nothing."""
        if address not in self._located:
            self._located[address] = self._topology.networks.locate(ipaddress.IPv4Address(address))
        return self._located[address]

    def _partner_cidrs(self, products: frozenset[str]) -> list[str]:
        """Declared addresses of partners; everywhere as soon as those of some are not known."""
        federation = self._topology.estate.federation

        def chosen(partner: PartnerInput) -> bool:
            return not products or (partner.product or federation.unknown_partners) in products

        partners = [partner for partner in federation.partners if chosen(partner)]
        unknown = federation.discovery and (not products or federation.unknown_partners in products)
        providers = bool(federation.public_im) and not products
        if unknown or providers or any(not partner.addresses for partner in partners):
            return [EVERYWHERE]
        return [f"{address}/32" for partner in partners for address in partner.addresses]

    def _networks_of_clients(self, products: frozenset[str]) -> tuple[str, ...]:
        return self._topology.once(("networks of clients", products), lambda: self._client_networks(products))

    def _client_networks(self, products: frozenset[str]) -> tuple[str, ...]:
        """Networks of the populations that use one of the products; of all clients where none are declared."""
        populations = self._topology.estate.clients.values()
        if not populations:
            return self._networks_of_kind(*_CLIENT_KINDS)
        chosen = [p.network for p in populations if not products or products & set(p.products)]
        return tuple(dict.fromkeys(network for network in chosen if network in self._topology.estate.networks))

    def _networks_of_kind(self, *kinds: str) -> tuple[str, ...]:
        return tuple(name for name, network in self._topology.estate.networks.items() if network.kind in kinds)


def _members(party: str, cluster: Cluster) -> t.Iterator[Member]:
    wanted = role_party(party)
    for role in wanted.roles:
        for server in cluster.members(role):
            address = next((found for name in wanted.interfaces if (found := server.address(name))), None)
            if address:
                yield Member(server.name, str(address))
