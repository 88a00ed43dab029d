# SPDX-License-Identifier: GPL-3.0-or-later
"""Edge pools: their addresses, network cards, translation, sites and reverse proxies."""

from __future__ import annotations

import collections
import ipaddress
import typing as t

from ...findings import Violation, violation
from ...schema.problems import join
from ..model import Cluster, Server, Topology
from ..names import edge_endpoint
from ..rules import PerimeterFact, TranslationFact

SERVICES: tuple[t.Literal["access", "web_conferencing", "av"], ...] = ("access", "web_conferencing", "av")
_LISTED = 4


def _edges(topology: Topology) -> t.Iterator[Cluster]:
    for name in topology.estate.edge_pools:
        yield topology.clusters[name]


def _path(cluster: Cluster, *rest: str) -> str:
    path = join("uc_edge_pools", cluster.name)
    for key in rest:
        path = join(path, key)
    return path


def translation(topology: Topology) -> t.Iterator[Violation]:
    """Which external addresses a firewall may translate."""
    for cluster in _edges(topology):
        translated = [service for service in SERVICES if cluster.edge and cluster.edge.nat.get(service)]
        if not translated:
            continue
        for fact in topology.catalogues[cluster.product].facts(TranslationFact):
            if fact.side != "external" or not _speaks_of(fact, cluster):
                continue
            if fact.makes:
                yield from _unfit_firewalls(topology, cluster, translated, fact)
            elif fact.verdict == "all_or_none":
                yield from _mixed(cluster, translated, fact)
            elif fact.verdict == "hairpin":
                yield from _hairpin(cluster, translated, fact)
            else:
                yield from _forbidden(cluster, translated, fact)


def _speaks_of(fact: TranslationFact, cluster: Cluster) -> bool:
    balancing = cluster.edge.balancing if cluster.edge else ""
    return (not fact.array or len(cluster.servers) > 1) and fact.balancing in ("", balancing)


def _forbidden(cluster: Cluster, translated: t.Sequence[str], fact: TranslationFact) -> t.Iterator[Violation]:
    for service in translated:
        if service in fact.services:
            yield violation(
                f"finding.nat-{fact.verdict}",
                _path(cluster, "nat", service),
                value="true",
                allowed="false, with a public address on the Edge Servers and the balancer",
                service=service,
                edge=cluster.name,
                count=len(cluster.servers),
                why=(fact.id, *((fact.erratum,) if fact.erratum else ())),
            )


def _mixed(cluster: Cluster, translated: t.Sequence[str], fact: TranslationFact) -> t.Iterator[Violation]:
    others = [service for service in SERVICES if service not in translated]
    if others:
        yield violation(
            "finding.nat-mixed",
            _path(cluster, "nat"),
            value=", ".join(translated),
            allowed=f"none, or {', '.join(SERVICES)}",
            edge=cluster.name,
            others=", ".join(others),
            why=(fact.id,),
        )


def _hairpin(cluster: Cluster, translated: t.Sequence[str], fact: TranslationFact) -> t.Iterator[Violation]:
    for service in fact.services:
        addresses = [str(address) for server in cluster.servers if (address := server.given.public.get(service))]
        if service in translated and len(addresses) > 1:
            yield violation(
                "finding.nat-hairpin",
                _path(cluster, "nat", service),
                value=", ".join(addresses),
                edge=cluster.name,
                why=(fact.id,),
            )


def _unfit_firewalls(
    topology: Topology, cluster: Cluster, translated: t.Sequence[str], fact: TranslationFact
) -> t.Iterator[Violation]:
    outside = {
        topology.networks.locate(address)
        for server in cluster.servers
        for service in SERVICES
        if (address := server.address(service))
    }
    for firewall in topology.of_type("firewall"):
        if firewall.given.make in fact.makes and outside & set(firewall.given.interfaces.values()):
            yield violation(
                "finding.nat-by-unfit-firewall",
                "uc_make",
                host=firewall.name,
                value=firewall.given.make,
                service=", ".join(translated),
                edge=cluster.name,
                why=(fact.id,),
            )


