# SPDX-License-Identifier: GPL-3.0-or-later
"""What users outside need a reverse proxy for, and a name to be published under."""

from __future__ import annotations

import dataclasses
import typing as t

from ...findings import Violation, violation
from ...schema.fields import option
from ...schema.problems import join
from ..applied import AppliedFact, applications
from ..model import Topology


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PublicationNeedFact(AppliedFact):
    """Web components that users outside cannot reach, because the inventory gives them no name outside."""

    KIND: t.ClassVar[str] = "publication_needs"

    purposes: str = option("What does not work without it")


def external_names(topology: Topology) -> t.Iterator[Violation]:
    """Web components that users outside need have a name outside."""
    for fact, context in applications(topology, PublicationNeedFact):
        cluster = context.cluster
        if cluster and cluster.pool:
            path = f"{join('uc_pools', cluster.name)}.web_farm.external"
            yield violation("finding.no-external-web-farm", path, why=(fact.id,), purposes=fact.purposes)


def listener_names(topology: Topology) -> t.Iterator[Violation]:
    """The name outside differs from the names that clients and servers use inside."""
    for cluster in topology.clusters.values():
        pool = cluster.pool
        if pool and pool.web_farm.external and pool.web_farm.external in (pool.web_farm.internal, cluster.name):
            path = f"{join('uc_pools', cluster.name)}.web_farm.external"
            yield violation("finding.web-farm-same-name", path, value=pool.web_farm.external, pool=cluster.name)


CHECKS = (external_names, listener_names)
