# SPDX-License-Identifier: GPL-3.0-or-later
"""Availability: roles with too few servers where the estate is to survive the loss of one."""

from __future__ import annotations

import typing as t

from ...findings import Violation, violation
from ...schema.problems import join
from ..applied import applications
from ..context import Context
from ..model import Topology
from ..redundancy import AvailabilityFact, counted_servers


def redundancy(topology: Topology) -> t.Iterator[Violation]:
    """Single points of failure, where the estate says that it must have none."""
    for fact, context in applications(topology, AvailabilityFact):
        if fact.advise:
            yield violation("finding.availability-advice", _path(context), why=(fact.id,), statement=fact.statement)
        if not fact.least or fact.level == "info" or not topology.estate.high_availability:
            continue
        count = len(counted_servers(fact, context))
        if count < fact.least:
            yield violation(
                "finding.single-point-of-failure",
                _path(context) if context.cluster else "uc_high_availability",
                value=count,
                allowed=f"{fact.least} or more",
                why=(fact.id,),
                topic=fact.topic,
                least=fact.least,
                statement=fact.statement,
            )


def _path(context: Context) -> str:
    cluster = context.cluster
    if cluster is None:
        return "groups"
    group = "uc_pools" if cluster.pool else "uc_edge_pools" if cluster.edge else "uc_web_access" if cluster.web else ""
    return join(group, cluster.name) if group else "groups"


CHECKS = (redundancy,)
