# SPDX-License-Identifier: GPL-3.0-or-later
"""How clusters belong together: who hands on to whom, who serves whom.

Rows name a relation in `via`; it is walked from a cluster to others. `~` before a name walks it the other way.
"""

from __future__ import annotations

import typing as t

from ..catalogue.model import CatalogueError
from .clusters import only
from .model import Cluster, Topology

Relation = t.Callable[[Topology, Cluster], t.Iterable[str]]


def related(topology: Topology, cluster: Cluster, relation: str, role: str) -> tuple[Cluster, ...]:
    """Clusters with the role that the relation leads to from `cluster`."""
    if relation == "any":
        return topology.with_role(role)
    return walks(topology).related(cluster, relation, (role,))


def walks(topology: Topology) -> Walks:
    """The walks of a topology, shared by all who ask."""
    return topology.once("walks", lambda: Walks(topology))


class Walks:
    """Relations of one topology, each walked backwards only once."""

    def __init__(self, topology: Topology) -> None:
        self._topology = topology
        self._backwards: dict[str, dict[str, list[Cluster]]] = {}
        self._by_site: dict[str, list[Cluster]] = {}

    def _at(self, site: str) -> t.Sequence[Cluster]:
        if not self._by_site:
            for cluster in self._topology.clusters.values():
                self._by_site.setdefault(cluster.site, []).append(cluster)
        return self._by_site.get(site, ())

    def related(self, cluster: Cluster, relation: str, roles: t.Sequence[str]) -> tuple[Cluster, ...]:
        """Clusters with one of the roles that the relation leads to."""
        if relation == "same":
            found: t.Iterable[Cluster] = (cluster,)
        elif relation == "other":
            found = (other for other in self._topology.clusters.values() if other is not cluster)
        elif relation == "site":
            found = self._at(cluster.site)
        elif relation.startswith("~"):
            found = self._leading_to(relation[1:]).get(cluster.name, ())
        else:
            names = dict.fromkeys(_relation(relation)(self._topology, cluster))
            found = (self._topology.clusters[name] for name in names if name in self._topology.clusters)
        return tuple(other for other in found if any(other.has(role) for role in roles))

    def _leading_to(self, relation: str) -> dict[str, list[Cluster]]:
        if relation not in self._backwards:
            walk = _relation(relation)
            found: dict[str, list[Cluster]] = {}
            for other in self._topology.clusters.values():
                for name in dict.fromkeys(walk(self._topology, other)):
                    found.setdefault(name, []).append(other)
            self._backwards[relation] = found
        return self._backwards[relation]


def _relation(name: str) -> Relation:
    try:
        return RELATIONS[name]
    except KeyError:
        raise CatalogueError(f"no relation is called {name!r}") from None


def sign_in_cluster(topology: Topology) -> Cluster | None:
    """The pool or Director that clients which sign in automatically reach first."""
    return topology.once("sign-in cluster", lambda: _sign_in_cluster(topology))


def _sign_in_cluster(topology: Topology) -> Cluster | None:
    estate = topology.estate
    marked = [name for name, pool in estate.pools.items() if pool.sign_in]
    directors = [name for name, pool in estate.pools.items() if pool.role == "director"]
    name = estate.sign_in.pool or next(iter([*marked, *directors, *estate.pools]), "")
    return topology.cluster(name)


def first_users_pool(topology: Topology) -> Cluster | None:
    """The pool that is built first."""
    pools = topology.estate.pools.items()
    question = "first users' pool"
    return topology.once(question, lambda: topology.cluster(next((n for n, pool in pools if pool.role == "users"), "")))


def directors(topology: Topology) -> tuple[str, ...]:
    """Director pools, in the inventory's order."""
    pools = topology.estate.pools.items()
    return topology.once("directors", lambda: tuple(name for name, pool in pools if pool.role == "director"))


def web_entry_cluster(topology: Topology) -> Cluster | None:
    """The Director, or without one the first pool: whose web services answer for the whole estate."""
    there = directors(topology)
    return topology.cluster(there[0]) if there else first_users_pool(topology)


def remote_access_edge(topology: Topology, sip_domain: str) -> str:
    """Edge pool that users of a SIP domain sign in through from outside."""
    given = topology.estate.sip_domains.get(sip_domain)
    return (given.remote_access if given else "") or only(topology.estate.edge_pools)


