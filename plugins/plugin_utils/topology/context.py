# SPDX-License-Identifier: GPL-3.0-or-later
"""What a catalogue row is applied to: the estate, a site, a SIP domain, a cluster, a server, a client population."""

from __future__ import annotations

import dataclasses
import typing as t

from .model import Cluster, Server, Topology

Per = t.Literal["estate", "site", "sip_domain", "cluster", "cluster_sip_domain", "server", "population"]


@dataclasses.dataclass(frozen=True, slots=True)
class Context:
    """One application of a row. Conditions and placeholders are looked up in it."""

    topology: Topology
    product: str
    cluster: Cluster | None = None
    server: Server | None = None
    sip_domain: str = ""
    site: str = ""
    population: str = ""

    def of_domain(self, sip_domain: str) -> Context:
        """The same context with a SIP domain; asked for thousands of times, so without `dataclasses.replace`."""
        return Context(self.topology, self.product, self.cluster, self.server, sip_domain, self.site, self.population)


def contexts(topology: Topology, product: str, per: Per, role: str = "") -> t.Sequence[Context]:
    """Everything of a product that a row with this `per` and `role` applies to, in the inventory's order."""
    question = ("contexts", product, per, role)
    return topology.once(question, lambda: tuple(_contexts(topology, product, per, role)))


def _contexts(topology: Topology, product: str, per: Per, role: str) -> t.Iterator[Context]:
    if per in _OF_ESTATE:
        if product == topology.estate.product:
            yield from _OF_ESTATE[per](topology, product, role)
        return
    for cluster in topology.with_role(role):
        if cluster.product == product:
            yield from _within(topology, cluster, per, role)


def _populations(topology: Topology, product: str, role: str) -> t.Iterator[Context]:
    for name, clients in topology.estate.clients.items():
        if not role or role in clients.products:
            yield Context(topology, product, population=name)


# What belongs to the estate as a whole, and so to its own product.
_OF_ESTATE: dict[str, t.Callable[[Topology, str, str], t.Iterable[Context]]] = {
    "estate": lambda topology, product, _role: (Context(topology, product),),
    "site": lambda topology, product, _role: (Context(topology, product, site=site) for site in topology.estate.sites),
    "sip_domain": lambda topology, product, _role: (
        Context(topology, product, sip_domain=domain) for domain in topology.estate.sip_domains
    ),
    "population": _populations,
}


def _within(topology: Topology, cluster: Cluster, per: Per, role: str) -> t.Iterator[Context]:
    product, site = cluster.product, cluster.site
    if per == "cluster":
        yield Context(topology, product, cluster, site=site)
    elif per == "cluster_sip_domain":
        for domain in topology.estate.sip_domains:
            yield Context(topology, product, cluster, sip_domain=domain, site=site)
    else:
        for server in cluster.members(role):
            yield Context(topology, product, cluster, server, site=site)
