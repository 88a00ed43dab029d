# SPDX-License-Identifier: GPL-3.0-or-later
"""What certificates are to be on the wire, worked out from the plan: one list of checks for each vantage.

A check is one address and port that a flow with TLS leads to, as the vantage opens it, or one of the vantage itself, so
that each member behind a virtual address is looked at, and a server right after its certificate changed. It has the
names, uses and certificates that may be shown there, whether all of an array show the same key, whether its revocation
lists are to be fetched, and the certificate of its own that the vantage shows where the flow is mutual.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ..planning.base import Stages
from ..planning.certificates import CertificateSpec
from ..planning.flows import Flow
from ..planning.parties import EndpointSet
from ..planning.plan import Plan
from ..topology.model import Topology
from .goals import Goal, goals_of
from .ports import span
from .shown import Shown, common_names
from .vantages import Vantage, vantages_of

Arguments = dict[str, t.Any]
# What is spoken before TLS begins, where it begins later than the connection.
_STARTTLS: t.Final = ("xmpp",)
_MUTUAL: t.Final = "mtls"


@dataclasses.dataclass(slots=True)
class _Check:
    """A check in the making; several flows may lead to the same place."""

    host: str
    address: str
    port: int
    source: str
    specs: tuple[CertificateSpec, ...]
    client: CertificateSpec | None
    starttls: str
    rank: int
    stage: str
    why: dict[str, None]

    def as_item(self) -> Arguments:
        """As an item of the slice: what is left out is not asked for."""
        first = self.specs[0]
        shared = first.id if len(self.specs) == 1 and first.shared != "host" else ""
        item: Arguments = {
            "id": f"{self.source}>{self.address}:{self.port}",
            "stage": self.stage,
            "why": list(self.why),
            "host": self.host,
            "address": self.address,
            "port": self.port,
            "source_address": self.source,
            "server_name": first.subject,
            "names": common_names(self.specs),
            "eku": [use for use in first.eku if all(use in spec.eku for spec in self.specs)],
            "certificates": [spec.id for spec in self.specs],
            "issuer": first.issuer,
            "revocation": all(spec.crl_distribution_point for spec in self.specs),
        }
        more = {"client": self.client.id if self.client else "", "same_key": shared, "starttls": self.starttls}
        return {**item, **{key: value for key, value in more.items() if value}}


def checks_of(topology: Topology, plan: Plan) -> t.Iterator[tuple[str, tuple[Arguments, ...]]]:
    """Each vantage with its checks."""
    looking = _Looking(topology, plan)
    for vantage in vantages_of(topology):
        found: dict[tuple[str, str, int], _Check] = {}
        for check in (*looking.along(vantage), *looking.at_itself(vantage)):
            _add(found, check)
        yield vantage.host, tuple(check.as_item() for check in found.values())


def _has_tls(flow: Flow) -> bool:
    return flow.protocol == "tcp" and bool(flow.tls or flow.application in _STARTTLS)


def _arriving(plan: Plan, flows: t.Sequence[Flow]) -> t.Iterator[tuple[Flow, str]]:
    """Flows with TLS that end at servers, with how it is proven by all who come through the same balancer."""
    yield from ((flow, flow.tls) for flow in flows if flow.leg == "direct")
    spoken: dict[str, set[str]] = {}
    for flow in flows:
        spoken.setdefault(flow.service, set()).add(flow.tls)
    passing = {service.id for service in plan.services if not service.terminate}
    for flow in plan.flows:
        if flow.leg == "to_member" and flow.service in passing & spoken.keys():
            yield flow, "tls" if "tls" in spoken[flow.service] else _MUTUAL


class _Looking:
    """From vantages along the flows of a plan."""

    def __init__(self, topology: Topology, plan: Plan) -> None:
        self._sets: t.Mapping[str, EndpointSet] = {item.name: item for item in plan.sets}
        self._shown = Shown(plan)
        self._stages = Stages(topology.catalogue)
        self._flows = [flow for flow in plan.flows if _has_tls(flow)]
        self._arriving: dict[str, list[tuple[Flow, str, str]]] = {}
        for flow, tls in _arriving(plan, self._flows):
            for member in self._sets[flow.destination].members:
                self._arriving.setdefault(member.host, []).append((flow, tls, member.address))

    def along(self, vantage: Vantage) -> t.Iterator[_Check]:
        """Where flows of the vantage lead."""
        for flow in self._flows:
            source = vantage.knocks_as(self._sets[flow.source])
            if source is None:
                continue
            client = self._shown.by(flow, vantage.host) if flow.tls == _MUTUAL else None
            # A server that wants a certificate shows its own to nobody who has none.
            if client or flow.tls != _MUTUAL:
                for goal in goals_of(flow, self._sets):
                    yield from self._at(goal, flow, source, client)

    def at_itself(self, vantage: Vantage) -> t.Iterator[_Check]:
        """Where flows lead to the vantage, which shows itself what it shows others."""
        for flow, tls, address in self._arriving.get(vantage.host, ()):
            own = next(iter(self._shown.at(flow, vantage.host)), None) if tls == _MUTUAL else None
            if own or tls != _MUTUAL:
                yield from self._at(Goal(vantage.host, address), flow, address, own)

    def _at(self, goal: Goal, flow: Flow, source: str, client: CertificateSpec | None) -> t.Iterator[_Check]:
        specs = self._shown.at(flow, goal.host)
        stage = max((flow.stage, *(spec.stage for spec in specs)), key=self._stages.rank)
        for port in flow.ports if specs else ():
            first, last = span(port)
            # On ports of a range servers listen only while they need one.
            if first == last:
                yield _Check(
                    host=goal.host,
                    address=goal.address,
                    port=first,
                    source=source,
                    specs=specs,
                    client=client,
                    starttls=flow.application if flow.application in _STARTTLS and not flow.tls else "",
                    rank=self._stages.rank(stage),
                    stage=stage,
                    why=dict.fromkeys(flow.why),
                )


def _add(found: dict[tuple[str, str, int], _Check], check: _Check) -> None:
    """Join those that look at the same place; the earliest stage counts, and who has a certificate shows it."""
    known = found.setdefault((check.source, check.address, check.port), check)
    if known is check:
        return
    known.why.update(check.why)
    known.client = known.client or check.client
    if check.rank < known.rank:
        known.rank, known.stage = check.rank, check.stage