def internal_translation(topology: Topology) -> t.Iterator[Violation]:
    """No firewall translates the addresses that Edge Servers have inside."""
    for cluster in _edges(topology):
        facts = [
            fact for fact in topology.catalogues[cluster.product].facts(TranslationFact) if fact.side == "internal"
        ]
        if not facts or cluster.edge is None:
            continue
        why = tuple(fact.id for fact in facts)
        if cluster.edge.nat.get("internal"):
            yield violation("finding.nat-inside", _path(cluster, "nat", "internal"), edge=cluster.name, why=why)
        for service in SERVICES:
            if edge_endpoint(cluster, "internal", service).public:
                path = _path(cluster, "internal", service, "public")
                yield violation("finding.nat-inside", path, edge=cluster.name, why=why)
        for server in cluster.servers:
            if server.given.public.get("internal"):
                yield violation(
                    "finding.nat-inside", "uc_public.internal", host=server.name, edge=cluster.name, why=why
                )


def known_translations(topology: Topology) -> t.Iterator[Violation]:
    """`nat` names services, and each translated service has a public address."""
    for cluster in _edges(topology):
        given = cluster.edge.nat if cluster.edge else {}
        for service, translated in given.items():
            if service not in (*SERVICES, "internal"):
                yield violation(
                    "finding.unknown-key",
                    _path(cluster, "nat", service),
                    key=service,
                    value=str(translated).lower(),
                    allowed=", ".join(SERVICES),
                )
        for service in SERVICES:
            if given.get(service) and not edge_endpoint(cluster, "external", service).public:
                yield from _without_public_address(cluster, service)


def _without_public_address(cluster: Cluster, service: str) -> t.Iterator[Violation]:
    for server in cluster.servers:
        if service not in server.given.public:
            yield violation(
                "finding.nat-without-public-address",
                f"uc_public.{service}",
                host=server.name,
                service=service,
                edge=cluster.name,
            )


def distinct_addresses(topology: Topology) -> t.Iterator[Violation]:
    """The three services of an Edge Server differ in address or in port."""
    for cluster in _edges(topology):
        for server in cluster.servers:
            used: dict[tuple[str, object], str] = {}
            for service in SERVICES:
                address = server.address(service)
                if address is None:
                    continue
                key = (str(address), edge_endpoint(cluster, "external", service).port)
                if key in used:
                    yield violation(
                        "finding.edge-address-shared",
                        f"uc_addresses.{service}",
                        host=server.name,
                        value=address,
                        service=service,
                        other=used[key],
                    )
                used.setdefault(key, service)


def network_cards(topology: Topology) -> t.Iterator[Violation]:
    """Edge Servers have their default gateway outside, routes inside, and two networks apart."""
    internal = {name: network.cidr for name, network in topology.estate.networks.items() if network.zone == "internal"}
    for cluster in _edges(topology):
        for server in cluster.servers:
            if "internal" in server.given.gateway:
                yield violation(
                    "finding.edge-gateway-inside",
                    "uc_gateway.internal",
                    host=server.name,
                    value=server.given.gateway["internal"],
                )
            if server.given.gateway or server.given.routes:
                missing = [
                    f"{cidr} ({name})"
                    for name, cidr in internal.items()
                    if not _covered(str(cidr), server.given.routes)
                ]
                if missing:
                    yield violation(
                        "finding.edge-route-missing",
                        "uc_routes",
                        host=server.name,
                        value=_listed(missing),
                    )
            yield from _one_network(topology, server)


def _covered(cidr: str, routes: t.Mapping[str, object]) -> bool:
    wanted = ipaddress.IPv4Network(cidr)
    for route in routes:
        try:
            if wanted.subnet_of(ipaddress.IPv4Network(route)):
                return True
        except ValueError:
            continue
    return False


