# SPDX-License-Identifier: GPL-3.0-or-later
"""Marks of media, followed from each vantage: what is sent, and what is planned to be left of it at the other end."""

from __future__ import annotations

import ipaddress
import typing as t

from ..planning.base import Stages
from ..planning.flows import Flow
from ..planning.plan import Plan
from ..planning.qos_items import Marking, NetworkMark
from ..topology.model import Topology
from ..topology.network_map import Crossing
from .goals import Goal, goals_of
from .ports import one_of, span
from .vantages import vantages_of

Arguments = dict[str, t.Any]


def traces_of(topology: Topology, plan: Plan) -> t.Iterator[tuple[str, tuple[Arguments, ...]]]:
    """Each vantage with the marks that it follows; of those, one for each way through the network is enough."""
    classes = {marking.expected: marking for marking in reversed(plan.qos.markings)}
    media = [flow for flow in plan.flows if flow.protocol == "udp" and any("-" in port for port in flow.ports)]
    sets = {item.name: item for item in plan.sets}
    tracer = _Tracer(topology, plan)
    for vantage in vantages_of(topology):
        ways: dict[object, Arguments] = {}
        for flow in media:
            source = vantage.knocks_as(sets[flow.source])
            for goal in goals_of(flow, sets) if source else ():
                # A host sends nothing to itself through the network.
                if source is None or goal.host == vantage.host:
                    continue
                for mark, marking in sorted(classes.items(), reverse=True):
                    way = (source, tracer.network(goal.address), mark)
                    ways.setdefault(way, tracer.trace(flow, goal, source, marking))
        yield vantage.host, tuple(ways.values())


class _Tracer:
    """Knows what firewalls are planned to do with marks."""

    def __init__(self, topology: Topology, plan: Plan) -> None:
        self._topology = topology
        self._stages = Stages(topology.catalogue)
        self._marks = plan.qos.network

    def network(self, address: str) -> str:
        """The network that an address lies in; the address where it lies in none."""
        return self._topology.networks.locate(ipaddress.IPv4Address(address)) or address

    def trace(self, flow: Flow, goal: Goal, source: str, marking: Marking) -> Arguments:
        """One mark on its way, from a port of the medium to one that nobody is likely to listen on."""
        salt = f"mark:{source}>{goal.address}"
        ports = next(port for port in flow.ports if "-" in port)
        port, source_port = _quiet(ports, salt), one_of(flow.source_ports, salt)
        passed = list(self._passed(self._way(flow, source, goal.address), source_port, port))
        arrives = marking.expected
        for mark in passed:
            arrives = {"set": mark.dscp, "clear": 0}.get(mark.action, arrives)
        item: Arguments = {
            "id": f"mark:{source}>{goal.address}:{port}/{marking.expected}",
            "stage": max((flow.stage, *(mark.stage for mark in passed)), key=self._stages.rank),
            "why": list(dict.fromkeys((*flow.why, *marking.why, *(row for mark in passed for row in mark.why)))),
            "items": [flow.id, marking.id, *(mark.id for mark in passed)],
            "kind": "mark",
            "host": goal.host,
            "address": goal.address,
            "port": port,
            "dscp": marking.expected,
            "expect": arrives,
        }
        return {**item, "source_port": source_port} if source_port else item

    def _way(self, flow: Flow, source: str, address: str) -> tuple[Crossing, ...]:
        """Firewalls on the way. One that has both networks at its own interfaces may mark it unasked."""
        here, there = self.network(source), self.network(address)
        between = (
            Crossing(firewall, ingress, egress)
            for firewall, interfaces in sorted(self._topology.networks.firewalls.items())
            for ingress, near in interfaces.items()
            for egress, far in interfaces.items()
            if (near, far) == (here, there) and ingress != egress
        )
        return flow.crossings or tuple(between)[:1]

    def _passed(self, way: t.Iterable[Crossing], source_port: int, port: int) -> t.Iterator[NetworkMark]:
        """What each firewall on the way does: the first that fits, as those for ports stand before those for all."""
        for crossing in way:
            here = (crossing.firewall, crossing.ingress, crossing.egress)
            fitting = (
                mark
                for mark in self._marks
                if (mark.firewall, mark.ingress, mark.egress) == here
                and mark.protocol in ("", "udp")
                and _is_of(mark, source_port, port)
            )
            yield from (mark for mark in (next(fitting, None),) if mark)


def _quiet(ports: str, salt: str) -> int:
    """A port that nobody is likely to listen on: media goes to even ones."""
    first, last = span(ports)
    return min(one_of(f"{first}-{last - 1}", salt) | 1, last)


def _is_of(mark: NetworkMark, source_port: int, port: int) -> bool:
    if not mark.side:
        return True
    first, last = span(mark.ports)
    return first <= (source_port if mark.side == "source" else port) <= last
