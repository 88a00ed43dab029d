# SPDX-License-Identifier: GPL-3.0-or-later
"""From a planned inventory to hosts, interfaces and routes: what the lab will build, worked out without building it.

Networks and addresses are those of the inventory. What an inventory does not say is added: addresses of firewalls and
balancers, a management network, a router between internal networks, and the Internet as a router of its own.
"""

from __future__ import annotations

import dataclasses
import hashlib
import ipaddress
import re
import typing as t

from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.model import Cluster, Server, Topology

from . import routing
from .addressing import MANAGEMENT, Pool, management_network
from .errors import LabError
from .routing import Route

Address = ipaddress.IPv4Address
Network = ipaddress.IPv4Network

CONTROLLER: t.Final = "controller"
CORE: t.Final = "lab-core"
WORLD: t.Final = "lab-internet"
LOOPBACK: t.Final = Address("127.0.0.1")
LONGEST_INTERFACE = 15


@dataclasses.dataclass(frozen=True)
class Interface:
    """A network card: its name on the host, the network it stands in, its addresses with the first as its own."""

    name: str
    network: str
    addresses: tuple[ipaddress.IPv4Interface, ...]


@dataclasses.dataclass(frozen=True)
class Host:
    """A host of the lab. `forwards` is true of routers; `managed_at` is nothing where sshd shall not listen."""

    name: str
    types: tuple[str, ...]
    interfaces: tuple[Interface, ...]
    routes: tuple[Route, ...] = ()
    forwards: bool = False
    managed_at: Address | None = None
    resolvers: tuple[Address, ...] = ()

    def address_in(self, network: str) -> Address | None:
        return next((each.addresses[0].ip for each in self.interfaces if each.network == network), None)

    @property
    def addresses(self) -> tuple[Address, ...]:
        return tuple(address.ip for each in self.interfaces for address in each.addresses)


@dataclasses.dataclass(frozen=True)
class Layout:
    """All networks and hosts. The controller is the namespace that holds the bridges, where Ansible may run too."""

    networks: t.Mapping[str, Network]
    hosts: tuple[Host, ...]
    controller: Host
    visitor: Address
    """The address that the machine itself takes in the management network, where it is let in."""

    def host(self, name: str) -> Host | None:
        return next((host for host in (*self.hosts, self.controller) if host.name == name), None)

    @property
    def in_band(self) -> tuple[Host, ...]:
        """Hosts that are managed through one of their service interfaces."""
        management = self.networks[MANAGEMENT]
        return tuple(host for host in self.hosts if host.managed_at and host.managed_at not in management)


def layout(topology: Topology, connections: t.Mapping[str, Address], all_hosts: t.Sequence[str]) -> Layout:
    """The lab of a topology. `connections` are the addresses that Ansible connects to, by host."""
    return _Builder(topology, connections, all_hosts).build()


