# SPDX-License-Identifier: GPL-3.0-or-later
"""Loads against what is supported, and links against what goes over them."""

from __future__ import annotations

import typing as t

from ...findings import Violation, violation
from ...schema.problems import join
from ...topology.model import Topology
from ..bandwidth import BandwidthLine
from ..capacity import CapacityLine
from ..loads import number
from ..plan import Plan

_ADD_UP = ("provision", "minimum")
_LINK_UNIT = "kbit/s"


def limits(topology: Topology, plan: Plan) -> t.Iterator[Violation]:
    """Every supported figure is kept."""
    for line in plan.capacity:
        if line.finding and line.verdict in ("exceeded", "too_little"):
            yield from _of_servers(topology, line) if line.least and not line.limit else (_exceeded(line),)


def _exceeded(line: CapacityLine) -> Violation:
    more = f"; {line.servers_needed} servers are needed instead of {line.servers}" if line.servers_needed else ""
    return violation(
        line.finding,
        line.path,
        host=line.host,
        value=number(line.load),
        allowed=_allowed(line),
        why=line.why,
        figure=line.figure,
        subject="the estate" if line.subject == "estate" else line.subject,
        unit=line.unit,
        load=number(line.load),
        limit=number(line.limit or line.least),
        servers=more,
    )


def _allowed(line: CapacityLine) -> str:
    if line.least and line.limit:
        return f"{number(line.least)} to {number(line.limit)} {line.unit}"
    return f"up to {number(line.limit)} {line.unit}" if line.limit else f"at least {number(line.least)} {line.unit}"


def _of_servers(topology: Topology, line: CapacityLine) -> t.Iterator[Violation]:
    """A figure of network cards is reported where it is wrong."""
    for server in topology.servers.values():
        if 0 < server.given.nic_gbps < line.least:
            value = number(server.given.nic_gbps)
            yield violation(
                line.finding, line.path, host=server.name, value=value, allowed=_allowed(line), why=line.why
            )


def links(_topology: Topology, plan: Plan) -> t.Iterator[Violation]:
    """Links of sites and of clients carry what is to go over them."""
    together: dict[tuple[str, str], list[BandwidthLine]] = {}
    for line in plan.bandwidth:
        if line.use in _ADD_UP and line.available and line.unit == _LINK_UNIT:
            together.setdefault((line.subject, line.client), []).append(line)
    for (subject, client), needs in together.items():
        need = sum(line.total for line in needs)
        if need > needs[0].available:
            yield _client(client, needs, need) if client else _site(subject, needs, need)


def _site(subject: str, needs: t.Sequence[BandwidthLine], need: float) -> Violation:
    largest = max(needs, key=lambda line: line.total)
    return violation(
        "finding.narrow-link",
        join("uc_sites", subject) + ".link_kbps",
        value=number(needs[0].available),
        allowed=f"at least {number(need)} kbit/s",
        why=_why(needs),
        subject=subject,
        need=number(need),
        figure=largest.figure,
        part=number(largest.total),
    )


def _client(client: str, needs: t.Sequence[BandwidthLine], need: float) -> Violation:
    return violation(
        "finding.narrow-client",
        join("uc_clients", needs[0].subject) + ".link_kbps",
        value=number(needs[0].available),
        allowed=f"at least {number(need)} kbit/s",
        why=_why(needs),
        subject=needs[0].subject,
        client=client,
        need=number(need),
    )


def _why(lines: t.Iterable[BandwidthLine]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(row for line in lines for row in line.why))


CHECKS = (limits, links)
