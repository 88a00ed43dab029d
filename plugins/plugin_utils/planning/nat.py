# SPDX-License-Identifier: GPL-3.0-or-later
"""Address translation that firewalls do for flows between the Internet and a server behind them."""

from __future__ import annotations

import dataclasses
import typing as t

from ..catalogue.model import Fact
from ..schema.fields import option
from ..topology.inputs.network import Address
from ..topology.model import Cluster, Server, Topology
from ..topology.names import edge_endpoint
from ..topology.network_map import Crossing, Way
from .parties import EndpointSet, Member


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class TranslatedAddressFact(Fact):
    """An address that a firewall may translate: inwards its destination, outwards its source, one to one."""

    KIND: t.ClassVar[str] = "nat"

    role: str = option("Role that has the address")
    interface: str = option("Interface that has it")


@dataclasses.dataclass(frozen=True, slots=True)
class Translation:
    """What a firewall does to the addresses of a flow."""

    firewall: str
    kind: t.Literal["dnat", "snat"]
    public: str
    private: str


class Nat:
    """The translated addresses of an inventory."""

    def __init__(self, topology: Topology) -> None:
        self._networks = topology.networks
        self._public: dict[str, tuple[str, str]] = {}
        for product, catalogue in topology.catalogues.items():
            for fact in catalogue.facts(TranslatedAddressFact):
                for cluster in topology.with_role(fact.role):
                    if cluster.product == product:
                        self._learn(fact, cluster)

    def _learn(self, fact: TranslatedAddressFact, cluster: Cluster) -> None:
        for private, public in _pairs(fact, cluster):
            if public and private and public != private:
                self._public.setdefault(str(private), (str(public), fact.id))

    def of(
        self, source: EndpointSet, destination: EndpointSet, crossings: Way
    ) -> tuple[tuple[Translation, ...], tuple[str, ...]]:
        """Translations of a flow, and the rows that allow them; only firewalls that face the Internet translate."""
        if not self._public or not crossings:
            return (), ()
        found: dict[Translation, None] = {}
        rows: dict[str, None] = {}
        for crossing in crossings:
            inwards = self._networks.zone_of_interface(crossing.firewall, crossing.ingress) == "internet"
            outwards = self._networks.zone_of_interface(crossing.firewall, crossing.egress) == "internet"
            if inwards:
                self._translate(crossing, "dnat", destination.members, found, rows)
            if outwards:
                self._translate(crossing, "snat", source.members, found, rows)
        return tuple(found), tuple(rows)

    def _translate(
        self,
        crossing: Crossing,
        kind: t.Literal["dnat", "snat"],
        members: t.Sequence[Member],
        found: dict[Translation, None],
        rows: dict[str, None],
    ) -> None:
        for member in members:
            public, row = self._public.get(member.address, ("", ""))
            if public:
                found[Translation(crossing.firewall, kind, public, member.address)] = None
                rows[row] = None

    def translated(self, endpoints: EndpointSet) -> bool:
        """True when each address of the set is translated."""
        return bool(endpoints.members) and all(member.address in self._public for member in endpoints.members)

    def hairpin(
        self, source: EndpointSet, destination: EndpointSet
    ) -> tuple[Way, tuple[Translation, ...], tuple[str, ...]]:
        """The way out to a firewall and in again, between servers that know one another by their public addresses."""
        crossings: dict[Crossing, None] = {}
        found: dict[Translation, None] = {}
        rows: dict[str, None] = {}
        for crossing in self._networks.between(source.networks, self._networks.internet()):
            if self._networks.zone_of_interface(crossing.firewall, crossing.egress) == "internet":
                back = Crossing(crossing.firewall, crossing.ingress, crossing.ingress)
                crossings[back] = None
                self._translate(back, "dnat", destination.members, found, rows)
                self._translate(back, "snat", source.members, found, rows)
        return tuple(crossings), tuple(found), tuple(rows)


def _pairs(fact: TranslatedAddressFact, cluster: Cluster) -> t.Iterator[tuple[Address | None, Address | None]]:
    """Private and public address of each member, and of a VIP in front of them."""
    if cluster.edge:
        if not cluster.edge.nat.get(fact.interface, True):
            return
        endpoint = edge_endpoint(cluster, "external", fact.interface)
        if endpoint.vip:
            yield endpoint.vip, endpoint.public
        elif len(cluster.servers) == 1:
            yield cluster.servers[0].address(fact.interface), endpoint.public
    for server in cluster.members(fact.role):
        yield server.address(fact.interface), _public(server, fact.interface)


def _public(server: Server, interface: str) -> Address | None:
    return server.given.public.get(interface)
