# SPDX-License-Identifier: GPL-3.0-or-later
"""Sites, networks, and the addresses that are balanced."""

from __future__ import annotations

import dataclasses
import ipaddress
import typing as t

from ...schema.fields import option
from ...schema.kinds import EdgePoolName, HostName, SiteName, UserFigure

Address = ipaddress.IPv4Address
Zone = t.Literal["internal", "perimeter", "internet"]
NetworkKind = t.Literal[
    "servers",
    "clients",
    "vpn",
    "phones",
    "gateways",
    "edge_inside",
    "edge_outside",
    "perimeter_other",
    "management",
    "partner",
]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class NetworkInput:
    """A network that planned traffic starts in, ends in or crosses."""

    cidr: ipaddress.IPv4Network = option("Its addresses")
    zone: Zone = option("Which side of the firewalls it lies on")
    kind: NetworkKind = option("What stands in it")
    site: SiteName = option("Its site; may be left out where there is only one", default="")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SiteInput:
    """A physical location."""

    title: str = option("Name for people", default="")
    users: int = option("Users who work there", default=0)
    edge_pool: EdgePoolName = option("Edge pool for its users' external traffic, its own or another site's", default="")
    media_edge_pool: EdgePoolName = option("Edge pool for media, where it differs from `edge_pool`", default="")
    reverse_proxy: HostName = option("Reverse proxy that publishes its web services", default="")
    link_kbps: int = option("Bandwidth of its link to the other sites, in kbit/s", default=0)
    link_latency_ms: int = option("Round-trip time to the other sites, in milliseconds", default=0)
    user_model: t.Mapping[UserFigure, float] = option(
        "Figures of its users' behaviour that differ from the documented user model", default={}
    )
    central: bool = option("True for a data centre, false for a branch", default=True)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A name with the addresses behind it; the text form is the name alone."""

    SHORTHAND: t.ClassVar[str] = "name"

    name: str = option("DNS name that clients and servers connect to", default="")
    vip: Address | None = option("Address on the load balancer", default=None)
    public: Address | None = option("Public address, where the firewall translates it", default=None)
    port: int = option("Port, where it is not the documented one", default=0)
