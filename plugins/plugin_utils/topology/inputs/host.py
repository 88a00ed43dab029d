# SPDX-License-Identifier: GPL-3.0-or-later
"""What one host says of itself."""

from __future__ import annotations

import dataclasses
import typing as t

from ...schema.fields import option
from ...schema.kinds import HostName, NetworkName, Product, SiteName
from .network import Address


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class AddressesInput:
    """Service addresses of a host by interface; the text form is the internal one."""

    SHORTHAND: t.ClassVar[str] = "internal"

    internal: Address | None = option("Towards the inside; the only one of most servers", default=None)
    access: Address | None = option("Access Edge service outside", default=None)
    web_conferencing: Address | None = option("Web Conferencing Edge service outside", default=None)
    av: Address | None = option("A/V Edge service outside", default=None)
    external: Address | None = option("Towards the Internet, for a reverse proxy or an XMPP gateway", default=None)
    gateway_side: Address | None = option(
        "Towards the media gateways, for a Mediation Server with two network cards", default=None
    )

    def given(self) -> tuple[str, ...]:
        """Interfaces that have an address."""
        return tuple(field.name for field in dataclasses.fields(self) if getattr(self, field.name) is not None)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BalancerInput:
    """What a load balancer is."""

    kind: t.Literal["hardware", "software"] = option("Appliance, or software such as HAProxy", default="hardware")
    appliance: str = option("Make and model, for the report", default="")
    interfaces: t.Mapping[str, NetworkName] = option("Its interfaces and their networks", default={})
    snat: tuple[Address, ...] = option("Addresses it uses towards the servers", default=())
    nat: t.Literal["snat", "dnat", ""] = option(
        "Address translation it is set to; what is documented for each service when left out", default=""
    )
    stands_in_for: HostName = option(
        "Balancer whose addresses it holds while that one does not; the rest is as it is there, but for its own"
        " interfaces",
        default="",
    )
    virtual_router: int = option(
        "Number of it and its stand-in among pairs of balancers in their network, from 1 to 255; made of its own"
        " address when left out",
        default=0,
    )


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class HostInput:
    """Variables of scope *host* or *group*."""

    pool: str = option(
        "Pool or Edge pool the server is a member of; its own when it is a pool of one", default="", scope="group"
    )
    site: SiteName = option("Its site; its pool's, or the only one, when left out", default="", scope="group")
    product: Product = option("Product, where it is not its pool's", default="", scope="group", key="host_product")
    addresses: AddressesInput = option("Service addresses", default=AddressesInput(), scope="host")
    public: t.Mapping[str, Address] = option(
        "Public addresses by interface, where the firewall translates", default={}, scope="host"
    )
    names: t.Mapping[str, str] = option("Names by interface, where they are not the host's", default={}, scope="host")
    interfaces: t.Mapping[str, NetworkName] = option(
        "Interfaces of a firewall and their networks", default={}, scope="host"
    )
    balancer: BalancerInput | None = option("What a load balancer is", default=None, scope="host")
    access: t.Literal["ssh", "none", ""] = option(
        "Whether roles may open a connection; no, for Windows servers", default="", scope="group"
    )
    backend: t.Mapping[str, str] = option("How each mechanism is applied", default={}, scope="group")
    enforce: t.Literal["observe", "enforce", ""] = option(
        "Whether a firewall drops or only counts", default="", scope="group"
    )
    make: str = option("Make of a firewall or reverse proxy, such as isa2006", default="", scope="host")
    nics: int = option("Network cards, where that matters", default=0, scope="host")
    gateway: t.Mapping[str, Address] = option("Default gateway by interface", default={}, scope="host")
    routes: t.Mapping[str, Address] = option(
        "Persistent routes: destination network to next hop", default={}, scope="host"
    )
    domain: str = option(
        "Active Directory domain it is joined to, or `workgroup`; for all but Edge Servers its name says it",
        default="",
        scope="group",
    )
    virtual: bool = option("Whether it is a virtual machine", default=False, scope="group")
    hypervisor: t.Literal["hyper_v_2008", "validated", "other", ""] = option(
        "What a virtual machine runs on; validated: a product of the Server Virtualization Validation Program",
        default="",
        scope="group",
    )
    windows: str = option("Windows version", default="", scope="group")
    memory_gb: int = option("Memory", default=0, scope="group")
    cores: int = option("Processor cores in all", default=0, scope="group")
    nic_gbps: float = option("Speed of its network card, in Gbit/s", default=0.0, scope="group")
    gateway_ports: int = option("Telephone ports of a media gateway", default=0, scope="host")
    associated_pools: tuple[str, ...] = option(
        "Pools that an Archiving, Monitoring or Group Chat server serves", default=(), scope="host"
    )
    vantage: t.Literal[
        "client", "front_end", "edge_inside", "edge_outside", "reverse_proxy", "internet", "partner", ""
    ] = option("Where a vantage looks from", default="", scope="host")
    network: NetworkName = option("Network a vantage or resolver stands in", default="", scope="host")
