# SPDX-License-Identifier: GPL-3.0-or-later
"""Slices: for each target of each mechanism exactly the arguments that its module gets."""

from __future__ import annotations

import collections
import dataclasses
import ipaddress
import typing as t

from ..json_text import plain
from ..topology.access import may_connect
from ..topology.balancing import given_balancer
from ..topology.inputs.network import Address
from ..topology.inputs.policy import PinpointInput, ZoneInput
from ..topology.model import Server, Topology
from ..topology.network_map import Crossing
from ..topology.pairing import BalancerPair, pair_of
from .base import Item, Stages
from .dns import VIEW_OF_ZONE
from .flows import Flow
from .parties import EndpointSet
from .plan import Plan
from .protected import protected_addresses
from .publications import publication_items
from .qos_items import NetworkMark

Arguments = dict[str, t.Any]
FIREWALL: t.Final = "firewall_rules"
BALANCER: t.Final = "load_balancer"
# Value of uc_backend for reverse proxies that the mechanism of publications can set up.
HAPROXY: t.Final = "haproxy"
_TRAFFIC = ("ingress", "egress", "protocol", "source_ports")


@dataclasses.dataclass(frozen=True, slots=True)
class Slice:
    """The arguments of one module call."""

    mechanism: str
    target: str
    arguments: Arguments


def slices_of(topology: Topology, plan: Plan) -> tuple[Slice, ...]:
    """All slices, mechanism by mechanism."""
    return (
        *firewall_slices(topology, plan),
        *zone_slices(topology, plan),
        *balancer_slices(topology, plan),
        *_certificates(topology, plan),
        *_publications(topology, plan),
        *_registries(topology, plan),
    )


def _planned(item: Item) -> Arguments:
    return {"id": item.id, "stage": item.stage, "why": list(item.why), "replaces": item.replaces}


def firewall_slices(topology: Topology, plan: Plan) -> t.Iterator[Slice]:
    """The rules of each firewall of the inventory."""
    sets = {item.name: item for item in plan.sets}
    addresses = {item.name: tuple(_set(item)["addresses"]) for item in plan.sets}
    protected = protected_addresses(topology, plan.sets)
    rules: dict[str, dict[object, Arguments]] = {server.name: {} for server in topology.of_type("firewall")}
    used: dict[str, dict[str, EndpointSet]] = collections.defaultdict(dict)
    stages = Stages(topology.catalogue)
    for flow in plan.flows:
        for crossing in flow.crossings:
            rule = _rule(flow, crossing)
            same = rules[crossing.firewall].setdefault(_traffic(rule, addresses), rule)
            if same is not rule:
                _join(same, flow, stages)
                continue
            for name in (flow.source, flow.destination):
                used[crossing.firewall][name] = sets[name]
    for firewall, listed in sorted(rules.items()):
        given = topology.servers[firewall].given
        yield Slice(
            FIREWALL,
            firewall,
            {
                "state": "replaced",
                "enforce": given.enforce or "observe",
                "interfaces": dict(given.interfaces),
                "guarded": [
                    {"ingress": ingress, "egress": egress}
                    for ingress, egress in topology.networks.ways_through(firewall)
                ],
                "protected": list(protected.get(firewall, ())),
                "sets": [_set(item) for _name, item in sorted(used[firewall].items())],
                "rules": list(listed.values()),
                "marks": [_mark(mark) for mark in plan.qos.network if mark.firewall == firewall],
            },
        )


def _mark(mark: NetworkMark) -> Arguments:
    """What is to be kept has no mark of its own, and what is about all else no ports."""
    ports = {"protocol": mark.protocol, "side": mark.side, "ports": mark.ports} if mark.side else {}
    dscp = {} if mark.action == "keep" else {"dscp": mark.dscp}
    return {**_planned(mark), "ingress": mark.ingress, "egress": mark.egress, **ports, **dscp}


def _rule(flow: Flow, crossing: Crossing) -> Arguments:
    return {
        **_planned(flow),
        "ingress": crossing.ingress,
        "egress": crossing.egress,
        "source": flow.source,
        "source_ports": flow.source_ports,
        "destination": flow.destination,
        "protocol": flow.protocol,
        "ports": list(flow.ports),
        "nat": [plain(change) for change in flow.nat if change.firewall == crossing.firewall],
    }


def _traffic(rule: Arguments, addresses: t.Mapping[str, tuple[str, ...]]) -> object:
    """What a rule lets through. Documents may ask for the same traffic twice; a firewall knows it once."""
    ends = (addresses[rule["source"]], addresses[rule["destination"]])
    return (*(rule[field] for field in _TRAFFIC), tuple(rule["ports"]), *ends)


