# SPDX-License-Identifier: GPL-3.0-or-later
"""Who serves whom: references to hosts of the right type, and servers that nobody uses."""

from __future__ import annotations

import dataclasses
import typing as t

from ...findings import Violation, violation
from ...schema.problems import join, nearest
from ..model import Topology


@dataclasses.dataclass(frozen=True, slots=True)
class Reference:
    """A place of the inventory that names a host."""

    path: str
    host: str
    types: tuple[str, ...]


def _references(topology: Topology) -> t.Iterator[Reference]:
    estate = topology.estate
    for name, pool in estate.pools.items():
        path = join("uc_pools", name)
        if pool.sql:
            yield Reference(f"{path}.sql.host", pool.sql.host, ("back_end",))
        yield Reference(f"{path}.archiving", pool.archiving, ("archiving",))
        yield Reference(f"{path}.monitoring", pool.monitoring, ("monitoring",))
        yield Reference(f"{path}.file_server", pool.file_server, ("file_server",))
        yield Reference(f"{path}.balancer", pool.balancer, ("load_balancer",))
        yield Reference(f"{path}.web_balancer", pool.web_balancer, ("load_balancer",))
    for name, edge in estate.edge_pools.items():
        for side, balancer in edge.balancer.items():
            yield Reference(f"{join('uc_edge_pools', name)}.balancer.{side}", balancer, ("load_balancer",))
    for name, web in estate.web_access.items():
        path = join("uc_web_access", name)
        for index, member in enumerate(web.members):
            yield Reference(f"{path}.members[{index}]", member, ("web_access",))
        yield Reference(f"{path}.balancer", web.balancer, ("load_balancer",))
    for name, mediation in estate.mediation.items():
        path = join("uc_mediation", name)
        yield Reference(path, name, ("mediation", "media_gateway"))
        for index, gateway in enumerate(mediation.gateways):
            yield Reference(f"{path}.gateways[{index}]", gateway, ("media_gateway", "sip_trunk"))
    for name, site in estate.sites.items():
        yield Reference(f"{join('uc_sites', name)}.reverse_proxy", site.reverse_proxy, ("reverse_proxy",))
    for name, zone in estate.dns.zones.items():
        yield Reference(f"{join('uc_dns.zones', name)}.server", zone.server, ("dns_server",))
        for index, copy in enumerate(zone.copies):
            yield Reference(f"{join('uc_dns.zones', name)}.copies[{index}]", copy, ("dns_server",))


def right_types(topology: Topology) -> t.Iterator[Violation]:
    """A host that is named for a purpose is of a type that serves it."""
    for reference in _references(topology):
        if not reference.host:
            continue
        server = topology.servers.get(reference.host)
        if server is None or not set(server.types) & set(reference.types):
            able = [member.name for name in reference.types for member in topology.of_type(name)]
            yield violation(
                "finding.wrong-server-type",
                reference.path,
                value=reference.host,
                allowed=", ".join(able) or f"a host in the group {' or '.join(reference.types)}",
                nearest=nearest(reference.host, able),
                server=reference.host,
                types=" or ".join(reference.types),
            )


def known_associations(topology: Topology) -> t.Iterator[Violation]:
    """`uc_associated_pools` names pools that are there."""
    pools = topology.estate.pools
    for server in topology.servers.values():
        for index, name in enumerate(server.given.associated_pools):
            if name not in pools:
                yield violation(
                    "finding.missing-reference",
                    f"uc_associated_pools[{index}]",
                    host=server.name,
                    value=name,
                    allowed=", ".join(sorted(pools)) or "none is declared",
                    nearest=nearest(name, pools),
                )


_SERVICES: t.Final = ("archiving", "monitoring")


def served_pools(topology: Topology) -> t.Iterator[Violation]:
    """Where an Archiving or Monitoring Server stands, every pool with users is served, and by one only."""
    for service in _SERVICES:
        carriers = topology.of_type(service)
        for name, pool in topology.estate.pools.items():
            chosen = {server.name for server in carriers if name in server.given.associated_pools}
            own: str = getattr(pool, service)
            chosen |= {own} if own else set()
            path = join(join("uc_pools", name), service)
            if carriers and not chosen and pool.role == "users":
                yield violation(
                    f"finding.pool-without-{service}",
                    path,
                    value=name,
                    allowed=", ".join(server.name for server in carriers),
                    pool=name,
                )
            if len(chosen) > 1:
                yield violation(
                    "finding.served-twice", path, value=", ".join(sorted(chosen)), pool=name, service=service
                )


def idle_servers(topology: Topology) -> t.Iterator[Violation]:
    """A server that was put there to serve pools serves one."""
    estate = topology.estate
    used = {name for pool in estate.pools.values() for name in (pool.archiving, pool.monitoring)}
    used |= {name for web in estate.web_access.values() for name in web.members}
    for kind in (*_SERVICES, "web_access", "group_chat"):
        alone = kind == "group_chat" and len(estate.pools) == 1
        for server in topology.of_type(kind):
            if server.name not in used and not server.given.associated_pools and not alone:
                yield violation("finding.server-serves-nobody", "groups", host=server.name, value=kind, type=kind)


CHECKS = (right_types, known_associations, served_pools, idle_servers)