class _Builder:
    def __init__(self, topology: Topology, connections: t.Mapping[str, Address], all_hosts: t.Sequence[str]) -> None:
        self.topology = topology
        self.all_hosts = all_hosts
        declared = {name: network.cidr for name, network in topology.networks.networks.items()}
        if MANAGEMENT in declared:
            raise LabError(f"uc_networks: the lab needs the name {MANAGEMENT} for itself; call yours something else.")
        self.connections = {host: address for host, address in connections.items() if host in all_hosts}
        outside = {host: a for host, a in self.connections.items() if not topology.networks.locate(a)}
        management = management_network(outside, len(all_hosts))
        self.networks: dict[str, Network] = {**declared, MANAGEMENT: management}
        self.free = {name: Pool(cidr, self._taken()) for name, cidr in self.networks.items()}

    def build(self) -> Layout:
        routers = {name: self._router(name, networks) for name, networks in self._routers().items()}
        hosts = [routers.get(name) or self._host(name) for name in self.all_hosts]
        hosts += [router for name, router in routers.items() if name not in self.all_hosts]
        controller = self._controller(hosts)
        ways = self._ways(routers)
        translated, back = self._translated(), self._way_back(controller)
        routed = tuple(
            dataclasses.replace(
                host,
                routes=(
                    *ways.routes(host.name, service_networks(host), self._given_routes(host), translated),
                    *back.get(host.name, ()),
                ),
                resolvers=self._resolvers(host, routers.get(WORLD)),
            )
            for host in hosts
        )
        return Layout(self.networks, routed, controller, self.free[MANAGEMENT].last())

    def _ways(self, routers: t.Mapping[str, Host]) -> routing.Map:
        networks = {name: cidr for name, cidr in self.networks.items() if name != MANAGEMENT}
        internet = tuple(name for name in networks if self.topology.networks.zone(name) == "internet")
        addresses = {
            name: {each.network: each.addresses[0].ip for each in router.interfaces if each.network != MANAGEMENT}
            for name, router in routers.items()
        }
        return routing.Map(networks, internet, addresses)

    # --- hosts ---------------------------------------------------------------------------------------------------

    def _host(self, name: str) -> Host:
        server = self.topology.servers.get(name)
        interfaces = list(self._service_interfaces(name, server)) if server else []
        return self._managed(name, server.types if server else (), interfaces, forwards=False)

    def _router(self, name: str, networks: t.Mapping[str, str]) -> Host:
        server = self.topology.servers.get(name)
        interfaces = [
            Interface(interface, network, (self._router_address(name, network),))
            for interface, network in networks.items()
        ]
        if server is None:
            return Host(name, (), tuple(interfaces), forwards=True)
        return self._managed(name, server.types, interfaces, forwards=True)

    def _managed(self, name: str, types: tuple[str, ...], interfaces: list[Interface], forwards: bool) -> Host:
        wanted = self.connections.get(name)
        own = {address.ip for each in interfaces for address in each.addresses}
        if wanted is not None and self.topology.networks.locate(wanted):
            if wanted not in own:
                raise LabError(
                    f"{name}: ansible_host {wanted} lies in a service network, but is none of its addresses there "
                    f"({', '.join(map(str, sorted(own))) or 'it has none'})."
                )
            return Host(name, types, tuple(interfaces), forwards=forwards, managed_at=wanted)
        address = wanted or self.free[MANAGEMENT].first()
        managing = Interface(MANAGEMENT, MANAGEMENT, (self._with_prefix(address, MANAGEMENT),))
        return Host(name, types, (*interfaces, managing), forwards=forwards, managed_at=address)

    def _service_interfaces(self, name: str, server: Server) -> t.Iterator[Interface]:
        by_network: dict[str, list[Address]] = {}
        given = server.given.addresses
        for field in dataclasses.fields(given):
            address = getattr(given, field.name)
            if address is not None:
                by_network.setdefault(self.topology.networks.locate(address), []).append(address)
        by_network.pop("", None)
        balancer = server.given.balancer.interfaces if server.given.balancer else {}
        names = {network: interface for interface, network in {**balancer, **server.given.interfaces}.items()}
        for network in names:
            by_network.setdefault(network, [self.free[network].first()])
        for network, addresses in by_network.items():
            yield Interface(
                interface_name(name, names[network]) if network in names else device_name(network),
                network,
                tuple(self._with_prefix(address, network) for address in addresses),
            )

    def _with_prefix(self, address: Address, network: str) -> ipaddress.IPv4Interface:
        return ipaddress.IPv4Interface((address, self.networks[network].prefixlen))

    # --- routers -------------------------------------------------------------------------------------------------

    def _routers(self) -> dict[str, dict[str, str]]:
        """Interfaces of each router with their networks: what joins networks of a zone first, then the firewalls."""
        found: dict[str, dict[str, str]] = {}
        for name, zone in ((CORE, "internal"), (WORLD, "internet")):
            joined = [network for network, given in self.topology.networks.networks.items() if given.zone == zone]
            if len(joined) > 1 or (joined and zone == "internet"):
                found[name] = {device_name(network): network for network in joined}
        for name, interfaces in self.topology.networks.firewalls.items():
            found[name] = {interface_name(name, interface): network for interface, network in interfaces.items()}
        return found

    def _router_address(self, name: str, network: str) -> ipaddress.IPv4Interface:
        """What Ansible connects to, or what hosts there call their gateway, or the first free address."""
        managed = self.connections.get(name)
        if managed is not None and managed in self.networks[network]:
            return self._with_prefix(managed, network)
        gateways = [a for a in self._gateways() if a in self.networks[network] and self.free[network].claim(a)]
        return self._with_prefix(gateways[0] if gateways else self.free[network].first(), network)

    def _gateways(self) -> t.Iterator[Address]:
        for server in self.topology.servers.values():
            yield from server.given.gateway.values()
            yield from server.given.routes.values()

    def _taken(self) -> set[Address]:
        """Addresses that the inventory gives to somebody, the virtual ones included."""
        taken = set(self.connections.values())
        for server in self.topology.servers.values():
            given = server.given
            taken.update(
                a for a in (getattr(given.addresses, f.name) for f in dataclasses.fields(given.addresses)) if a
            )
            taken.update(given.public.values())
            taken.update(given.balancer.snat if given.balancer else ())
        for cluster in self.topology.clusters.values():
            taken.update(virtual_addresses(cluster))
        return taken - set(self._gateways())

    def _translated(self) -> dict[Network, str]:
        """Public addresses that a firewall translates, each with the network that it leads to."""
        found: dict[Network, str] = {}
        for server in self.topology.servers.values():
            for interface, public in server.given.public.items():
                own = server.address(interface)
                if own is not None and own != public:
                    found[ipaddress.IPv4Network(public)] = self.topology.networks.locate(own)
        return {public: network for public, network in found.items() if network}

    def _given_routes(self, host: Host) -> tuple[Route, ...]:
        """Routes that the inventory itself gives a server, where somebody holds the gateway."""
        server = self.topology.servers.get(host.name)
        if server is None:
            return ()
        default = [Route(routing.EVERYWHERE, gateway) for gateway in server.given.gateway.values()]
        static = [Route(Network(destination), gateway) for destination, gateway in server.given.routes.items()]
        return tuple(default + static)

    # --- management and names ------------------------------------------------------------------------------------

    def _controller(self, hosts: t.Sequence[Host]) -> Host:
        """The controller stands in the management network, and in those that a host is managed through.

        Name servers are: their zones are changed by messages to where they serve.
        """
        locate = self.topology.networks.locate
        in_band = {locate(host.managed_at): None for host in hosts if host.managed_at}
        served = [address for server in self.topology.of_type("dns_server") for address in _named(server)]
        networks = dict.fromkeys(filter(None, (MANAGEMENT, *in_band, *map(locate, served))))
        interfaces = [
            Interface(device_name(network), network, (self._with_prefix(self.free[network].last(), network),))
            for network in networks
        ]
        return Host(CONTROLLER, (), tuple(interfaces), forwards=any(in_band))

    def _way_back(self, controller: Host) -> dict[str, tuple[Route, ...]]:
        """Routes to the management network for hosts that are managed through another one."""
        found: dict[str, tuple[Route, ...]] = {}
        for name, managed in self.connections.items():
            network = self.topology.networks.locate(managed)
            gateway = controller.address_in(network)
            if network and gateway:
                found[name] = (Route(self.networks[MANAGEMENT], gateway),)
        return found

    def _resolvers(self, host: Host, world: Host | None) -> tuple[Address, ...]:
        """DNS servers of the host's own side; the Internet's where its side has none."""
        if host == world:
            return (LOOPBACK,)
        zones = {self.topology.networks.zone(network) for network in service_networks(host)}
        side = next((zone for zone in ("internal", "perimeter") if zone in zones), "internet")
        servers = [
            address
            for server in self.topology.of_type("dns_server")
            for address in (server.address("internal"), server.address("external"))
            if address and self.topology.networks.zone(self.topology.networks.locate(address)) == side
        ]
        return tuple(servers) or (tuple(world.addresses) if world and side != "internal" else ())


