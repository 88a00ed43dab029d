# SPDX-License-Identifier: GPL-3.0-or-later
"""Ports that an inventory may choose itself, in the place of the documented ones.

A row of a flow names one of these in `chosen_by`; where the inventory says nothing, the row's own ports hold.
"""

from __future__ import annotations

import typing as t

from ..topology.model import Cluster, Topology
from ..topology.names import edge_endpoint

Choice = t.Callable[[Topology, Cluster], str]


def choose(name: str, topology: Topology, anchor: Cluster) -> str:
    """Port or range that the inventory says, or nothing."""
    return CHOICES[name](topology, anchor) if name else ""


def _sql_port(_topology: Topology, cluster: Cluster) -> str:
    return str(cluster.pool.sql.port or "") if cluster.pool and cluster.pool.sql else ""


def _web_port(_topology: Topology, cluster: Cluster) -> str:
    return str(cluster.web.port or "") if cluster.web and not cluster.web.vip else ""


def _mediation_media(topology: Topology, cluster: Cluster) -> str:
    given = topology.estate.mediation.get(cluster.name)
    return given.media_ports if given else ""


def _edge_port(service: str) -> Choice:
    return lambda _topology, cluster: str(edge_endpoint(cluster, "external", service).port or "")


CHOICES: t.Mapping[str, Choice] = {
    "sql": _sql_port,
    "web_access": _web_port,
    "mediation_media": _mediation_media,
    "edge_media": lambda _topology, cluster: cluster.edge.av_port_range if cluster.edge else "",
    "edge_access": _edge_port("access"),
    "edge_web_conferencing": _edge_port("web_conferencing"),
    "edge_av": _edge_port("av"),
}
PortChoice = t.Literal[
    "", "sql", "web_access", "mediation_media", "edge_media", "edge_access", "edge_web_conferencing", "edge_av"
]
