# SPDX-License-Identifier: GPL-3.0-or-later
"""Web access virtual servers."""

from __future__ import annotations

import typing as t

from ...findings import Violation, violation
from ...schema.problems import join
from ..conditions import holds
from ..context import Context
from ..feature_map import missing_roles
from ..model import Topology
from ..relations import related
from ..rules import RequiredFact


def listeners(topology: Topology) -> t.Iterator[Violation]:
    """Two virtual servers on one computer have ports of their own."""
    used: dict[tuple[str, object], str] = {}
    for name, web in topology.estate.web_access.items():
        for host in web.members:
            key = (host, web.port or web.scheme)
            if key in used:
                yield violation(
                    "finding.web-access-port-taken",
                    join(join("uc_web_access", name), "port"),
                    value=web.port or f"the usual one of {web.scheme}",
                    server=host,
                    name=name,
                    other=used[key],
                )
                break
            used[key] = name


def servers_behind(topology: Topology) -> t.Iterator[Violation]:
    """What a site offers needs servers behind it."""
    for name in topology.estate.web_access:
        cluster = topology.clusters[name]
        context = Context(topology, cluster.product, cluster=cluster, site=cluster.site)
        for fact in topology.catalogues[cluster.product].facts(RequiredFact):
            if not fact.of_site or not holds(fact.when, context):
                continue
            missing = missing_roles(topology, fact)
            if missing:
                yield violation(
                    "finding.web-access-without-servers",
                    join("uc_web_access", name),
                    name=name,
                    title=fact.summary,
                    missing=", ".join(missing),
                    why=(fact.id,),
                )


def published(topology: Topology) -> t.Iterator[Violation]:
    """A site for users outside stands behind a reverse proxy."""
    for name, web in topology.estate.web_access.items():
        cluster = topology.clusters.get(name)
        if web.kind == "external" and cluster and not related(topology, cluster, "reverse_proxy", "reverse_proxy"):
            yield violation("finding.web-access-not-published", join("uc_web_access", name), value=name, name=name)


CHECKS = (listeners, servers_behind, published)
