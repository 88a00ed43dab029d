# SPDX-License-Identifier: GPL-3.0-or-later
"""Who stands where: the columns of posters, made from the inventory, and which columns a flow's ends are."""

from __future__ import annotations

import dataclasses
import ipaddress
import typing as t

from ...catalogue.facts import ServerTypeFact
from ...planning.flows import Flow
from ...planning.load_balancing import Service
from ...planning.parties import EndpointSet
from ...planning.plan import Plan
from ...topology.model import Cluster, Server, Topology
from .scene import ZONES, Column, Zone

MOST_NAMES: t.Final = 4
_LATEST: t.Final = 1000
INTERNET = "internet"
PARTNERS = "partners"
OUTSIDE: t.Final = (INTERNET, PARTNERS)


@dataclasses.dataclass(frozen=True, slots=True)
class _Place:
    """Where a column stands: by zone, then by what its servers are, then by name."""

    zone: Zone
    rank: int
    column: Column


class Cast:
    """All columns that posters of an estate may have; `coarse` joins servers of a type, for estates of many."""

    def __init__(self, topology: Topology, plan: Plan, *, coarse: bool = False) -> None:
        self._topology = topology
        self._coarse = coarse
        self._sets = {item.name: item for item in plan.sets}
        self._services: dict[str, Service] = {service.id: service for service in plan.services}
        self._types = {fact.id.partition(".")[2]: fact for fact in topology.catalogue.facts(ServerTypeFact)}
        self._order = {name: index for index, name in enumerate(self._types)}
        # What Edge servers hand on to stands next to them.
        self._next_hops = {pool.next_hop for pool in topology.estate.edge_pools.values()}
        self._places: dict[str, _Place] = {}
        self._keys = dict(self._server_keys())
        self._ends: dict[str, tuple[str, ...]] = {}

    def columns(self, keys: t.Iterable[str]) -> tuple[Column, ...]:
        """These columns in the order of a poster, from the Internet inwards."""
        places = sorted(
            (self._places[key] for key in set(keys)),
            key=lambda place: (ZONES.index(place.zone), place.rank, place.column.key),
        )
        return tuple(place.column for place in places)

    def hosts(self) -> t.Iterator[tuple[str, str, str]]:
        """Every host of a known type, with its site and its column."""
        for host, key in self._keys.items():
            yield host, self._topology.servers[host].site, key

    def outside(self) -> tuple[str, ...]:
        """Columns of those outside whom flows come from or go to."""
        kinds = {_kind(endpoints) for endpoints in self._sets.values() if not endpoints.members}
        return tuple(self._outside(kind) for kind in OUTSIDE if kind in kinds)

    def clients(self) -> t.Iterator[tuple[str, str]]:
        """The site of each population of clients, and its column."""
        estate = self._topology.estate
        for group in estate.clients.values():
            yield estate.networks[group.network].site, self._people(group.network)

    def opens(self, flow: Flow) -> tuple[str, ...]:
        """Columns of those who open a flow."""
        return self._of_set(flow.source)

    def listens(self, flow: Flow) -> tuple[str, ...]:
        """Columns of those who listen: behind a virtual address, the servers it is handed on to."""
        service = self._services.get(flow.service) if flow.leg == "to_vip" else None
        if service:
            return self._of_hosts(service.members)
        return self._of_set(flow.destination)

    def _of_set(self, name: str) -> tuple[str, ...]:
        if name not in self._ends:
            self._ends[name] = self._ends_of(self._sets[name])
        return self._ends[name]

    def _ends_of(self, endpoints: EndpointSet) -> tuple[str, ...]:
        if endpoints.members:
            return self._of_hosts(member.host for member in endpoints.members)
        kind = _kind(endpoints)
        if kind in OUTSIDE:
            return (self._outside(kind),)
        return tuple(dict.fromkeys(self._people(network) for network in endpoints.networks))

    def _of_hosts(self, hosts: t.Iterable[str]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self._keys[host] for host in hosts if host in self._keys))

    def _outside(self, kind: str) -> str:
        if kind not in self._places:
            federation = self._topology.estate.federation
            if kind == INTERNET:
                column = Column(kind, "internet", "people", "Internet", ("Remote users", "and other servers"))
            else:
                names = [*(partner.domain for partner in federation.partners), *map(str.upper, federation.public_im)]
                if federation.discovery:
                    names.append("others, found by DNS")
                column = Column(kind, "internet", "outside", "Federated partners", shortened(names))
            self._places[kind] = _Place("internet", 0 if kind == INTERNET else 1, column)
        return kind

    def _people(self, network: str) -> str:
        """Those who sit in a network; all of them are one column in a coarse picture."""
        estate = self._topology.estate
        key = "network:all" if self._coarse else f"network:{network}"
        if key not in self._places:
            zone = self._topology.networks.zone(network) or "internal"
            groups = [f"{name}: {group.count}" if group.count else name for name, group in estate.clients.items()
                      if self._coarse or group.network == network]  # fmt: skip
            title = "Clients" if groups else f"Network {network}"
            column = Column(key, t.cast("Zone", zone), "people", title, shortened(groups))
            self._places[key] = _Place(column.zone, _LATEST, column)
        return key

    def _server_keys(self) -> t.Iterator[tuple[str, str]]:
        groups: dict[str, list[Server]] = {}
        clusters: dict[str, Cluster] = {}
        for cluster in sorted(self._topology.clusters.values(), key=lambda item: item.kind == "web_access"):
            for server in cluster.servers:
                clusters.setdefault(server.name, cluster)
        for server in self._topology.servers.values():
            groups.setdefault(self._key(server, clusters.get(server.name)), []).append(server)
        for key, servers in groups.items():
            self._places[key] = self._place(key, servers, clusters.get(servers[0].name))
            yield from ((server.name, key) for server in servers)

    def _key(self, server: Server, cluster: Cluster | None) -> str:
        zone = self._zone(server)
        if self._coarse:
            return f"{zone}/{server.types[0]}"
        if cluster is None or cluster.kind == "alone":
            return f"{zone}/{server.site}/{'+'.join(server.types)}"
        return f"{zone}/{cluster.name}/{server.types[0]}"

    def _place(self, key: str, servers: t.Sequence[Server], cluster: Cluster | None) -> _Place:
        kind = servers[0].types[0]
        fact = self._types.get(kind)
        title = fact.title if fact else kind
        names = [server.name for server in servers]
        if self._coarse:
            names = names if len(names) == 1 else [_counted(servers)]
        elif cluster and cluster.kind != "alone":
            names = list(dict.fromkeys((cluster.name, *names)))
        plane = "support" if fact and fact.plane != "uc" else "servers"
        zone = self._zone(servers[0])
        column = Column(key, zone, t.cast("t.Any", plane), title, shortened(names))
        first = cluster is not None and cluster.name in self._next_hops
        return _Place(zone, -1 if first else self._order.get(kind, _LATEST - 1), column)

    def _zone(self, server: Server) -> Zone:
        """Where its first address lies."""
        given = server.given.addresses
        for field in dataclasses.fields(given):
            address = getattr(given, field.name)
            if isinstance(address, ipaddress.IPv4Address):
                zone = self._topology.networks.zone(self._topology.networks.locate(address))
                if zone:
                    return t.cast("Zone", zone)
        return "internal"


def _kind(endpoints: EndpointSet) -> str:
    return endpoints.name.partition(".")[0].partition("@")[0]


def _counted(servers: t.Sequence[Server]) -> str:
    sites = len({server.site for server in servers})
    return f"{len(servers)} in {sites} sites" if sites > 1 else f"{len(servers)} servers"


def shortened(names: t.Sequence[str]) -> tuple[str, ...]:
    """As many names as a card has room for."""
    if len(names) <= MOST_NAMES + 1:
        return tuple(names)
    return (*names[:MOST_NAMES], f"and {len(names) - MOST_NAMES} more")
