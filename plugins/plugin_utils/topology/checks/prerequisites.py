# SPDX-License-Identifier: GPL-3.0-or-later
"""What the inventory states of a server's platform, against what is asked for."""

from __future__ import annotations

import typing as t

from ...findings import Violation, violation
from ..conditions import holds
from ..context import Context
from ..model import Server, Topology
from ..prerequisites import PrerequisiteFact, will_do


def stated_platforms(topology: Topology) -> t.Iterator[Violation]:
    """Servers whose stated Windows version, memory, cores or hypervisor is not what their roles ask for."""
    for product, catalogue in topology.catalogues.items():
        for fact in catalogue.facts(PrerequisiteFact):
            if fact.windows or fact.memory_gb or fact.cores or fact.hypervisors:
                yield from _compared(topology, product, fact)


def _compared(topology: Topology, product: str, fact: PrerequisiteFact) -> t.Iterator[Violation]:
    seen: set[str] = set()
    for role in fact.types:
        for cluster in topology.with_role(role):
            if cluster.product != product:
                continue
            for server in cluster.members(role):
                if server.name in seen or not _states_something(server):
                    continue
                seen.add(server.name)
                if holds(fact.when, Context(topology, product, cluster=cluster, server=server)):
                    yield from _judged(fact, server, role)


def _states_something(server: Server) -> bool:
    given = server.given
    return bool(given.windows or given.memory_gb or given.cores or given.hypervisor)


def _judged(fact: PrerequisiteFact, server: Server, role: str) -> t.Iterator[Violation]:
    given = server.given
    if given.windows and fact.windows and not will_do(given.windows, fact.windows):
        yield violation(
            "finding.virtual-windows" if fact.virtual else "finding.windows-version",
            "uc_windows",
            host=server.name,
            value=given.windows,
            allowed=", ".join(fact.windows),
            why=(fact.id,),
            role=role,
        )
    if given.memory_gb and given.memory_gb < fact.memory_gb:
        yield violation(
            "finding.memory",
            "uc_memory_gb",
            host=server.name,
            value=given.memory_gb,
            allowed=f"{fact.memory_gb} or more",
            why=(fact.id,),
            role=role,
        )
    if given.cores and given.cores < fact.cores:
        yield violation(
            "finding.cores",
            "uc_cores",
            host=server.name,
            value=given.cores,
            allowed=f"{fact.cores} or more",
            why=(fact.id,),
            role=role,
        )
    if given.hypervisor and fact.hypervisors and given.hypervisor not in fact.hypervisors:
        yield violation(
            "finding.hypervisor",
            "uc_hypervisor",
            host=server.name,
            value=given.hypervisor,
            allowed=", ".join(fact.hypervisors),
            why=(fact.id,),
        )


CHECKS = (stated_platforms,)
