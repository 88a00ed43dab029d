# SPDX-License-Identifier: GPL-3.0-or-later
"""Edge pools and federation."""

from __future__ import annotations

import dataclasses
import typing as t

from ...schema.fields import option
from ...schema.kinds import EdgePoolName, HostName, Name, Peer, PoolName, Ports, Product, SiteName
from .network import Address, Endpoint


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class EdgeSideInput:
    """Names and addresses of the three Edge services on one side."""

    access: Endpoint = option("Access Edge service", default=Endpoint())
    web_conferencing: Endpoint = option("Web Conferencing Edge service", default=Endpoint())
    av: Endpoint = option("A/V Edge service", default=Endpoint())


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class EdgePoolInput:
    """An Edge Server, or an array of them, named by the FQDN that the inside knows it by."""

    site: SiteName = option("Its site; may be left out where there is only one", default="")
    product: Product = option("Product, where it is not the estate's", default="")
    internal: EdgeSideInput = option("Towards the inside", default=EdgeSideInput())
    external: EdgeSideInput = option("Towards the Internet", default=EdgeSideInput())
    next_hop: PoolName = option("Director or pool that takes what comes from outside", default="")
    balancing: t.Literal["hardware", "dns", "none"] = option(
        "How an array is balanced, inside and outside alike", default="hardware"
    )
    balancer: t.Mapping[str, HostName] = option("Load balancers by side: `internal`, `external`", default={})
    nat: t.Mapping[str, bool] = option("Whether the firewall translates `access`, `web_conferencing`, `av`", default={})
    remote_users: bool = option("Whether users sign in from outside", default=True)
    av_port_range: Ports = option("Media port range outside, where it is not the documented one", default="")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PartnerInput:
    """A federated partner."""

    domain: Name = option("Its SIP domain")
    product: Peer = option("What its Edge runs; decides about the media port range", default="")
    access_edge: Name = option("Name of its Access Edge; found by DNS when left out", default="")
    addresses: tuple[Address, ...] = option("Addresses of its Edge services; any when left out", default=())


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FederationInput:
    """Federation with other organisations and with public instant messaging."""

    edge_pool: EdgePoolName = option("The one Edge pool that all federation goes through", default="")
    av: bool = option("Whether partners get audio and video", default=False)
    discovery: bool = option("Whether partners find one another by DNS", default=False)
    unknown_partners: Peer = option("Product that partners found by DNS are taken to run", default="ocs2007r2")
    partners: tuple[PartnerInput, ...] = option("Declared partners", default=())
    public_im: tuple[t.Literal["msn", "yahoo", "aol"], ...] = option("Public providers", default=())
    xmpp: bool = option("Whether the XMPP gateway serves", default=False)
