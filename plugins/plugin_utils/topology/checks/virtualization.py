# SPDX-License-Identifier: GPL-3.0-or-later
"""Virtual machines."""

from __future__ import annotations

import typing as t

from ...findings import Violation, violation
from ..model import Server, Topology
from ..rules import VirtualFact


def virtual_servers(topology: Topology) -> t.Iterator[Violation]:
    """Only some types may be virtual, and a virtual deployment is virtual throughout."""
    for product, catalogue in topology.catalogues.items():
        servers = [server for server in topology.servers.values() if server.product == product]
        virtual = [server for server in servers if server.given.virtual]
        if not virtual:
            continue
        for fact in catalogue.facts(VirtualFact):
            yield from _unsupported(virtual, fact)
            yield from _mixed(servers, fact)
            yield from _features(topology, virtual, fact)


def _unsupported(virtual: t.Sequence[Server], fact: VirtualFact) -> t.Iterator[Violation]:
    for server in virtual:
        for name in server.types:
            if name in fact.judged and name not in fact.types:
                yield violation(
                    "finding.virtual-type",
                    "uc_virtual",
                    host=server.name,
                    value="true",
                    allowed=f"virtual: {', '.join(fact.types)}",
                    type=name,
                    why=(fact.id,),
                )


def _mixed(servers: t.Sequence[Server], fact: VirtualFact) -> t.Iterator[Violation]:
    judged = [server for server in servers if set(server.types) & set(fact.together)]
    physical = [server.name for server in judged if not server.given.virtual]
    virtual = [server.name for server in judged if server.given.virtual]
    if physical and virtual:
        yield violation(
            "finding.virtual-mixed",
            "uc_virtual",
            host=physical[0],
            value="false",
            physical=", ".join(physical),
            virtual=", ".join(virtual),
            why=(fact.id,),
        )


def _features(topology: Topology, virtual: t.Sequence[Server], fact: VirtualFact) -> t.Iterator[Violation]:
    names = {server.name for server in virtual}
    pools = [
        cluster
        for cluster in topology.clusters.values()
        if cluster.pool and any(server.name in names for server in cluster.servers)
    ]
    other = [p for p in topology.with_role("front_end") if p not in pools and p.pool and p.pool.role == "users"]
    refused = [name for name in topology.estate.features if name in fact.excluded_features]
    if pools and refused and not other:
        yield violation(
            "finding.virtual-feature",
            "uc_features",
            value=", ".join(refused),
            pool=", ".join(pool.name for pool in pools),
            why=(fact.id,),
        )


CHECKS = (virtual_servers,)
