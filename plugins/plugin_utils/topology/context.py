# SPDX-License-Identifier: GPL-3.0-or-later
"""What a catalogue row is applied to: the estate, a site, a SIP domain, a cluster or a server."""

from __future__ import annotations

import dataclasses
import typing as t

from .model import Cluster, Server, Topology

Per = t.Literal["estate", "site", "sip_domain", "cluster", "cluster_sip_domain", "server"]


@dataclasses.dataclass(frozen=True, slots=True)
class Context:
    """One application of a row. Conditions and placeholders are looked up in it."""

    topology: Topology
    product: str
    cluster: Cluster | None = None
    server: Server | None = None
    sip_domain: str = ""
    site: str = ""


def contexts(topology: Topology, product: str, per: Per, role: str = "") -> t.Iterator[Context]:
    """Everything of a product that a row with this `per` and `role` applies to, in the inventory's order."""
    estate = topology.estate
    if per == "estate":
        if product == estate.product:
            yield Context(topology, product)
    elif per == "site":
        if product == estate.product:
            for site in estate.sites:
                yield Context(topology, product, site=site)
    elif per == "sip_domain":
        if product == estate.product:
            for domain in estate.sip_domains:
                yield Context(topology, product, sip_domain=domain)
    else:
        for cluster in topology.with_role(role):
            if cluster.product == product:
                yield from _within(topology, cluster, per, role)


def _within(topology: Topology, cluster: Cluster, per: Per, role: str) -> t.Iterator[Context]:
    base = Context(topology, cluster.product, cluster=cluster, site=cluster.site)
    if per == "cluster":
        yield base
    elif per == "cluster_sip_domain":
        for domain in topology.estate.sip_domains:
            yield dataclasses.replace(base, sip_domain=domain)
    else:
        for server in cluster.members(role):
            yield dataclasses.replace(base, server=server)
