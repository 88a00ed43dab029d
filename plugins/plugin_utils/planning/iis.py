# SPDX-License-Identifier: GPL-3.0-or-later
"""Web services: virtual directories with their URLs, and what IIS needs for them."""

from __future__ import annotations

import dataclasses
import typing as t

from ..schema.fields import option
from ..topology.applied import AppliedFact, applications
from ..topology.balancing import vip_of
from ..topology.context import Context
from ..topology.model import Cluster, Topology
from ..topology.names import fill
from .base import Item, Stages

Side = t.Literal["internal", "external"]
Scheme = t.Literal["http", "https"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class VirtualDirectoryFact(AppliedFact):
    """A virtual directory of the web components."""

    KIND: t.ClassVar[str] = "iis"

    side: Side = option("Users it is for")
    feature: str = option("What it belongs to")
    host: str = option("Host of its URL, with placeholders")
    scheme: Scheme = option("Protocol of its URL")
    balanced_scheme: t.Literal["http", "https", ""] = option(
        "Protocol of its URL where the web components are balanced, if that differs", default=""
    )
    path: str = option("Path of its URL")
    published: tuple[str, ...] = option("Paths that a reverse proxy lets through for it", default=())
    purpose: str = option("What is found there")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class VirtualDirectory(Item):
    """A virtual directory on every server of a pool that carries the web components."""

    cluster: str
    side: str
    feature: str
    url: str
    path: str
    servers: tuple[str, ...]
    purpose: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class IisSettingFact(AppliedFact):
    """What IIS must have or be set to on some servers."""

    KIND: t.ClassVar[str] = "iis_settings"

    windows: tuple[str, ...] = option("Windows versions it is for, as years; empty for all", default=())
    setting: str = option("What is set or installed")
    value: str = option("To what")
    level: t.Literal["must", "should", "info"] = option("How strongly", default="must")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class IisSetting(Item):
    """A setting of IIS, for the servers of a cluster that it concerns."""

    cluster: str
    servers: tuple[str, ...]
    windows: tuple[str, ...]
    setting: str
    value: str
    level: str


def plan_virtual_directories(topology: Topology, stages: Stages) -> tuple[VirtualDirectory, ...]:
    """All virtual directories, pool by pool."""
    found = (
        VirtualDirectory(
            id=f"{fact.id}@{host}",
            stage=stages.of(fact, context),
            why=(fact.id,),
            cluster=context.cluster.name,
            side=fact.side,
            feature=fact.feature,
            url=f"{_scheme(fact, context.cluster)}://{host}{fact.path}",
            path=fact.path,
            servers=tuple(server.name for server in context.cluster.members(fact.role)),
            purpose=fact.purpose,
        )
        for fact, context in applications(topology, VirtualDirectoryFact)
        if context.cluster
        for host in fill(fact.host, context)
    )
    return tuple(sorted(found, key=lambda item: (item.cluster, item.side != "internal", item.path)))


def _scheme(fact: VirtualDirectoryFact, cluster: Cluster) -> str:
    balanced = len(cluster.members(fact.role)) > 1 and vip_of(cluster, "web")
    return fact.balanced_scheme or fact.scheme if balanced else fact.scheme


def directories_of(topology: Topology, cluster: Cluster) -> tuple[VirtualDirectoryFact, ...]:
    """Rows of the virtual directories that a cluster has."""
    return topology.once("directories by cluster", lambda: _directories(topology)).get(cluster.name, ())


def _directories(topology: Topology) -> dict[str, tuple[VirtualDirectoryFact, ...]]:
    found: dict[str, list[VirtualDirectoryFact]] = {}
    for fact, context in applications(topology, VirtualDirectoryFact):
        if context.cluster:
            found.setdefault(context.cluster.name, []).append(fact)
    return {name: tuple(facts) for name, facts in found.items()}


def plan_iis_settings(topology: Topology, stages: Stages) -> tuple[IisSetting, ...]:
    """What IIS needs, cluster by cluster; servers whose Windows is known to be another one are left out."""
    found = []
    for fact, context in applications(topology, IisSettingFact):
        servers = _concerned(fact, context)
        if context.cluster and servers:
            found.append(
                IisSetting(
                    id=f"{fact.id}@{context.cluster.name}",
                    stage=stages.of(fact, context),
                    why=(fact.id,),
                    cluster=context.cluster.name,
                    servers=servers,
                    windows=fact.windows,
                    setting=fact.setting,
                    value=fact.value,
                    level=fact.level,
                )
            )
    return tuple(sorted(found, key=lambda item: item.cluster))


def _concerned(fact: IisSettingFact, context: Context) -> tuple[str, ...]:
    servers = context.cluster.members(fact.role) if context.cluster else ()
    return tuple(
        server.name
        for server in servers
        if not fact.windows or not server.given.windows or any(year in server.given.windows for year in fact.windows)
    )
