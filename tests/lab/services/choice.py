# SPDX-License-Identifier: GPL-3.0-or-later
"""Which servers run on which host of a lab, from the server types of the inventory."""

from __future__ import annotations

import dataclasses
import ipaddress
import typing as t

from ..estate import Estate
from ..layout import WORLD, Host, Layout
from . import dns, routers
from .base import Service

Address = ipaddress.IPv4Address
LOOPBACK: t.Final = Address("127.0.0.1")


@dataclasses.dataclass(frozen=True)
class Secrets:
    """What is made for one lab and gone with it."""

    tsig: t.Mapping[str, str]
    administrator: str


@dataclasses.dataclass(frozen=True)
class Chooser:
    """The services of each host of a lab."""

    estate: Estate
    layout: Layout
    secrets: Secrets

    def services(self, host: Host) -> tuple[Service, ...]:
        found: list[Service] = []
        if host.forwards and "firewall" in host.types:
            found.append(routers.packet_filter())
        if "load_balancer" in host.types:
            found += [routers.packet_filter(), routers.balancer()]
        if "dns_server" in host.types and "domain_controller" not in host.types:
            found.append(self._name_server(host))
        if host.name == WORLD:
            found.append(self._resolver_of_the_internet(host))
        return tuple(found)

    # --- DNS -----------------------------------------------------------------------------------------------------

    def _name_server(self, host: Host) -> Service:
        zones = list(self._zones_at(host.name))
        world = self.layout.host(WORLD)
        servers = tuple(world.addresses) if world and not self._is_inside(host) else ()
        elsewhere = [dns.Elsewhere(name, servers) for name in self._world_zones()] if servers else []
        return dns.name_server(host.name, self._served(host), zones, elsewhere, self._keys(zones))

    def _zones_at(self, host: str) -> t.Iterator[dns.Zone]:
        for label, zone in self.estate.design.topology.estate.dns.zones.items():
            if zone.server == host:
                name = zone.name or label
                yield dns.Zone(name, zone.key, tuple(self._seed(name, zone.view)))

    def _seed(self, zone: str, view: str) -> t.Iterator[str]:
        """Names of hosts that nobody plans, such as the domain controllers', and the way to the directory's records."""
        if view != "internal":
            return
        plan = self.estate.design.plan
        planned = {record.name for record in plan.records if record.view == view} if plan else set()
        for host in self.layout.hosts:
            address = self._inside_address(host)
            if address and host.name not in planned and _is_below(host.name, zone):
                yield f"{host.name}. IN A {address}"
        for server in self.estate.design.topology.of_type("domain_controller"):
            if _is_below(server.name, zone) and zone in self._directory_domains():
                yield f"_msdcs.{zone}. IN NS {server.name}."
                yield f"_tcp.{zone}. IN NS {server.name}."

    def _directory_domains(self) -> set[str]:
        forests = self.estate.design.topology.estate.ad.forests.values()
        return {domain for forest in forests for domain in forest.domains}

    def _inside_address(self, host: Host) -> Address | None:
        networks = self.estate.design.topology.networks
        return next((a for a in host.addresses if networks.zone(networks.locate(a)) == "internal"), None)

    def _is_inside(self, host: Host) -> bool:
        return self._inside_address(host) is not None

    def _served(self, host: Host) -> list[Address]:
        return [address for address in host.addresses if address != host.managed_at]

    def _keys(self, zones: t.Sequence[dns.Zone]) -> list[dns.Key]:
        return [dns.Key(name, self.secrets.tsig[name]) for name in sorted({zone.key for zone in zones if zone.key})]

    def _resolver_of_the_internet(self, host: Host) -> Service:
        """It holds the domains of partners and of what stands in the Internet, and asks the estate about its own."""
        zones = [dns.Zone(name, records=tuple(self._world_records(name))) for name in self._world_zones()]
        outside: dict[str, tuple[Address, ...]] = {}
        for label, zone in self.estate.design.topology.estate.dns.zones.items():
            server = self.layout.host(zone.server)
            if zone.view == "external" and server is not None:
                outside[zone.name or label] = tuple(self._served(server))
        elsewhere = [dns.Elsewhere(name, servers) for name, servers in sorted(outside.items())]
        return dns.name_server(f"{host.name}.invalid", [*host.addresses, LOOPBACK][:-1], zones, elsewhere)

    def _world_zones(self) -> list[str]:
        """Domains of hosts in the Internet and of partners."""
        partners = {partner.domain for partner in self.estate.design.topology.estate.federation.partners}
        return sorted(
            partners | {host.name.partition(".")[2] for host in self._hosts_of_the_world() if "." in host.name}
        )

    def _hosts_of_the_world(self) -> t.Iterator[Host]:
        networks = self.estate.design.topology.networks
        for host in self.layout.hosts:
            if "vantage" in host.types and any(networks.zone(networks.locate(a)) == "internet" for a in host.addresses):
                yield host

    def _world_records(self, zone: str) -> t.Iterator[str]:
        for host in self._hosts_of_the_world():
            if _is_below(host.name, zone):
                yield from (f"{host.name}. IN A {address}" for address in self._served(host))
        for partner in self.estate.design.topology.estate.federation.partners:
            if partner.domain == zone and partner.access_edge:
                yield from (f"{partner.access_edge}. IN A {address}" for address in partner.addresses)


def tsig_names(estate: Estate) -> list[str]:
    """Names of the keys that the inventory's zones are changed with."""
    policy = estate.design.topology.estate.dns
    named = {zone.key for zone in policy.zones.values()} | {each.key for each in policy.pinpoint.values()}
    return sorted(named - {""})


def _is_below(name: str, zone: str) -> bool:
    return name.endswith(f".{zone}")
