# SPDX-License-Identifier: GPL-3.0-or-later
"""Which certificates are shown where a flow ends, and which one the server that opens it shows."""

from __future__ import annotations

import itertools
import typing as t

from ..planning.certificates import CertificateSpec
from ..planning.flows import Flow
from ..planning.parties import RoleParty, role_party
from ..planning.plan import Plan

# A cluster, one of its roles, and the interface of that.
Listener = tuple[str, str, str]

_MUTUAL: t.Final = "mtls"
_BALANCED: t.Final = ("to_vip", "to_member")


class Shown:
    """The certificates of a plan, by the listeners that show them."""

    def __init__(self, plan: Plan) -> None:
        self._services = {service.id: service for service in plan.services}
        self._by_listener: dict[Listener, list[CertificateSpec]] = {}
        self._mutual: dict[str, list[CertificateSpec]] = {}
        for spec in plan.certificates:
            for listener in _listeners(spec):
                self._by_listener.setdefault(listener, []).append(spec)
            if _MUTUAL in spec.uses:
                for host in spec.hosts:
                    self._mutual.setdefault(host, []).append(spec)

    def at(self, flow: Flow, host: str) -> tuple[CertificateSpec, ...]:
        """Where a flow ends at a host: behind a virtual address the certificates of all its members."""
        service = self._services.get(flow.service)
        if service and flow.leg in _BALANCED:
            behind = self._by_listener.get((service.cluster, service.role, service.interface), ())
            return tuple(spec for spec in behind if flow.leg == "to_vip" or host in spec.hosts)
        party, _at, cluster = flow.destination.partition("@")
        wanted, owner = role_party(party), cluster.partition(":")[0]
        found = {
            spec.id: spec
            for role, interface in itertools.product(wanted.roles, wanted.interfaces)
            for spec in self._by_listener.get((owner, role, interface), ())
            if host in spec.hosts
        }
        return tuple(found.values())

    def by(self, flow: Flow, host: str) -> CertificateSpec | None:
        """By a host that opens a flow with mutual TLS: that of the service which opens it, or the one for all of it."""
        held = self._mutual.get(host, [])
        party = role_party(flow.source.partition("@")[0])
        own = (spec for spec in held if any(_is_of(party, listener) for listener in _listeners(spec)))
        return next(own, next(iter(held), None))


def common_names(specs: t.Sequence[CertificateSpec]) -> list[str]:
    """Names that stand on each of them."""
    return [name for name in specs[0].names if all(name in spec.names for spec in specs)]


def _is_of(party: RoleParty, listener: Listener) -> bool:
    _owner, role, interface = listener
    return role in party.roles and interface in party.interfaces


def _listeners(spec: CertificateSpec) -> t.Iterator[Listener]:
    for listener in spec.listeners:
        role, _colon, interface = listener.partition(":")
        yield spec.cluster, role, interface or "internal"
