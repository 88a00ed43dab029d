# SPDX-License-Identifier: GPL-3.0-or-later
"""Pools: Enterprise pools, Standard Edition servers, Director pools."""

from __future__ import annotations

import dataclasses
import typing as t

from ...schema.fields import option
from ...schema.kinds import Application, EdgePoolName, HostName, PoolName, Product, SiteName, UserFigure
from .network import Address


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class WebFarmInput:
    """Names of a pool's web components."""

    internal: str = option("Name inside; the pool's own name when left out", default="")
    external: str = option("Name outside, published by the reverse proxy", default="")
    scheme: t.Literal["https", "http"] = option("Protocol that servers use to reach them", default="https")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SqlInput:
    """Where a pool's databases are; the text form is the host alone."""

    SHORTHAND: t.ClassVar[str] = "host"

    host: HostName = option("SQL Server host")
    instance: str = option("Instance; empty for the default one", default="")
    port: int = option("Port, where it is not the documented one", default=0)
    version: str = option("Version and edition of SQL Server, such as `2008 enterprise`", default="")
    cluster_nodes: int = option("Nodes of its failover cluster; 0 for a single server", default=0)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PoolInput:
    """A pool, named by its FQDN. A Standard Edition server is a pool of one, named by the server's FQDN."""

    edition: t.Literal["enterprise", "standard"] = option("Edition of its servers")
    site: SiteName = option("Its site; may be left out where there is only one", default="")
    product: Product = option("Product, where it is not the estate's", default="")
    role: t.Literal["users", "director"] = option(
        "Whether it homes users or directs them to their pool", default="users"
    )
    configuration: t.Literal["consolidated", "expanded"] = option(
        "Whether all roles share each server", default="consolidated"
    )
    users: int = option("Users homed on the pool", default=0)
    vip: Address | None = option("Address of the pool on the load balancer", default=None)
    web_vip: Address | None = option(
        "Address of the web components on the load balancer, where it is another", default=None
    )
    balancer: HostName = option("Load balancer; the site's only one when left out", default="")
    web_balancer: HostName = option("Load balancer of the web components, where it is another", default="")
    balancing: t.Literal["hardware", "dns", "none"] = option("How SIP is balanced", default="hardware")
    web_farm: WebFarmInput = option("Names of its web components", default=WebFarmInput())
    sql: SqlInput | None = option("Its Back-End; none for Standard Edition", default=None)
    file_server: HostName = option("Server of its file shares", default="")
    applications: tuple[Application, ...] = option("Applications active in the pool", default=())
    sign_in: bool = option("Whether clients that sign in automatically come here first", default=False)
    allow_tcp: bool = option("Whether clients may use SIP without TLS", default=False)
    next_hop: PoolName = option("Pool or Director towards the Edge", default="")
    edge_pool: EdgePoolName = option("Edge pool; the site's when left out", default="")
    archiving: HostName = option("Archiving Server", default="")
    monitoring: HostName = option("Monitoring Server", default="")
    device_updates: bool = option("Whether it hosts the Device Update Service", default=True)
    user_model: t.Mapping[UserFigure, float] = option(
        "Figures of its users' behaviour that differ from the documented user model", default={}
    )
