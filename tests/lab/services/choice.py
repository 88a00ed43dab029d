# SPDX-License-Identifier: GPL-3.0-or-later
"""Which servers run on which host of a lab, from the server types of the inventory."""

from __future__ import annotations

import dataclasses
import functools
import ipaddress
import typing as t

from ..errors import LabError
from ..estate import Estate
from ..layout import LOOPBACK, WORLD, Host, Layout
from ..responders.listeners import Listener, listeners_of
from . import crl, directory, dns, public_ca, routers, stand_in, wine
from .base import Service

Address = ipaddress.IPv4Address
# Where the stand-in for a public certification authority is found.
PUBLIC_AUTHORITY: t.Final = "public-ca.example"
# Types of servers that are the real thing here.
REAL: t.Final = {"certification_authority", "dns_server", "domain_controller", "firewall", "load_balancer"}
ROOT: t.Final = "root.lab.example"
# Values of uc_backend that ask for a registry: one that is changed over the network, one that files are imported to.
REGISTRY_REMOTE: t.Final = "registry_rpc"
REGISTRY_FILE: t.Final = "reg_file"
# The mechanism of uc_backend, and its value, that ask for a reverse proxy that is the real thing here.
PUBLISHING: t.Final = ("reverse_proxy", "haproxy")
OPERATOR_KEYTAB: t.Final = "/etc/openuc-lab/operator.keytab"


@dataclasses.dataclass(frozen=True)
class Secrets:
    """What is made for one lab and gone with it."""

    tsig: t.Mapping[str, str]
    administrator: str
    """Password of the directory's administrator."""
    operator: str
    """Password of an account that may change DNS, registries and group policies."""