def _named(server: Server) -> t.Iterator[Address]:
    """Where a name server answers."""
    yield from filter(None, (server.address("internal"), server.address("external")))


def service_networks(host: Host) -> tuple[str, ...]:
    return tuple(each.network for each in host.interfaces if each.network != MANAGEMENT)


def is_device_name(name: str) -> bool:
    """Whether Linux takes the name for a network card."""
    return 0 < len(name) <= LONGEST_INTERFACE and name not in (".", "..", "lo") and not set(name) & set("/ \t:")


def interface_name(host: str, name: str) -> str:
    """The name of an interface as the inventory says it: firewall rules will speak of it, so it is not changed."""
    if is_device_name(name):
        return name
    raise LabError(
        f"{host}: {name!r} cannot be the name of an interface in the lab: Linux takes up to {LONGEST_INTERFACE} "
        "characters without blanks, slashes or colons. Choose another in uc_interfaces or uc_balancer."
    )


def device_name(network: str) -> str:
    """The name of a bridge, or of a card that the inventory does not name: the network's, shortened where need be."""
    if is_device_name(network):
        return network
    digest = hashlib.sha256(network.encode()).hexdigest()[:4]
    return f"{re.sub('[^a-z0-9_]', '_', network.lower())[: LONGEST_INTERFACE - 5]}-{digest}"


def virtual_addresses(cluster: Cluster) -> t.Iterator[Address]:
    """Addresses of a cluster that its balancer holds."""
    if cluster.pool is not None:
        yield from filter(None, (cluster.pool.vip, cluster.pool.web_vip))
    if cluster.edge is not None:
        for side in (cluster.edge.internal, cluster.edge.external):
            for service in ("access", "web_conferencing", "av"):
                endpoint = getattr(side, service)
                yield from filter(None, (endpoint.vip, endpoint.public))
    if cluster.web is not None:
        yield from filter(None, (cluster.web.vip,))