def _join(rule: Arguments, flow: Flow, stages: Stages) -> None:
    """The rule stands for another flow too, and from the earlier of both stages on."""
    rule["stage"] = min(rule["stage"], flow.stage, key=stages.rank)
    rule["why"] = list(dict.fromkeys([*rule["why"], *flow.why]))


def _set(endpoints: EndpointSet) -> Arguments:
    addresses = dict.fromkeys([*(member.address for member in endpoints.members), *endpoints.cidrs])
    return {"name": endpoints.name, "addresses": list(addresses)}


def zone_slices(topology: Topology, plan: Plan) -> t.Iterator[Slice]:
    """A slice per zone and view, in a folder per server; what is in no zone of ours is in the zone files only."""
    held = _zones_held(topology, plan)
    for (view, name), zone in sorted(held.items()):
        records = [
            {
                **_planned(record),
                "name": record.name,
                "type": record.type,
                "ttl": record.ttl,
                "values": list(record.values),
            }
            for record in plan.records
            if record.zone == name and record.view == view
        ]
        yield Slice(
            "dns_records",
            f"{zone.server}/{view}.{name}",
            {
                "state": "replaced",
                "server": zone.server,
                "zone": name,
                "view": view,
                "update": zone.dynamic_update,
                "key_name": zone.key,
                "records": records,
                **_resolvers(topology, view),
                **_vantages(topology, view),
                "name_servers": [
                    *_name_servers(topology, view, zone),
                    *(
                        {**server, "zone": child}
                        for child in _delegated(name, [other for other_view, other in held if other_view == view])
                        for server in _name_servers(topology, view, held[view, child])
                    ),
                ],
            },
        )


def _name_servers(topology: Topology, view: str, zone: ZoneInput | PinpointInput) -> list[Arguments]:
    """The servers of a zone, the one that is changed first, at the addresses that those who see the view reach."""
    copies = zone.copies if isinstance(zone, ZoneInput) else ()
    return [
        {"name": name, "addresses": _addresses_in(topology, view, topology.servers.get(name))}
        for name in dict.fromkeys([zone.server, *copies])
    ]


def _addresses_in(topology: Topology, view: str, server: Server | None) -> list[str]:
    """A server's addresses in networks that see the view; else all, as the Internet sees them where it is outside."""
    if server is None:
        return []
    address_of = server.public if view == "external" else server.address
    usual = [address for name in server.given.addresses.given() if (address := address_of(name))]
    return [str(address) for address in _seeing(topology, view, server) or usual]


def _delegated(zone: str, others: t.Collection[str]) -> list[str]:
    """Zones of ours below a zone, but those below another of them."""
    below = sorted(other for other in others if other.endswith(f".{zone}"))
    return [name for name in below if not any(name.endswith(f".{other}") for other in below)]


def _resolvers(topology: Topology, view: str) -> Arguments:
    """Resolvers of the inventory that answer those who see the view; they are asked what they tell of its zones."""
    found = [str(address) for server in topology.of_type("resolver") for address in _seeing(topology, view, server)]
    return {"resolvers": found} if found else {}


def _vantages(topology: Topology, view: str) -> Arguments:
    """Hosts of the inventory that clients who see the view look from, whose own resolvers are asked."""
    found = [
        server.name
        for server in topology.of_type("vantage")
        if may_connect(topology, server) and _seeing(topology, view, server)
    ]
    return {"vantages": found} if found else {}


def _seeing(topology: Topology, view: str, server: Server) -> list[Address]:
    """The addresses of a server in networks that see the view."""
    own = [address for name in server.given.addresses.given() if (address := server.address(name))]
    networks = {address: server.given.network or topology.networks.locate(address) for address in own}
    return [each for each in own if VIEW_OF_ZONE.get(topology.networks.zone(networks[each])) == view]


def _zones_held(topology: Topology, plan: Plan) -> dict[tuple[str, str], ZoneInput | PinpointInput]:
    """Zones by view and name: those of the inventory, planned records or not, and those made for a single name."""
    owned = topology.estate.dns.zones
    held: dict[tuple[str, str], ZoneInput | PinpointInput] = {
        (zone.view, (zone.name or key).lower()): zone for key, zone in owned.items()
    }
    for zone in plan.zones:
        if zone.pinpoint:
            held[zone.view, zone.name] = topology.estate.dns.pinpoint[t.cast("t.Any", zone.view)]
    return held


