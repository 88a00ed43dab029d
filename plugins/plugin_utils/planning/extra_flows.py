# SPDX-License-Identifier: GPL-3.0-or-later
"""Flows that an inventory asks for beyond the documents, planned like all others."""

from __future__ import annotations

import dataclasses
import hashlib
import ipaddress
import typing as t

from ..topology.inputs.policy import ExtraFlowInput
from ..topology.model import Topology
from .base import Stages
from .dns import ExtraFact
from .flow_planner import FlowPlanner
from .flows import Flow
from .parties import EndpointSet, Member, Parties

ROW: t.Final = "extra.flow"
_DIGITS = 8


@dataclasses.dataclass(frozen=True, slots=True)
class End:
    """One end of a flow as the inventory writes it: hosts, networks by name, and networks by their addresses."""

    hosts: tuple[str, ...]
    networks: tuple[str, ...]
    cidrs: tuple[str, ...]
    unknown: tuple[str, ...]


def read_end(topology: Topology, words: t.Iterable[str]) -> End:
    """What each word of an end stands for."""
    hosts, networks, cidrs, unknown = [], [], [], []
    for word in words:
        if word in topology.servers:
            hosts.append(word)
        elif word in topology.estate.networks:
            networks.append(word)
        elif cidr := _cidr(word):
            cidrs.append(cidr)
        else:
            unknown.append(word)
    return End(tuple(hosts), tuple(networks), tuple(cidrs), tuple(unknown))


def _cidr(word: str) -> str:
    try:
        return str(ipaddress.IPv4Network(word))
    except ValueError:
        return ""


def plan_extra_flows(topology: Topology, stages: Stages, parties: Parties, planner: FlowPlanner) -> t.Iterator[Flow]:
    """One flow for each entry of `uc_extra_flows` whose ends are known."""
    base = {fact.id: fact.stage for fact in topology.catalogue.facts(ExtraFact)}[ROW]
    for given in topology.estate.extra_flows:
        name = given.name or _name(given)
        source = _set(topology, parties, f"extra:{name}:from", read_end(topology, given.source))
        destination = _set(topology, parties, f"extra:{name}:to", read_end(topology, given.destination))
        if source is None or destination is None:
            continue
        yield planner.flow(
            f"{ROW}@{name}",
            _stage(topology, stages, base, source, destination),
            (ROW,),
            source,
            destination,
            protocol=given.protocol,
            ports=given.ports,
            purpose=given.reason,
        )


def _name(given: ExtraFlowInput) -> str:
    """A name that changes only with what the flow is, never with its place in the list."""
    parts = [*given.source, ">", *given.destination, given.protocol, *given.ports]
    return hashlib.sha256(" ".join(parts).encode()).hexdigest()[:_DIGITS]


def _set(topology: Topology, parties: Parties, name: str, end: End) -> EndpointSet | None:
    members = [
        Member(host, str(topology.servers[host].address(interface)))
        for host in end.hosts
        for interface in topology.servers[host].given.addresses.given()
    ]
    cidrs = [str(topology.estate.networks[network].cidr) for network in end.networks]
    if not members and not cidrs and not end.cidrs:
        return None
    located = [parties.locate(cidr.partition("/")[0]) for cidr in end.cidrs]
    networks = [*end.networks, *(network or topology.networks.internet()[0] for network in located)]
    return parties.of_networks(name, members, [*cidrs, *end.cidrs], networks)


def _stage(topology: Topology, stages: Stages, base: str, *ends: EndpointSet) -> str:
    """The stage by which all named servers are there."""
    hosts = {member.host for end in ends for member in end.members}
    clusters = [cluster for cluster in topology.clusters.values() if any(s.name in hosts for s in cluster.servers)]
    return stages.latest(base, *(cluster.stage for cluster in clusters))
