# SPDX-License-Identifier: GPL-3.0-or-later
"""Publications: what reverse proxies let in from the Internet, under which name, to which server, by which paths."""

from __future__ import annotations

import dataclasses
import typing as t

from ...module_utils.specs import CERTIFICATES_FOLDER
from ..schema.fields import option
from ..topology.applied import AppliedFact, applications
from ..topology.context import Context
from ..topology.model import Cluster, Server, Topology
from ..topology.names import fill
from ..topology.relations import related
from .base import Item, Stages
from .certificates import CertificateSpec
from .iis import directories_of


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PublicationFact(AppliedFact):
    """Something that a reverse proxy publishes; names hold placeholders."""

    KIND: t.ClassVar[str] = "publications"

    listener: str = option("Name it is published under")
    aliases: tuple[str, ...] = option("Further names of the same listener", default=())
    port: int = option("Port on the proxy")
    tls: bool = option("Whether the listener speaks TLS", default=True)
    backend: tuple[str, ...] = option("Names the proxy connects to; the first that stands for something counts")
    backend_address: str = option("Their addresses", default="")
    backend_port: int = option("Port it connects to")
    host_header: t.Literal["original", ""] = option("Host that is handed on, where that matters", default="")
    directories: bool = option("Whether the external virtual directories are let in, and internal ones kept out")
    paths: tuple[str, ...] = option("Further paths that are let in", default=())
    idle_seconds: int = option("Idle time of the proxy", default=0)
    purpose: str = option("What is published")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Publication(Item):
    """A rule of a reverse proxy: `allowed` paths pass, and of the rest above all the `refused` ones never do."""

    proxy: str
    cluster: str
    name: str
    aliases: tuple[str, ...]
    address: str
    port: str
    certificate_names: tuple[str, ...]
    backend: str
    backend_addresses: tuple[str, ...]
    backend_port: str
    backend_tls: bool
    host_header: str
    allowed: tuple[str, ...]
    refused: tuple[str, ...]
    idle_seconds: int
    purpose: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ProxyRequirementFact(AppliedFact):
    """What a reverse proxy must be able to do, or how it is set."""

    KIND: t.ClassVar[str] = "proxy_requirements"

    topic: str = option("What it is about, in a word or two")
    requirement: str = option("What is asked, in words")
    level: t.Literal["must", "should", "info"] = option("How strongly", default="must")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ProxyRequirement(Item):
    """A requirement on one reverse proxy, with the clusters that bring it."""

    proxy: str
    topic: str
    level: str
    requirement: str
    clusters: tuple[str, ...]


def plan_publications(topology: Topology, stages: Stages) -> tuple[Publication, ...]:
    """All publications, by proxy, name and port."""
    found: dict[tuple[str, str, int], Publication] = {}
    for fact, context in applications(topology, PublicationFact):
        cluster = context.cluster
        if cluster is None:
            continue
        for proxy in _proxies(topology, cluster):
            for name in fill(fact.listener, context):
                found.setdefault(
                    (proxy.name, name, fact.port), _publication(fact, context, cluster, proxy, name, stages)
                )
    return tuple(found[key] for key in sorted(found))


def _publication(
    fact: PublicationFact, context: Context, cluster: Cluster, proxy: Server, name: str, stages: Stages
) -> Publication:
    aliases = tuple(alias for text in fact.aliases for alias in fill(text, context))
    directories = directories_of(context.topology, cluster) if fact.directories else ()
    outside = [directory for directory in directories if directory.side == "external"]
    allowed = tuple(dict.fromkeys((*(path for directory in outside for path in directory.published), *fact.paths)))
    inside = {directory.path for directory in directories if directory.side == "internal"}
    return Publication(
        id=f"{fact.id}@{name}:{fact.port}",
        stage=stages.of(fact, context),
        why=(fact.id, *(directory.id for directory in outside)),
        proxy=proxy.name,
        cluster=cluster.name,
        name=name,
        aliases=aliases,
        address=str(proxy.address("external") or ""),
        port=str(fact.port),
        certificate_names=(name, *aliases) if fact.tls else (),
        backend=next((value for text in fact.backend for value in fill(text, context)), ""),
        backend_addresses=fill(fact.backend_address, context) if fact.backend_address else (),
        backend_port=str(_backend_port(fact, cluster)),
        backend_tls=fact.tls and not (cluster.web and cluster.web.scheme == "http"),
        host_header=fact.host_header,
        allowed=allowed,
        refused=tuple(sorted(path for path in inside if f"{path}/*" not in allowed)),
        idle_seconds=fact.idle_seconds,
        purpose=fact.purpose,
    )


def publication_items(
    publications: t.Iterable[Publication], certificates: t.Sequence[CertificateSpec]
) -> dict[str, list[dict[str, t.Any]]]:
    """Proxy: its publications, each as the module that publishes takes it."""
    found: dict[str, list[dict[str, t.Any]]] = {}
    for each in publications:
        found.setdefault(each.proxy, []).append(
            {
                "id": each.id,
                "stage": each.stage,
                "why": list(each.why),
                "replaces": each.replaces,
                "name": each.name,
                "aliases": list(each.aliases),
                "address": each.address,
                "port": each.port,
                "certificates": _shown(each, certificates),
                "backend": each.backend,
                "backend_addresses": list(each.backend_addresses),
                "backend_port": each.backend_port,
                "backend_tls": each.backend_tls,
                "host_header": each.host_header,
                "allowed": list(each.allowed),
                "idle_seconds": each.idle_seconds,
            }
        )
    return found


def _shown(publication: Publication, certificates: t.Sequence[CertificateSpec]) -> list[str]:
    """Files of the proxy with certificates that bear the names, and their keys."""
    names = frozenset(publication.certificate_names)
    return [
        f"{CERTIFICATES_FOLDER}/{each.id}/combined.pem"
        for each in certificates
        if publication.proxy in each.hosts and names & {each.subject, *(san.name for san in each.sans)}
    ]


def _backend_port(fact: PublicationFact, cluster: Cluster) -> int:
    """The documented port; without a balancer, the one a web access site has on its servers."""
    if cluster.web and cluster.web.vip is None:
        return cluster.web.port or fact.backend_port
    return fact.backend_port


def _proxies(topology: Topology, cluster: Cluster) -> tuple[Server, ...]:
    """Reverse proxies that publish what a cluster has."""
    return tuple(
        server
        for proxy in related(topology, cluster, "reverse_proxy", "reverse_proxy")
        for server in proxy.members("reverse_proxy")
    )


def plan_proxy_requirements(topology: Topology, stages: Stages) -> tuple[ProxyRequirement, ...]:
    """What each reverse proxy has to meet, for what it publishes."""
    found: dict[tuple[str, str], ProxyRequirement] = {}
    for fact, context in applications(topology, ProxyRequirementFact):
        cluster = context.cluster
        if cluster is None:
            continue
        for proxy in _proxies(topology, cluster):
            key = (proxy.name, fact.id)
            known = found.get(key)
            found[key] = ProxyRequirement(
                id=f"{fact.id}@{proxy.name}",
                stage=known.stage if known else stages.of(fact, context),
                why=(fact.id,),
                proxy=proxy.name,
                topic=fact.topic,
                level=fact.level,
                requirement=fact.requirement,
                clusters=tuple(dict.fromkeys((*(known.clusters if known else ()), cluster.name))),
            )
    return tuple(found[key] for key in sorted(found))