def federation_edge(topology: Topology) -> str:
    """The one Edge pool that all federation goes through."""
    return topology.estate.federation.edge_pool or only(topology.estate.edge_pools)


def edge_pool_of(topology: Topology, cluster: Cluster) -> str:
    """Edge pool that a cluster's external traffic uses: its own choice, its site's, or the only one."""
    estate = topology.estate
    own = cluster.pool.edge_pool if cluster.pool else ""
    mediation = estate.mediation.get(cluster.name)
    site = estate.sites.get(cluster.site)
    return (
        own or (mediation.edge_pool if mediation else "") or (site.edge_pool if site else "") or only(estate.edge_pools)
    )


def media_edge_pool_of(topology: Topology, cluster: Cluster) -> str:
    """Edge pool for media, which a site may have of its own beside the one for signalling."""
    site = topology.estate.sites.get(cluster.site)
    return (site.media_edge_pool if site else "") or edge_pool_of(topology, cluster)


def next_hop_of(topology: Topology, cluster: Cluster) -> str:
    """Where a cluster hands on what it does not serve itself."""
    if cluster.edge:
        first = sign_in_cluster(topology)
        return cluster.edge.next_hop or next(iter(directors(topology)), "") or (first.name if first else "")
    mediation = topology.estate.mediation.get(cluster.name)
    if mediation:
        return mediation.next_hop
    return (cluster.pool.next_hop if cluster.pool else "") or edge_pool_of(topology, cluster)


def _back_end(_topology: Topology, cluster: Cluster) -> t.Iterator[str]:
    if cluster.pool and cluster.pool.sql:
        yield cluster.pool.sql.host
    elif cluster.has("back_end"):
        yield cluster.name


def _served(topology: Topology, cluster: Cluster, attribute: t.Literal["archiving", "monitoring"]) -> t.Iterator[str]:
    name = getattr(cluster.pool, attribute) if cluster.pool else ""
    if name:
        yield name
    for server in topology.of_type(attribute):
        if cluster.name in server.given.associated_pools:
            yield server.name


def _gateways(topology: Topology, cluster: Cluster) -> t.Iterator[str]:
    mediation = topology.estate.mediation.get(cluster.name)
    yield from mediation.gateways if mediation else ()


def _carriers(_topology: Topology, cluster: Cluster) -> t.Iterator[str]:
    yield from cluster.web.members if cluster.web else ()


def _web_pool(topology: Topology, cluster: Cluster) -> t.Iterator[str]:
    for web in topology.estate.web_access.values():
        if cluster.name in web.members and web.pool:
            yield web.pool


def _reverse_proxy(topology: Topology, cluster: Cluster) -> t.Iterator[str]:
    site = topology.estate.sites.get(cluster.site)
    there = topology.of_type("reverse_proxy")
    if site and site.reverse_proxy:
        yield site.reverse_proxy
    elif len(there) == 1:
        yield there[0].name


def _associated(_topology: Topology, cluster: Cluster) -> t.Iterator[str]:
    for server in cluster.servers:
        yield from server.given.associated_pools


def _federation_way(topology: Topology, cluster: Cluster) -> t.Iterator[str]:
    """The Edge pool for federation, for those who do not leave that to a Director."""
    if cluster.pool and next_hop_of(topology, cluster) not in topology.estate.pools:
        yield federation_edge(topology)


RELATIONS: dict[str, Relation] = {
    "next_hop": lambda topology, cluster: (next_hop_of(topology, cluster),),
    "edge": lambda topology, cluster: (edge_pool_of(topology, cluster),),
    "media_edge": lambda topology, cluster: (media_edge_pool_of(topology, cluster),),
    "federation_edge": _federation_way,
    "back_end": _back_end,
    "archiving": lambda topology, cluster: _served(topology, cluster, "archiving"),
    "monitoring": lambda topology, cluster: _served(topology, cluster, "monitoring"),
    "gateways": _gateways,
    "carriers": _carriers,
    "web_pool": _web_pool,
    "reverse_proxy": _reverse_proxy,
    "associated_pools": _associated,
    "file_server": lambda topology, cluster: (cluster.pool.file_server,) if cluster.pool else (),
}
