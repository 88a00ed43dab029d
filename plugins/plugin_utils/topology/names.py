# SPDX-License-Identifier: GPL-3.0-or-later
"""Placeholders of catalogue rows: names and addresses that only an inventory knows.

`{word}` in a row's text stands for what the function of that word finds in the context. A word may stand for several
values (each member's address, say): the text is then repeated for each, and nothing is planned where there is none.
"""

from __future__ import annotations

import re
import typing as t

from ..catalogue.model import CatalogueError
from .context import Context
from .inputs.network import Endpoint
from .model import NO_ENDPOINT, Cluster, Server
from .relations import sign_in_cluster

Values = tuple[str, ...]
Lookup = t.Callable[[Context], Values]
_PLACEHOLDER = re.compile(r"\{([a-z0-9_.]+)\}")


def fill(text: str, context: Context) -> Values:
    """Every text that `text` stands for in the context."""
    results = [""]
    position = 0
    for match in _PLACEHOLDER.finditer(text):
        values = look_up(match[1], context)
        literal = text[position : match.start()]
        results = [result + literal + value for result in results for value in values]
        position = match.end()
    return tuple(dict.fromkeys(result + text[position:] for result in results))


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


def edge_addresses(cluster: Cluster, side: str, service: str) -> Values:
    """Addresses that the service's name resolves to on that side: the VIP, or each member's public one."""
    endpoint = edge_endpoint(cluster, side, service)
    if side == "external":
        balanced = endpoint.public or endpoint.vip
        if balanced:
            return (str(balanced),)
        return tuple(str(address) for server in cluster.servers if (address := server.public(service)))
    if endpoint.vip:
        return (str(endpoint.vip),)
    return _addresses(cluster.servers)


def _addresses(servers: t.Iterable[Server], interface: str = "internal") -> Values:
    return tuple(str(address) for server in servers if (address := server.address(interface)))


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


def web_farm_internal(cluster: Cluster) -> Values:
    """Name of the web components inside: the pool's own unless the inventory says another."""
    return _text((cluster.pool.web_farm.internal if cluster.pool else "") or cluster.name)


def _sign_in(attribute: t.Callable[[Cluster], Values]) -> Lookup:
    def find(context: Context) -> Values:
        cluster = sign_in_cluster(context.topology)
        return attribute(cluster) if cluster else ()

    return find


def _edge_lookups() -> dict[str, Lookup]:
    found: dict[str, Lookup] = {}
    for side in ("internal", "external"):
        for service in ("access", "web_conferencing", "av"):
            found[f"{service}.{side}"] = _edge(edge_name, side, service)
            found[f"{service}.{side}.address"] = _edge(edge_addresses, side, service)
    return found


def _edge(find: t.Callable[[Cluster, str, str], Values], side: str, service: str) -> Lookup:
    return _cluster(lambda cluster: find(cluster, side, service))


LOOKUPS: dict[str, Lookup] = {
    "sip_domain": lambda context: _text(context.sip_domain),
    "sip_domains": lambda context: tuple(context.topology.estate.sip_domains),
    "site": lambda context: _text(context.site),
    "pool": _cluster(lambda cluster: (cluster.name,)),
    "pool.address": _cluster(pool_addresses),
    "members": _cluster(lambda cluster: tuple(server.name for server in cluster.servers)),
    "server": _server(lambda server: (server.name,)),
    "server.address": _server(lambda server: _addresses((server,))),
    "sign_in": _sign_in(lambda cluster: (cluster.name,)),
    "sign_in.address": _sign_in(pool_addresses),
    "web_farm.internal": _cluster(web_farm_internal),
    "web_farm.internal.address": _cluster(web_addresses),
    "web_farm.external": _cluster(lambda cluster: _text(cluster.pool.web_farm.external if cluster.pool else "")),
    **_edge_lookups(),
}
