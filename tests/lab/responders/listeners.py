# SPDX-License-Identifier: GPL-3.0-or-later
"""What the hosts of a plan listen on, worked out from its flows. Pure: no I/O.

A host listens on addresses that it owns itself; a balanced address is its balancer's affair. What a balancer sends on
is said by the flows that reach the balanced address, so a member speaks what those speak, unless TLS ends before it.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.certificates import CertificateSpec
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.flows import Flow
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.load_balancing import Service
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.parties import EndpointSet, Member, role_party
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.plan import Plan
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.model import Server, Topology

from ..errors import LabError

Transport = t.Literal["plain", "tls", "mtls", "tls_or_mtls", "starttls"]
# What is spoken before TLS begins, where it begins later than the connection.
STARTTLS: t.Final = ("xmpp",)
ANY_PORT: t.Final = "1-65535"
CERTIFICATES: t.Final = "/etc/openuc/certificates"
STATUS: t.Final = "/run/openuc-responder/status.sock"


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class Listener:
    """A port, or a range of ports, of one address of a host.

    `tls_or_mtls` is a port that clients reach with TLS and servers with mutual TLS: a certificate is asked for, not
    demanded. `starttls` is one on which clients may ask for TLS in what they speak. `applications` are all that are
    spoken there; `certificate` is the id of the specification of the certificate that is shown, empty where the plan
    has none.
    """

    address: str
    protocol: str
    port: str
    transport: Transport
    applications: tuple[str, ...]
    certificate: str
    flows: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class _Place:
    host: str
    address: str
    protocol: str
    port: str

    def __str__(self) -> str:
        return f"{self.host}, {self.protocol} {self.address}:{self.port}"


@dataclasses.dataclass(frozen=True, slots=True)
class _Need:
    """What one flow asks of a place."""

    flow: str
    tls: str
    application: str
    certificate: str


@dataclasses.dataclass(frozen=True, slots=True)
class _Role:
    """As what a host is reached: the cluster, and the roles and interfaces that the flow names."""

    cluster: str
    roles: tuple[str, ...]
    interfaces: tuple[str, ...]


class ListenerConflictError(LabError):
    """Flows of a plan ask for different things of the same port. The message has one line for each such port."""


def listeners_of(topology: Topology, plan: Plan, leave_out: t.Collection[str] = ()) -> dict[str, tuple[Listener, ...]]:
    """Listeners by host, both in a stable order; none for hosts where the real server runs."""
    needs = _needs(topology, plan, frozenset(leave_out))
    conflicts = [line for place, asked in needs.items() for line in _conflicts(place, asked)]
    if conflicts:
        raise ListenerConflictError("\n".join(conflicts))
    found: dict[str, list[Listener]] = {}
    for place, asked in needs.items():
        found.setdefault(place.host, []).append(_merged(place, asked))
    return {host: tuple(sorted(found[host], key=_by_port)) for host in sorted(found)}


def config_of(
    host: str, listeners: t.Iterable[Listener], certificates: str = CERTIFICATES, status: str = STATUS
) -> dict[str, t.Any]:
    """The configuration of the responder of a host, ready to be written as JSON."""
    return {
        "host": host,
        "status": status,
        "certificates": certificates,
        "listeners": [
            {
                "address": listener.address,
                "protocol": listener.protocol,
                "port": listener.port,
                "transport": listener.transport,
                "application": "+".join(listener.applications),
                "certificate": {"id": listener.certificate} if listener.certificate else None,
                "flows": list(listener.flows),
            }
            for listener in listeners
        ],
    }


def _needs(topology: Topology, plan: Plan, leave_out: frozenset[str]) -> dict[_Place, list[_Need]]:
    sets = {endpoints.name: endpoints for endpoints in plan.sets}
    services = {service.id: service for service in plan.services}
    shown = _Shown(topology, plan.certificates)
    before = _before_balancers(plan.flows)
    needs: dict[_Place, list[_Need]] = {}
    for flow in plan.flows:
        if flow.leg == "to_vip" or flow.protocol not in ("tcp", "udp"):
            continue
        service = services.get(flow.service)
        reached_as = _reached_as(flow, service)
        for member in _own(topology, sets[flow.destination], leave_out):
            for port in flow.ports or (ANY_PORT,):
                place = _Place(member.host, member.address, flow.protocol, port)
                for spoken in _spoken(flow, service, before):
                    tls = spoken.tls or ("starttls" if spoken.application in STARTTLS else "")
                    certificate = shown.certificate(reached_as, member, spoken) if tls else ""
                    need = _Need(spoken.id, tls, spoken.application, certificate)
                    if need not in needs.setdefault(place, []):
                        needs[place].append(need)
    return needs


def _before_balancers(flows: t.Iterable[Flow]) -> dict[str, list[Flow]]:
    """Flows to the balanced address of each service."""
    found: dict[str, list[Flow]] = {}
    for flow in flows:
        if flow.leg == "to_vip":
            found.setdefault(flow.service, []).append(flow)
    return found


def _own(topology: Topology, endpoints: EndpointSet, leave_out: frozenset[str]) -> t.Iterator[Member]:
    """Members of a set that are addresses which a host itself has."""
    for member in endpoints.members:
        server = topology.servers.get(member.host)
        if server and member.host not in leave_out and member.address in _addresses(server).values():
            yield member


def _addresses(server: Server) -> dict[str, str]:
    return {name: str(server.address(name)) for name in server.given.addresses.given()}


def _reached_as(flow: Flow, service: Service | None) -> _Role | None:
    """As what the hosts of a destination are reached; None for flows that the inventory adds, which name hosts."""
    if service:
        return _Role(service.cluster, (service.role,), (service.interface,))
    party, at, cluster = flow.destination.partition("@")
    if not at:
        return None
    wanted = role_party(party)
    return _Role(cluster, wanted.roles, wanted.interfaces)


def _spoken(flow: Flow, service: Service | None, before: t.Mapping[str, t.Sequence[Flow]]) -> tuple[Flow, ...]:
    """The flow, and what reaches the balancer where the flow is what it sends on."""
    if service is None or flow.leg != "to_member":
        return (flow,)
    reaching = before.get(service.id, ())
    if service.terminate:
        return tuple(dataclasses.replace(one, tls="") for one in (flow, *reaching))
    return (flow, *reaching)


class _Shown:
    """The certificates that listeners show."""

    def __init__(self, topology: Topology, specs: t.Iterable[CertificateSpec]) -> None:
        self._topology = topology
        self._specs: dict[tuple[str, str], list[CertificateSpec]] = {}
        for spec in specs:
            for host in spec.hosts:
                self._specs.setdefault((spec.cluster, host), []).append(spec)

    def certificate(self, reached_as: _Role | None, member: Member, flow: Flow) -> str:
        """Id of the specification; where several would do, of the one that is for what the flow speaks."""
        if reached_as is None:
            return ""
        interface = self._interface(reached_as, member)
        suited = [
            spec
            for spec in self._specs.get((reached_as.cluster, member.host), ())
            if any(self._shows(listener, reached_as, interface) for listener in spec.listeners)
        ]
        fitting = [spec for spec in suited if flow.application in spec.uses or flow.tls in spec.uses]
        return next((spec.id for spec in [*fitting, *suited]), "")

    def _interface(self, reached_as: _Role, member: Member) -> str:
        addresses = _addresses(self._topology.servers[member.host])
        return next((name for name in reached_as.interfaces if addresses.get(name) == member.address), "")

    @staticmethod
    def _shows(listener: str, reached_as: _Role, interface: str) -> bool:
        party = role_party(listener)
        return bool(set(party.roles) & set(reached_as.roles)) and interface in party.interfaces


def _conflicts(place: _Place, needs: t.Sequence[_Need]) -> t.Iterator[str]:
    """A port that would have to show two certificates."""
    showing = {need.certificate: need for need in reversed(needs) if need.certificate}
    if len(showing) > 1:
        first, *others = sorted(showing.values(), key=needs.index)
        for other in others:
            yield (
                f"{place}: {first.flow} needs the certificate {first.certificate}, and {other.flow} needs "
                f"{other.certificate}, but a port shows one. Give one of them another address or port in the inventory."
            )


def _merged(place: _Place, needs: t.Sequence[_Need]) -> Listener:
    return Listener(
        address=place.address,
        protocol=place.protocol,
        port=place.port,
        transport=_transport({need.tls for need in needs}),
        applications=tuple(sorted({need.application for need in needs if need.application})),
        certificate=next((need.certificate for need in needs if need.certificate), ""),
        flows=tuple(dict.fromkeys(need.flow for need in needs)),
    )


def _transport(asked: set[str]) -> Transport:
    """TLS beats plain, since health checks and what only connects are planned without it."""
    if {"tls", "mtls"} <= asked:
        return "tls_or_mtls"
    if "mtls" in asked:
        return "mtls"
    if "tls" in asked:
        return "tls"
    return "starttls" if "starttls" in asked else "plain"


def _by_port(listener: Listener) -> tuple[tuple[int, ...], str, tuple[int, ...]]:
    address = tuple(int(part) for part in listener.address.split("."))
    return address, listener.protocol, tuple(int(end) for end in listener.port.split("-"))
