# SPDX-License-Identifier: GPL-3.0-or-later
"""File shares have a server, and Back-Ends run on what is supported."""

from __future__ import annotations

import typing as t

from ...findings import Violation, violation
from ...schema.problems import join
from ...topology.inputs.pools import SqlInput
from ...topology.model import Cluster, Topology
from ...topology.windows import is_version
from ..plan import Plan
from ..storage import SqlVersionFact


def file_servers(topology: Topology, plan: Plan) -> t.Iterator[Violation]:
    """The shares of a pool have a server."""
    needed: dict[str, list[str]] = {}
    why: dict[str, list[str]] = {}
    for line in plan.storage:
        if line.shape == "share" and line.place == "file_server" and not line.optional:
            needed.setdefault(line.subject, []).append(line.name)
            why.setdefault(line.subject, []).extend(line.why)
    for pool, names in needed.items():
        if not topology.estate.pools[pool].file_server:
            path = join("uc_pools", pool) + ".file_server"
            shares = ", ".join(names)
            yield violation("finding.no-file-server", path, why=tuple(why[pool]), count=len(names), shares=shares)


def sql_versions(topology: Topology, _plan: Plan) -> t.Iterator[Violation]:
    """SQL Server, the Windows under it and the nodes of its cluster go together."""
    for cluster in topology.clusters.values():
        rows = topology.catalogues[cluster.product].facts(SqlVersionFact)
        if rows and cluster.pool and cluster.pool.sql and cluster.pool.sql.version:
            yield from _sql(topology, cluster, cluster.pool.sql, rows)


def _sql(
    topology: Topology, cluster: Cluster, sql: SqlInput, rows: t.Sequence[SqlVersionFact]
) -> t.Iterator[Violation]:
    path = join("uc_pools", cluster.name) + ".sql"
    of_version = [row for row in rows if any(is_version(sql.version, name) for name in row.sql)]
    if not of_version:
        allowed = ", ".join(sorted({name for row in rows for name in row.sql}))
        yield violation(
            "finding.sql-version",
            f"{path}.version",
            value=sql.version,
            allowed=allowed,
            why=tuple(row.id for row in rows),
        )
        return
    server = topology.servers.get(sql.host)
    windows = server.given.windows if server else ""
    if not windows:
        return
    fitting = [row for row in of_version if any(is_version(windows, name) for name in row.windows)]
    nodes = max((row.nodes for row in fitting), default=0)
    if not fitting:
        yield violation(
            "finding.sql-windows",
            "uc_windows",
            host=sql.host,
            value=windows,
            allowed=", ".join(sorted({name for row in of_version for name in row.windows})),
            why=tuple(row.id for row in of_version),
            version=sql.version,
            pool=cluster.name,
        )
    elif sql.cluster_nodes > nodes:
        yield violation(
            "finding.sql-cluster-nodes",
            f"{path}.cluster_nodes",
            value=sql.cluster_nodes,
            allowed=f"up to {nodes}" if nodes else "no cluster",
            why=tuple(row.id for row in fitting),
            version=sql.version,
            windows=windows,
        )


CHECKS = (file_servers, sql_versions)