@dataclasses.dataclass(frozen=True)
class Chooser:
    """The services of each host of a lab."""

    estate: Estate
    layout: Layout
    secrets: Secrets
    has_wine: bool = False

    def services(self, host: Host) -> tuple[Service, ...]:
        found: list[Service] = []
        if host.forwards and "firewall" in host.types:
            found.append(routers.packet_filter())
        if "load_balancer" in host.types:
            found += [routers.packet_filter(), routers.balancer()]
        if self._publishes(host):
            found.append(routers.balancer())
        if "domain_controller" in host.types:
            found.append(self._domain_controller(host))
        elif "dns_server" in host.types:
            found.append(self._name_server(host))
        if "certification_authority" in host.types:
            found.append(crl.crl_server(str(self._served(host)[0])))
        if host.name == WORLD:
            found += [self._resolver_of_the_internet(host), *self._public_authority(host)]
        found += self._registry(host)
        listeners = self._stood_in_for(host, found)
        if listeners:
            found.append(stand_in.responder(host.name, listeners))
        return tuple(found)

    def wants_wine(self, host: Host) -> bool:
        """Whether a mechanism makes files for the registry of this host, that somebody imports there."""
        return REGISTRY_FILE in self._backends(host)

    def _backends(self, host: Host) -> t.Collection[str]:
        server = self.estate.design.topology.servers.get(host.name)
        return set(server.given.backend.values()) if server else ()

    def _publishes(self, host: Host) -> bool:
        server = self.estate.design.topology.servers.get(host.name)
        return server is not None and PUBLISHING in server.given.backend.items()

    def _registry(self, host: Host) -> t.Iterator[Service]:
        """What stands in for the registry of a Windows server: reached over the network, or on the host alone."""
        if REGISTRY_REMOTE in self._backends(host) and "domain_controller" not in host.types:
            yield directory.registry_server(host.name, str(self._served(host)[0]), password=self.secrets.operator)
        if self.wants_wine(host) and self.has_wine:
            yield wine.registry()

    def _stood_in_for(self, host: Host, real: t.Sequence[Service]) -> tuple[Listener, ...]:
        """What a responder listens on: all that no real server of the host does."""
        taken = {(sign.protocol, sign.where, str(sign.port)) for service in real for sign in service.ready}
        listeners = self._listeners.get(host.name, ())
        return tuple(each for each in listeners if (each.protocol, each.address, each.port) not in taken)

    @functools.cached_property
    def _listeners(self) -> dict[str, tuple[Listener, ...]]:
        """What the servers that cannot run here would listen on."""
        planned = self.estate.design
        if planned.plan is None:
            return {}
        real = {host.name for host in self.layout.hosts if REAL & set(host.types) or self._publishes(host)}
        return listeners_of(planned.topology, planned.plan, real)

    # --- directory and authorities -------------------------------------------------------------------------------

    def _domain_controller(self, host: Host) -> Service:
        around = [name for name in self._directory_domains() if _is_below(host.name, name)]
        domain = max(around, key=len, default="")
        if not domain:
            raise LabError(
                f"{host.name}: a domain controller of none of the domains in uc_ad.forests; "
                f"its name must lie in one of them ({', '.join(sorted(self._directory_domains())) or 'none declared'})."
            )
        served = self._declared_zones(host.name) if "dns_server" in host.types else []
        # Its own name Samba adds by itself.
        hosts = {
            zone: {name: str(address) for name, address in self._unplanned(zone, view) if name != host.name}
            for zone, _key, view in served
        }
        return directory.domain_controller(
            host.name,
            domain,
            str(self._served(host)[0]),
            [],
            self.secrets.administrator,
            accounts=[directory.operator("openuc", self.secrets.operator, OPERATOR_KEYTAB)],
            zones=[zone for zone, _key, _view in served if zone != domain],
            hosts=hosts,
        )

    def _public_authority(self, host: Host) -> tuple[Service, Service]:
        address = str(self._served(host)[0])
        names = [f"acme.{PUBLIC_AUTHORITY}"]
        return public_ca.acme_ca(address, names, str(LOOPBACK)), crl.crl_server(address)

    # --- DNS -----------------------------------------------------------------------------------------------------

    def _name_server(self, host: Host) -> Service:
        zones = list(self._zones_at(host.name))
        world = self.layout.host(WORLD)
        roots = world.addresses if world and not self._is_inside(host) else ()
        return dns.name_server(host.name, self._served(host), zones, self._keys(zones), roots)

    def _zones_at(self, host: str) -> t.Iterator[dns.Zone]:
        for name, key, view in self._declared_zones(host):
            yield dns.Zone(name, key, tuple(self._seed(name, view)))

    def _declared_zones(self, host: str) -> list[tuple[str, str, str]]:
        """Name, key and view of each zone that the inventory puts on a server."""
        zones = self.estate.design.topology.estate.dns.zones.items()
        return [(zone.name or label, zone.key, zone.view) for label, zone in zones if zone.server == host]

    def _seed(self, zone: str, view: str) -> t.Iterator[str]:
        """Names of hosts that nobody plans, and the way to the directory's records."""
        yield from (f"{name}. IN A {address}" for name, address in self._unplanned(zone, view))
        for server in self.estate.design.topology.of_type("domain_controller") if view == "internal" else ():
            if _is_below(server.name, zone) and zone in self._directory_domains():
                yield f"_msdcs.{zone}. IN NS {server.name}."
                yield f"_tcp.{zone}. IN NS {server.name}."

    def _unplanned(self, zone: str, view: str) -> t.Iterator[tuple[str, Address]]:
        """Names of the inside that nobody plans, such as the domain controllers'."""
        if view != "internal":
            return
        plan = self.estate.design.plan
        planned = {record.name for record in plan.records if record.view == view} if plan else set()
        for host in self.layout.hosts:
            address = self._inside_address(host)
            if address and host.name not in planned and _is_below(host.name, zone):
                yield host.name, address

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
        """It holds the root, and the domains of partners and of what stands in the Internet."""
        zones = [dns.Zone(name, records=tuple(self._world_records(name))) for name in self._world_zones()]
        delegated = []
        for label, zone in self.estate.design.topology.estate.dns.zones.items():
            server = self.layout.host(zone.server)
            if zone.view == "external" and server is not None:
                delegated.append(dns.Delegation(zone.name or label, server.name, tuple(self._served(server))))
        delegated += [dns.Delegation(zone.name, ROOT, host.addresses) for zone in zones]
        return dns.name_server(ROOT, host.addresses, zones, root=delegated)

    def _world_zones(self) -> list[str]:
        """Domains of hosts in the Internet and of partners."""
        partners = {partner.domain for partner in self.estate.design.topology.estate.federation.partners}
        hosts = {host.name.partition(".")[2] for host in self._hosts_of_the_world()}
        return sorted(({PUBLIC_AUTHORITY} | partners | hosts) - {""})

    def _hosts_of_the_world(self) -> t.Iterator[Host]:
        networks = self.estate.design.topology.networks
        for host in self.layout.hosts:
            if "vantage" in host.types and any(networks.zone(networks.locate(a)) == "internet" for a in host.addresses):
                yield host

    def _world_records(self, zone: str) -> t.Iterator[str]:
        world = self.layout.host(WORLD)
        if zone == PUBLIC_AUTHORITY and world:
            yield from (f"{label} IN A {address}" for label in ("acme", "crl") for address in world.addresses)
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
