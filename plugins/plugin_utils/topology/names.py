# SPDX-License-Identifier: GPL-3.0-or-later
"""Placeholders of catalogue rows: names and addresses that only an inventory knows.

`{word}` in a row's text stands for what the function of that word finds in the context. A word may stand for several
values (each member's address, say): the text is then repeated for each, and nothing is planned where there is none.
"""

from __future__ import annotations

import functools
import re
import typing as t

from ..catalogue.model import CatalogueError
from .context import Context
from .inputs.network import Endpoint
from .model import NO_ENDPOINT, Cluster, Server
from .relations import related, sign_in_cluster

Values = tuple[str, ...]
Lookup = t.Callable[[Context], Values]
_PLACEHOLDER = re.compile(r"\{([a-z0-9_.]+)\}")


def fill(text: str, context: Context) -> Values:
    """Every text that `text` stands for in the context."""
    first, placeholders = _parts(text)
    results = [first]
    for word, literal in placeholders:
        values = look_up(word, context)
        results = [result + value + literal for result in results for value in values]
    return tuple(dict.fromkeys(results))


@functools.cache
def _parts(text: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """What stands before the first placeholder, and each with what stands behind it."""
    first, *rest = _PLACEHOLDER.split(text)
    return first, tuple(zip(rest[::2], rest[1::2], strict=True))


def look_up(word: str, context: Context) -> Values:
    """Values of a placeholder; a word nobody knows is a fault of the catalogue."""
    lookup = LOOKUPS.get(word)
    if lookup is None:
        raise CatalogueError(f"no placeholder is called {word!r}")
    return lookup(context)


def _text(value: object) -> Values:
    return (str(value),) if value else ()


def _cluster(attribute: t.Callable[[Cluster], Values]) -> Lookup:
    return lambda context: attribute(context.cluster) if context.cluster else ()


def _server(attribute: t.Callable[[Server], Values]) -> Lookup:
    return lambda context: attribute(context.server) if context.server else ()


def edge_endpoint(cluster: Cluster, side: str, service: str) -> Endpoint:
    """Name and balanced address of an Edge service on a side."""
    if cluster.edge is None:
        return NO_ENDPOINT
    chosen: Endpoint = getattr(getattr(cluster.edge, side), service)
    return chosen


def edge_name(cluster: Cluster, side: str, service: str) -> Values:
    """Name of an Edge service; inside, a service without a name of its own answers to the Edge pool's."""
    given = edge_endpoint(cluster, side, service).name
    return _text(given or (cluster.name if side == "internal" else ""))


def _edge_port(cluster: Cluster, side: str, service: str) -> Values:
    return _text(edge_endpoint(cluster, side, service).port)


def edge_addresses(cluster: Cluster, side: str, service: str) -> Values:
    """Addresses that the service's name resolves to on that side: the VIP, or each member's public one."""
    endpoint = edge_endpoint(cluster, side, service)
    if side == "external":
        balanced = endpoint.public or endpoint.vip
        if balanced:
            return (str(balanced),)
        return _public(cluster, service)
    if endpoint.vip:
        return (str(endpoint.vip),)
    return _addresses(cluster.members(f"{service}_edge") or cluster.servers)


def _addresses(servers: t.Iterable[Server], interface: str = "internal") -> Values:
    return tuple(str(address) for server in servers if (address := server.address(interface)))


def _public(cluster: Cluster, interface: str = "external") -> Values:
    return tuple(str(address) for server in cluster.servers if (address := server.public(interface)))


def pool_addresses(cluster: Cluster) -> Values:
    """Addresses of a pool's name: its VIP, or every Front End's."""
    if cluster.pool and cluster.pool.vip and cluster.pool.balancing == "hardware":
        return (str(cluster.pool.vip),)
    if cluster.web:
        return (str(cluster.web.vip),) if cluster.web.vip else _addresses(cluster.servers)
    fronts = cluster.members("front_end") or cluster.members("director") or cluster.servers
    return _addresses(fronts)


def web_addresses(cluster: Cluster) -> Values:
    """Addresses of a pool's web components."""
    if cluster.pool and (cluster.pool.web_vip or cluster.pool.vip):
        return (str(cluster.pool.web_vip or cluster.pool.vip),)
    return _addresses(cluster.members("web_components") or cluster.servers)


def _external_farm(cluster: Cluster) -> str:
    return cluster.pool.web_farm.external if cluster.pool else ""


def web_farm_internal(cluster: Cluster) -> Values:
    """Name of the web components inside: the pool's own unless the inventory says another."""
    return _text((cluster.pool.web_farm.internal if cluster.pool else "") or cluster.name)


def _reverse_proxies(context: Context) -> tuple[Cluster, ...]:
    """Reverse proxies that publish what the cluster offers to the outside."""
    cluster = context.cluster
    return related(context.topology, cluster, "reverse_proxy", "reverse_proxy") if cluster else ()


def outside_addresses(context: Context) -> Values:
    """Addresses that web services are reached at from outside: the reverse proxy's, or their own without one."""
    proxies = _reverse_proxies(context)
    if proxies:
        return tuple(address for proxy in proxies for address in _public(proxy))
    return pool_addresses(context.cluster) if context.cluster else ()


def _published(role: str, name: t.Callable[[Cluster], Values]) -> Lookup:
    """Names of what a reverse proxy publishes."""

    def find(context: Context) -> Values:
        if context.cluster is None:
            return ()
        return tuple(
            value
            for other in related(context.topology, context.cluster, "~reverse_proxy", role)
            for value in name(other)
        )

    return find


def _external_site(cluster: Cluster) -> Values:
    return (cluster.name,) if cluster.web and cluster.web.kind == "external" else ()


def _external_sharing_site(cluster: Cluster) -> Values:
    return _external_site(cluster) if cluster.web and cluster.web.desktop_sharing else ()


def federation_name(context: Context) -> Values:
    """Name of the federating Edge service, for SIP domains whose users sign in through another Edge pool."""
    given = context.topology.estate.sip_domains.get(context.sip_domain)
    if context.cluster is None or given is None:
        return ()
    return _text(given.federation_name) or edge_name(context.cluster, "external", "access")


def _internal_name(server: Server) -> str:
    return server.given.names.get("internal") or server.name


def _backend_names(cluster: Cluster) -> Values:
    """Names that a reverse proxy connects to a web access site by: the one given, or its servers' own."""
    given = _text(cluster.web.backend_name if cluster.web else "")
    return given or tuple(_internal_name(server) for server in cluster.servers)


def _default_sip_domain(context: Context) -> Values:
    domains = context.topology.estate.sip_domains
    marked = [name for name, domain in domains.items() if domain.default]
    return tuple([*marked, *domains][:1])


def _sign_in(attribute: t.Callable[[Cluster], Values]) -> Lookup:
    def find(context: Context) -> Values:
        cluster = sign_in_cluster(context.topology)
        return attribute(cluster) if cluster else ()

    return find


def _own_name(interface: str) -> Lookup:
    """A server's name on an interface; inside it is the host's unless the inventory says another."""
    otherwise = interface == "internal"
    return _server(lambda server: _text(server.given.names.get(interface) or (server.name if otherwise else "")))


def _edge_lookups() -> dict[str, Lookup]:
    found: dict[str, Lookup] = {}
    for side in ("internal", "external"):
        for service in ("access", "web_conferencing", "av"):
            found[f"{service}.{side}"] = _edge(edge_name, side, service)
            found[f"{service}.{side}.address"] = _edge(edge_addresses, side, service)
            found[f"{service}.{side}.port"] = _edge(_edge_port, side, service)
    return found


def _edge(find: t.Callable[[Cluster, str, str], Values], side: str, service: str) -> Lookup:
    return _cluster(lambda cluster: find(cluster, side, service))


LOOKUPS: dict[str, Lookup] = {
    "sip_domain": lambda context: _text(context.sip_domain),
    "sip_domains": lambda context: tuple(context.topology.estate.sip_domains),
    "sip_domain.default": _default_sip_domain,
    "site": lambda context: _text(context.site),
    "pool": _cluster(lambda cluster: (cluster.name,)),
    "pool.address": _cluster(pool_addresses),
    "members": _cluster(lambda cluster: tuple(server.name for server in cluster.servers)),
    "members.internal": _cluster(lambda cluster: tuple(_internal_name(server) for server in cluster.servers)),
    "server": _server(lambda server: (server.name,)),
    "server.internal": _own_name("internal"),
    "server.external": _own_name("external"),
    "external.address": _cluster(_public),
    "reverse_proxy": lambda context: tuple(proxy.name for proxy in _reverse_proxies(context)),
    "outside.address": outside_addresses,
    "published.web_farms": _published("web_components", lambda cluster: _text(_external_farm(cluster))),
    "published.web_access": _published("web_access_site", _external_site),
    "published.web_access_sharing": _published("web_access_site", _external_sharing_site),
    "federation.name": federation_name,
    "web_access.backend": _cluster(_backend_names),
    "simple.meet": lambda context: _text(context.topology.estate.simple_urls.meet.get(context.sip_domain)),
    "simple.dialin": lambda context: _text(context.topology.estate.simple_urls.dialin),
    "simple.admin": lambda context: _text(context.topology.estate.simple_urls.admin),
    "server.address": _server(lambda server: _addresses((server,))),
    "sign_in": _sign_in(lambda cluster: (cluster.name,)),
    "sign_in.address": _sign_in(pool_addresses),
    "web_farm.internal": _cluster(web_farm_internal),
    "web_farm.internal.address": _cluster(web_addresses),
    "web_farm.external": _cluster(lambda cluster: _text(_external_farm(cluster))),
    **_edge_lookups(),
}
