# SPDX-License-Identifier: GPL-3.0-or-later
"""Web access virtual servers."""

from __future__ import annotations

import typing as t

from ...findings import Violation, violation
from ...schema.problems import join
from ..model import Topology
from ..relations import related


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


def media_behind_it(topology: Topology) -> t.Iterator[Violation]:
    """Desktop sharing needs conferencing servers in the pool behind."""
    for name, web in topology.estate.web_access.items():
        cluster = topology.clusters.get(name)
        if not web.desktop_sharing or cluster is None or not topology.with_role("front_end"):
            continue
        if not topology.with_role("av_conferencing"):
            yield violation(
                "finding.web-access-without-conferencing",
                join(join("uc_web_access", name), "desktop_sharing"),
                value="true",
                name=name,
            )


def published(topology: Topology) -> t.Iterator[Violation]:
    """A site for users outside stands behind a reverse proxy."""
    for name, web in topology.estate.web_access.items():
        cluster = topology.clusters.get(name)
        if web.kind == "external" and cluster and not related(topology, cluster, "reverse_proxy", "reverse_proxy"):
            yield violation("finding.web-access-not-published", join("uc_web_access", name), value=name, name=name)


CHECKS = (listeners, media_behind_it, published)
