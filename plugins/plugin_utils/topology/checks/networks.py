# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks and the addresses in them: declared, unique, in the right zone, with firewalls where they belong."""

from __future__ import annotations

import dataclasses
import typing as t

from ...catalogue.facts import server_type_facts
from ...findings import Violation, violation
from ...schema.problems import join
from ..balancing import vip_path, vips_of
from ..inputs.network import Address
from ..model import Cluster, Topology

_OUTSIDE = ("access", "web_conferencing", "av", "external")


@dataclasses.dataclass(frozen=True, slots=True)
class _Place:
    """An address of the inventory: where it is written, and whom it belongs to."""

    host: str
    path: str
    owner: str
    address: Address


def _of_servers(topology: Topology) -> t.Iterator[_Place]:
    for server in topology.servers.values():
        for interface in server.given.addresses.given():
            address = server.address(interface)
            if address:
                yield _Place(server.name, f"uc_addresses.{interface}", server.name, address)
        if server.given.balancer:
            for index, address in enumerate(server.given.balancer.snat):
                yield _Place(server.name, f"uc_balancer.snat[{index}]", server.name, address)


def _of_vips(topology: Topology) -> t.Iterator[_Place]:
    for cluster in topology.clusters.values():
        # Web access sites share a virtual address as they share servers: by port or by name.
        owner = "web access" if cluster.web else cluster.name
        for vip, address in vips_of(cluster).items():
            yield _Place("", vip_path(cluster, vip), owner, address)


def declared_networks(topology: Topology) -> t.Iterator[Violation]:
    """Every address lies in a declared network; without networks no firewall can be planned."""
    if not topology.estate.networks:
        if topology.of_type("firewall") or topology.estate.edge_pools:
            yield violation("finding.no-networks", "uc_networks")
        return
    for place in dict.fromkeys((*_of_servers(topology), *_of_vips(topology))):
        if not topology.networks.locate(place.address):
            yield violation("finding.address-without-network", place.path, host=place.host, value=place.address)


def unique_addresses(topology: Topology) -> t.Iterator[Violation]:
    """No address belongs to two servers, or to a server and to a load balancer's virtual address."""
    used: dict[Address, _Place] = {}
    for place in _of_servers(topology):
        other = used.setdefault(place.address, place)
        if other.owner != place.owner:
            yield violation(
                "finding.duplicate-address", place.path, host=place.host, value=place.address, other=other.owner
            )
    virtual: dict[Address, _Place] = {}
    balancers = {server.name for server in topology.of_type("load_balancer")}
    for place in _of_vips(topology):
        holder = used.get(place.address)
        if holder and holder.owner not in balancers:
            yield violation("finding.vip-on-host", place.path, value=place.address, other=holder.owner)
        other = virtual.setdefault(place.address, place)
        if other.owner != place.owner:
            yield violation("finding.duplicate-address", place.path, value=place.address, other=other.owner)


def overlapping_networks(topology: Topology) -> t.Iterator[Violation]:
    """Two networks share addresses only where one is a part of the other at the same place, or is the Internet."""
    by_start = sorted(
        topology.estate.networks.items(), key=lambda item: (int(item[1].cidr.network_address), item[1].cidr.prefixlen)
    )
    around: list[str] = []
    for name, network in by_start:
        while around and not network.cidr.subnet_of(topology.estate.networks[around[-1]].cidr):
            around.pop()
        if around:
            outer = topology.estate.networks[around[-1]]
            nested = (outer.zone, outer.site) == (network.zone, network.site) and outer.cidr != network.cidr
            if outer.zone != "internet" and not nested:
                yield violation(
                    "finding.overlapping-networks",
                    join(join("uc_networks", name), "cidr"),
                    value=network.cidr,
                    other=around[-1],
                    other_cidr=outer.cidr,
                )
        around.append(name)


