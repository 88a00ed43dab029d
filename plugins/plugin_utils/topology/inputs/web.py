# SPDX-License-Identifier: GPL-3.0-or-later
"""Communicator Web Access: any number of virtual servers, inside and outside."""

from __future__ import annotations

import dataclasses
import typing as t

from ...schema.fields import option
from ...schema.kinds import HostName, PoolName, SiteName
from .network import Address


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class WebAccessInput:
    """A web access virtual server, named by the host name of its URL."""

    kind: t.Literal["internal", "external"] = option("Whom it serves")
    members: tuple[HostName, ...] = option("Web access servers that carry it")
    scheme: t.Literal["https", "http"] = option("Protocol of its URL", default="https")
    port: int = option("Port on its servers; the scheme's own when left out", default=0)
    vip: Address | None = option("Address on the load balancer", default=None)
    balancer: HostName = option("Load balancer; the site's only one when left out", default="")
    site: SiteName = option("Its site; its servers' when left out", default="")
    pool: PoolName = option("Pool or Director it talks to", default="")
    users: int = option("Concurrent sessions", default=0)
    terminate: bool = option("Whether TLS ends on the load balancer", default=False)
    desktop_sharing: bool = option("Whether it offers desktop sharing", default=True)
    authentication: tuple[t.Literal["integrated", "forms", "custom"], ...] = option(
        "How users prove who they are", default=("forms",)
    )
    backend_name: str = option("Name the reverse proxy connects to; the members' names when left out", default="")
