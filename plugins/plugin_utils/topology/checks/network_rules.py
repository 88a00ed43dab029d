# SPDX-License-Identifier: GPL-3.0-or-later
"""What the documents ask of networks, names and translation beyond the Edge Servers' own."""

from __future__ import annotations

import dataclasses
import typing as t

from ...catalogue.model import Fact
from ...findings import Violation, violation
from ...schema.fields import option
from ...schema.kinds import ServerType
from ...schema.problems import join
from ..model import Server, Topology

Rule = t.Literal[
    "one_subnet",
    "not_on_internet",
    "same_domain",
    "untranslated",
    "ipsec_mode",
    "two_cards",
    "one_card",
    "one_gateway",
]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class NetworkRuleFact(Fact):
    """A rule about networks. A product without the row has no such rule."""

    KIND: t.ClassVar[str] = "network_rules"

    rule: Rule = option("What is asked for")
    types: tuple[ServerType, ...] = option("Server types that it holds for", default=())
    at_least: int = option("Smallest figure", default=0)
    modes: tuple[str, ...] = option("What is allowed", default=())


def _rules(topology: Topology, product: str, rule: Rule) -> t.Iterator[NetworkRuleFact]:
    for fact in topology.catalogues[product].facts(NetworkRuleFact):
        if fact.rule == rule:
            yield fact


def _servers(topology: Topology, rule: Rule) -> t.Iterator[tuple[NetworkRuleFact, Server]]:
    """Servers that a rule of their own product holds for."""
    for product in topology.catalogues:
        for fact in _rules(topology, product, rule):
            found = {server.name: server for kind in fact.types for server in topology.of_type(kind)}
            for server in found.values():
                if server.product == product:
                    yield fact, server


def one_subnet(topology: Topology) -> t.Iterator[Violation]:
    """Servers that pool among themselves without a balancer stand in one network."""
    first: dict[tuple[str, str], tuple[str, str]] = {}
    for fact, server in _servers(topology, "one_subnet"):
        address = server.address("internal")
        network = topology.networks.locate(address) if address else ""
        if not network:
            continue
        pool = "+".join(sorted(server.given.associated_pools))
        other, its_network = first.setdefault((fact.id, pool), (server.name, network))
        if its_network != network:
            yield violation(
                "finding.one-subnet",
                "uc_addresses.internal",
                host=server.name,
                value=address,
                network=network,
                other=other,
                other_network=its_network,
                why=(fact.id,),
            )


def not_on_internet(topology: Topology) -> t.Iterator[Violation]:
    """A SIP trunk is reached through a private network."""
    for fact, server in _servers(topology, "not_on_internet"):
        address = server.address("internal")
        network = topology.networks.locate(address) if address else ""
        if topology.networks.zone(network) == "internet":
            yield violation(
                "finding.trunk-over-internet",
                "uc_addresses.internal",
                host=server.name,
                value=address,
                network=network,
                why=(fact.id,),
            )


def same_domain(topology: Topology) -> t.Iterator[Violation]:
    """Computers with the administrative tools are in a domain of the servers they administer."""
    domains = tuple(dict.fromkeys(_domain(cluster.name) for cluster in topology.clusters.values() if cluster.pool))
    for fact, server in _servers(topology, "same_domain"):
        if domains and _domain(server.name) not in domains:
            yield violation(
                "finding.admin-console-domain",
                "inventory_hostname",
                host=server.name,
                value=_domain(server.name),
                allowed=", ".join(domains),
                why=(fact.id,),
            )


def _domain(name: str) -> str:
    return name.partition(".")[2]


def untranslated(topology: Topology) -> t.Iterator[Violation]:
    """Servers that speak RPC to one another are reached at their own addresses."""
    for fact, server in _servers(topology, "untranslated"):
        for interface, public in server.given.public.items():
            if public != server.address(interface):
                yield violation(
                    "finding.translated-server",
                    join("uc_public", interface),
                    host=server.name,
                    value=public,
                    why=(fact.id,),
                )


def ipsec_mode(topology: Topology) -> t.Iterator[Violation]:
    """Devices that fetch updates speak no IPsec."""
    ipsec = topology.estate.ipsec
    for fact in _rules(topology, topology.estate.product, "ipsec_mode"):
        updates = any(pool.device_updates for pool in topology.estate.pools.values())
        if ipsec.deployed and updates and ipsec.mode not in fact.modes:
            yield violation(
                "finding.ipsec-mode",
                "uc_ipsec.mode",
                value=ipsec.mode,
                allowed=", ".join(fact.modes),
                why=(fact.id,),
            )


def two_cards(topology: Topology) -> t.Iterator[Violation]:
    """Edge Servers have a network card for each side; nothing is said where their number is not known."""
    for fact, server in _servers(topology, "two_cards"):
        if 0 < server.given.nics < fact.at_least:
            yield violation(
                "finding.edge-one-card",
                "uc_nics",
                host=server.name,
                value=server.given.nics,
                allowed=f"at least {fact.at_least}",
                why=(fact.id,),
            )


def one_card(topology: Topology) -> t.Iterator[Violation]:
    """Servers that have one address have one network card."""
    for fact, server in _servers(topology, "one_card"):
        if server.given.nics > 1:
            yield violation(
                "finding.several-cards", "uc_nics", host=server.name, value=server.given.nics, why=_reasons(fact)
            )


def one_gateway(topology: Topology) -> t.Iterator[Violation]:
    """Servers have one default gateway, whatever the number of their cards."""
    for fact, server in _servers(topology, "one_gateway"):
        if len(server.given.gateway) > 1:
            yield violation(
                "finding.several-gateways",
                "uc_gateway",
                host=server.name,
                value=", ".join(f"{name}: {address}" for name, address in server.given.gateway.items()),
                why=_reasons(fact),
            )


def _reasons(fact: NetworkRuleFact) -> tuple[str, ...]:
    return (fact.id, fact.erratum) if fact.erratum else (fact.id,)


CHECKS = (one_subnet, not_on_internet, same_domain, untranslated, ipsec_mode, two_cards, one_card, one_gateway)
