# SPDX-License-Identifier: GPL-3.0-or-later
"""The flow matrix, and the ports that each server listens on."""

from __future__ import annotations

import typing as t

from ..planning.flows import Flow
from ..planning.parties import EndpointSet
from ..planning.plan import Plan
from ..topology.model import Topology
from .tables import Cell, comma_separated, markdown, page

_COLUMNS = ("id", "stage", "source", "source addresses", "source ports", "destination", "destination addresses",
            "protocol", "ports", "application", "purpose", "firewalls", "why")  # fmt: skip


def render(_topology: Topology, plan: Plan) -> t.Iterator[tuple[str, str]]:
    """flows.csv with every flow, flows.md with those that cross a firewall, ports.md by listener."""
    yield "flows.csv", comma_separated(*flow_rows(plan))
    yield (
        "flows.md",
        page(
            "Flows through firewalls",
            "What each firewall has to let through; flows.csv holds all flows with their addresses.",
            *(part for firewall, flows in _by_firewall(plan).items() for part in _of_firewall(firewall, flows)),
        ),
    )
    yield (
        "ports.md",
        page("Listening ports", "Ports that each set of servers listens on, and who connects to them.", _ports(plan)),
    )


def flow_rows(plan: Plan) -> tuple[tuple[str, ...], list[tuple[Cell, ...]]]:
    """Columns and rows of the flow matrix."""
    addresses = {item.name: ", ".join(_addresses(item)) for item in plan.sets}
    return _COLUMNS, [_full(flow, addresses) for flow in plan.flows]


def _full(flow: Flow, addresses: t.Mapping[str, str]) -> tuple[Cell, ...]:
    return (
        flow.id,
        flow.stage,
        flow.source,
        addresses[flow.source],
        flow.source_ports,
        flow.destination,
        addresses[flow.destination],
        flow.protocol,
        flow.ports,
        flow.application,
        flow.purpose,
        tuple(dict.fromkeys(crossing.firewall for crossing in flow.crossings)),
        flow.why,
    )


def _addresses(endpoints: EndpointSet) -> tuple[str, ...]:
    return (*(member.address for member in endpoints.members), *endpoints.cidrs)


def _by_firewall(plan: Plan) -> dict[str, list[Flow]]:
    found: dict[str, list[Flow]] = {}
    for flow in plan.flows:
        for firewall in dict.fromkeys(crossing.firewall for crossing in flow.crossings):
            found.setdefault(firewall, []).append(flow)
    return found


def _of_firewall(firewall: str, flows: t.Sequence[Flow]) -> t.Iterator[str]:
    yield f"\n## {firewall}\n"
    rows = []
    for flow in flows:
        ways = tuple(f"{c.ingress} → {c.egress}" for c in flow.crossings if c.firewall == firewall)
        rows.append((flow.stage, ways, flow.source, flow.source_ports or "any", flow.destination,
                     flow.protocol, flow.ports or "any", flow.purpose))  # fmt: skip
    yield markdown(("stage", "way", "from", "source ports", "to", "protocol", "ports", "purpose"), rows)


def _ports(plan: Plan) -> str:
    found: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
    for flow in plan.flows:
        found.setdefault((flow.destination, flow.protocol, flow.ports), []).append(flow.source)
    rows = ((*key, tuple(dict.fromkeys(sources))) for key, sources in sorted(found.items()))
    return markdown(("listener", "protocol", "ports", "opened by"), rows)