def _listed(words: t.Sequence[str]) -> str:
    more = len(words) - _LISTED
    return ", ".join(words[:_LISTED]) + (f" and {more} more" if more > 0 else "")


def _one_network(topology: Topology, server: Server) -> t.Iterator[Violation]:
    inside = server.address("internal")
    network = topology.networks.locate(inside) if inside else ""
    for service in SERVICES:
        address = server.address(service)
        if network and address and topology.networks.locate(address) == network:
            yield violation(
                "finding.edge-one-network",
                f"uc_addresses.{service}",
                host=server.name,
                value=address,
                network=network,
                internal=inside,
            )
            return


def _rows(topology: Topology, product: str, rule: str) -> tuple[PerimeterFact, ...]:
    return tuple(fact for fact in topology.catalogues[product].facts(PerimeterFact) if fact.rule == rule)


def reverse_proxies(topology: Topology) -> t.Iterator[Violation]:
    """Where there are Edge Servers there is one reverse proxy."""
    products: dict[str, str] = {}
    for cluster in _edges(topology):
        products.setdefault(cluster.site, cluster.product)
    at_site = collections.Counter(server.site for server in topology.of_type("reverse_proxy"))
    for site, product in products.items():
        why = tuple(fact.id for fact in _rows(topology, product, "reverse_proxy_per_site"))
        chosen = topology.estate.sites[site].reverse_proxy if site in topology.estate.sites else ""
        path = join(join("uc_sites", site), "reverse_proxy") if site else "groups"
        if why and not chosen and not at_site[site]:
            yield violation("finding.no-reverse-proxy", path, site=site or "the only site", why=why)
        elif why and at_site[site] > 1:
            names = ", ".join(server.name for server in topology.of_type("reverse_proxy") if server.site == site)
            yield violation("finding.several-reverse-proxies", path, value=names, site=site or "the only site", why=why)


def sites_with_edges(topology: Topology) -> t.Iterator[Violation]:
    """With Edge pools at several sites, one is the primary; every site knows which Edge pool is its own."""
    edges = list(_edges(topology))
    sites = {cluster.site for cluster in edges}
    for cluster in edges[:1]:
        why = tuple(fact.id for fact in _rows(topology, cluster.product, "scaled_primary_site"))
        if why and len(sites) > 1 and not any(len(other.servers) > 1 for other in edges):
            yield violation(
                "finding.no-scaled-edge",
                "uc_edge_pools",
                value=", ".join(other.name for other in edges),
                allowed="two Edge Servers or more in the pool of the data centre",
                why=why,
            )
    if len(edges) > 1:
        homes = {cluster.site for cluster in topology.clusters.values() if cluster.pool}
        for name, site in topology.estate.sites.items():
            if name in homes and name not in sites and not site.edge_pool:
                yield violation(
                    "finding.site-without-edge-pool",
                    join(join("uc_sites", name), "edge_pool"),
                    allowed=", ".join(other.name for other in edges),
                    site=name,
                )


def remote_sites(topology: Topology) -> t.Iterator[Violation]:
    """Many users across a WAN are better served by a pool of their own."""
    homes = {cluster.site for cluster in topology.clusters.values() if cluster.pool}
    for fact in _rows(topology, topology.estate.product, "remote_site_users"):
        for name, site in topology.estate.sites.items():
            if homes and name not in homes and site.users > fact.users:
                yield violation(
                    "finding.remote-site-without-pool",
                    join(join("uc_sites", name), "users"),
                    value=site.users,
                    allowed=f"at most {fact.users} without a pool of their own",
                    site=name,
                    why=(fact.id,),
                )


CHECKS = (
    translation,
    internal_translation,
    known_translations,
    distinct_addresses,
    network_cards,
    reverse_proxies,
    sites_with_edges,
    remote_sites,
)