def balancer_slices(topology: Topology, plan: Plan) -> t.Iterator[Slice]:
    """Each balancer's services, and the addresses it holds for them."""
    by_balancer: dict[str, list[Arguments]] = {}
    for service in plan.services:
        if not service.balancer:
            continue
        members = [
            {"name": name, "address": address} for name, address in zip(service.members, service.addresses, strict=True)
        ]
        by_balancer.setdefault(service.balancer, []).append(
            {
                **_planned(service),
                "vip": service.vip,
                "port": service.port,
                "protocol": service.protocol,
                "members": members,
                "method": service.method,
                "affinity": service.affinity,
                "idle_seconds": service.idle_seconds,
                "idle_reset": service.idle_reset,
                "terminate": service.terminate,
                "member_port": service.member_port,
                "check_port": service.check_port,
                "nat": service.nat,
                "snat": list(service.snat),
            }
        )
    for balancer, services in sorted(by_balancer.items()):
        pair = pair_of(topology, balancer)
        for name, more in _halves(pair) if pair else ((balancer, {}),):
            addresses = _held(topology, name, services)
            yield Slice(
                "load_balancer", name, {"state": "replaced", "services": services, "addresses": addresses, **more}
            )


def _halves(pair: BalancerPair) -> t.Iterator[tuple[str, Arguments]]:
    """What each of two balancers knows of itself and of the other."""
    for own, other, priority in ((pair.first, pair.second, 150), (pair.second, pair.first, 100)):
        yield (
            own.name,
            {
                "pair": {
                    "virtual_router": pair.virtual_router,
                    "interface": own.card,
                    "address": str(own.address),
                    "peer": str(other.address),
                    "priority": priority,
                }
            },
        )


def _held(topology: Topology, balancer: str, services: t.Iterable[Arguments]) -> list[Arguments]:
    """Addresses that a balancer has of its own or for its services, each with the card towards its network.

    An address in none of its networks is routed to it, and put on its first card.
    """
    cards = {network: card for card, network in given_balancer(topology, balancer).interfaces.items()}
    if not cards:
        return []
    wanted = dict.fromkeys(address for service in services for address in (service["vip"], *service["snat"]))
    located = {address: topology.networks.locate(ipaddress.IPv4Address(address)) for address in wanted}
    first = next(iter(cards.values()))
    return [{"address": address, "interface": cards.get(located[address] or "", first)} for address in wanted]


def _certificates(topology: Topology, plan: Plan) -> t.Iterator[Slice]:
    """What each kind of issuer is asked for; a key that several hosts share is asked for once."""
    by_issuer: dict[str, list[Arguments]] = {}
    for certificate in plan.certificates:
        by_issuer.setdefault(certificate.issuer, []).append(
            {
                **_planned(certificate),
                "subject": certificate.subject,
                "sans": [san.name for san in certificate.sans],
                "eku": list(certificate.eku),
                "key_algorithm": certificate.key_algorithm,
                "key_bits": certificate.key_bits,
                "own_key": certificate.own_key,
                "hosts": list(certificate.hosts),
                "crl_distribution_point": certificate.crl_distribution_point,
            }
        )
    for issuer, requests in sorted(by_issuer.items()):
        policy = topology.estate.certificates
        holders = dict.fromkeys(host for request in requests for host in request["hosts"])
        yield Slice(
            "certificate_request",
            issuer,
            {
                "state": "replaced",
                "issuer": issuer,
                "organisation": policy.organisation,
                "country": policy.country,
                "renew_days": policy.renew_days,
                "by_hand": [host for host in holders if not may_connect(topology, topology.servers[host])],
                "requests": requests,
            },
        )


def _publications(topology: Topology, plan: Plan) -> t.Iterator[Slice]:
    """What is published by the reverse proxies that the inventory says are HAProxy; for others people do it."""
    for proxy, items in publication_items(plan.publications, plan.certificates).items():
        if topology.servers[proxy].given.backend.get("reverse_proxy") == HAPROXY:
            yield Slice("publications", proxy, {"state": "replaced", "publications": items})


def _registries(topology: Topology, plan: Plan) -> t.Iterator[Slice]:
    """Values of each host, and of each Group Policy object in a folder of the domain controller that takes them.

    What is left to Windows is in nobody's slice.
    """
    controller = next((server.name for server in topology.of_type("domain_controller")), "")
    by_target: dict[tuple[str, str], list[Arguments]] = {}
    for value in plan.qos.registry:
        if value.state == "present":
            by_target.setdefault((value.target, value.gpo), []).append(
                {
                    **_planned(value),
                    "hive": value.hive,
                    "key": value.key,
                    "name": value.name,
                    "type": value.type,
                    "data": value.data,
                }
            )
    for (target, gpo), values in sorted(by_target.items()):
        arguments = {"state": "replaced", "target": target, "gpo": gpo, "values": values}
        if gpo and controller:
            yield Slice("qos_registry", f"{controller}/{target}", {**arguments, "domain_controller": controller})
        else:
            yield Slice("qos_registry", target, arguments)