def outer_interfaces(topology: Topology) -> t.Iterator[Violation]:
    """Addresses beside a server's internal one are where its type has them.

    Those of a perimeter server that face the Internet may stand in it, where no external firewall protects them.
    """
    types = server_type_facts(topology.catalogue)
    for server in topology.servers.values():
        wanted = {types[name].zone for name in server.types} - {"any"}
        allowed = ("perimeter", "internet") if "perimeter" in wanted else ("internal",)
        for interface in server.given.addresses.given():
            zone = _zone(topology, server.address(interface))
            if interface != "internal" and wanted and zone and zone not in allowed:
                address = server.address(interface)
                yield violation(
                    "finding.interface-in-wrong-zone",
                    f"uc_addresses.{interface}",
                    host=server.name,
                    value=address,
                    interface=interface,
                    zone=zone,
                    wanted=allowed[0],
                )


def _zone(topology: Topology, address: Address | None) -> str:
    return topology.networks.zone(topology.networks.locate(address)) if address else ""


def zones_of_vips(topology: Topology) -> t.Iterator[Violation]:
    """A virtual address lies in the zone of the servers behind it."""
    for cluster in topology.clusters.values():
        for vip, address in vips_of(cluster).items():
            side, _dot, service = vip.partition(".")
            interface = service if side == "external" else "internal"
            behind = {_zone(topology, server.address(interface)) for server in cluster.servers} - {""}
            zone = _zone(topology, address)
            if zone and behind and zone not in behind:
                yield violation(
                    "finding.vip-in-other-zone",
                    vip_path(cluster, vip),
                    value=address,
                    zone=zone,
                    behind=" and ".join(sorted(behind)),
                )


def edge_firewalls(topology: Topology) -> t.Iterator[Violation]:
    """Edge Servers have a firewall on at least one side, and better a different one on each."""
    for cluster in topology.clusters.values():
        if not cluster.edge or not topology.estate.networks:
            continue
        inside = _firewalls(topology, cluster, "internal", "internal")
        outside = {name for interface in _OUTSIDE for name in _firewalls(topology, cluster, interface, "internet")}
        path = join("uc_edge_pools", cluster.name)
        if not inside and not outside:
            yield violation("finding.edge-without-firewall", path, edge=cluster.name)
        elif not inside or not outside:
            side = "internal network" if not inside else "Internet"
            yield violation("finding.edge-firewall-missing", path, edge=cluster.name, side=side)
        elif inside & outside:
            both = ", ".join(sorted(inside & outside))
            yield violation("finding.edge-single-firewall", path, edge=cluster.name, firewall=both)


def _firewalls(topology: Topology, cluster: Cluster, interface: str, zone: str) -> set[str]:
    """Firewalls between the Edge Servers' interface and the zone on its side."""
    networks = topology.networks
    there = topology.once(("places of zone", zone), lambda: networks.places(_of_zone(topology, zone)))
    own = (networks.locate(address) for server in cluster.servers if (address := server.address(interface)))
    return {crossing.firewall for crossing in networks.ways(there, networks.places(own))}


def _of_zone(topology: Topology, zone: str) -> t.Iterator[str]:
    return (name for name, network in topology.estate.networks.items() if network.zone == zone)


def shared_perimeter(topology: Topology) -> t.Iterator[Violation]:
    """Edge Servers have perimeter networks to themselves."""
    for name, network in topology.estate.networks.items():
        if network.zone != "perimeter" or network.kind != "perimeter_other":
            continue
        here = [
            f"{server.name} ({interface})"
            for cluster in topology.clusters.values()
            if cluster.edge
            for server in cluster.servers
            for interface in server.given.addresses.given()
            if (address := server.address(interface)) and topology.networks.locate(address) == name
        ]
        if here:
            yield violation("finding.edge-network-shared", join(join("uc_networks", name), "kind"), value=here[0])


CHECKS = (
    declared_networks,
    unique_addresses,
    overlapping_networks,
    outer_interfaces,
    zones_of_vips,
    edge_firewalls,
    shared_perimeter,
)
