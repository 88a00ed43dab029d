# SPDX-License-Identifier: GPL-3.0-or-later
"""IPsec exemptions: media that IPsec would delay, and what is let through without it."""

from __future__ import annotations

import dataclasses
import typing as t

from ..schema.fields import option
from ..schema.kinds import Ports
from ..topology.applied import AppliedFact, applications
from ..topology.context import Context
from ..topology.model import Topology
from .base import Item, Stages
from .parties import Parties

ANY: t.Final = "any"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class IpsecFact(AppliedFact):
    """A filter of an IPsec policy that permits packets as they are."""

    KIND: t.ClassVar[str] = "ipsec"

    title: str = option("Name of the filter")
    end: t.Literal["source", "destination"] = option("Which end of the packets the servers or clients are")
    interface: str = option("Interface of the servers", default="internal")
    protocols: tuple[t.Literal["tcp", "udp"], ...] = option("Protocols", default=("tcp", "udp"))
    source_ports: Ports = option("Source ports; any when left out", default="")
    ports: Ports = option("Destination ports; any when left out", default="")
    action: t.Literal["permit"] = option("What the filter does: permit asks for no authentication", default="permit")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class IpsecExemption(Item):
    """A filter as it is entered: `any`, or the name of a set, at either end."""

    name: str
    subject: str
    source: str
    destination: str
    protocols: tuple[str, ...]
    source_ports: str
    ports: str
    action: str
    authentication: str


def plan_ipsec(topology: Topology, stages: Stages, parties: Parties) -> tuple[IpsecExemption, ...]:
    """Exemptions for servers and clients, where the inventory says that IPsec is deployed."""
    if not topology.estate.ipsec.deployed:
        return ()
    return tuple(
        item
        for fact, context in applications(topology, IpsecFact)
        if (item := _exemption(topology, stages, parties, fact, context))
    )


def _exemption(
    topology: Topology, stages: Stages, parties: Parties, fact: IpsecFact, context: Context
) -> IpsecExemption | None:
    subject, own, chosen = _subject(topology, parties, fact, context)
    if not own:
        return None
    return IpsecExemption(
        id=f"{fact.id}@{subject}",
        stage=stages.of(fact, context),
        why=(fact.id,),
        name=fact.title,
        subject=subject,
        source=own if fact.end == "source" else ANY,
        destination=own if fact.end == "destination" else ANY,
        protocols=fact.protocols,
        source_ports=chosen or fact.source_ports or ANY,
        ports=fact.ports or ANY,
        action=fact.action,
        authentication="none",
    )


def _subject(topology: Topology, parties: Parties, fact: IpsecFact, context: Context) -> tuple[str, str, str]:
    """Whom a filter is about, the set of their addresses, and the port range that they are confined to."""
    if context.population:
        population = topology.estate.clients[context.population]
        network = population.network
        if network not in topology.estate.networks:
            return context.population, "", ""
        cidr = str(topology.estate.networks[network].cidr)
        own = parties.of_networks(f"network:{network}", (), (cidr,), (network,))
        return context.population, own.name, population.media_ports
    if context.cluster is None:
        return "", "", ""
    party = f"{fact.role}:{fact.interface}" if fact.interface != "internal" else fact.role
    found = parties.of_clusters(party, (context.cluster,), f"{party}@{context.cluster.name}")
    return context.cluster.name, found.name if found else "", ""
