# SPDX-License-Identifier: GPL-3.0-or-later
"""Planned flows: each has a way from its source to its destination, and added ones have ends that exist."""

from __future__ import annotations

import typing as t

from ...findings import Violation, violation
from ...schema.problems import join, nearest
from ...topology.model import Topology
from ..extra_flows import read_end
from ..plan import Plan


def passable(topology: Topology, plan: Plan) -> t.Iterator[Violation]:
    """Between the networks of a flow there is a chain of firewalls, or none is needed."""
    networks = topology.networks
    by_name = {item.name: tuple(dict.fromkeys(map(networks.segment, item.networks))) for item in plan.sets}
    seen: set[tuple[tuple[str, ...], tuple[str, ...]]] = set()
    passed: set[tuple[str, str]] = set()
    reported: set[frozenset[str]] = set()
    for flow in plan.flows:
        # What a balancer hands on has its way from the balancer, which its own flow already stands for.
        if flow.leg == "to_member":
            continue
        pair = (by_name[flow.source], by_name[flow.destination])
        if pair in seen:
            continue
        seen.add(pair)
        for start in pair[0]:
            for end in pair[1]:
                if (start, end) in passed:
                    continue
                passed.add((start, end))
                ends = frozenset((start, end))
                if ends not in reported and networks.path(start, end) is None:
                    reported.add(ends)
                    yield _impassable(topology, start, end, flow.purpose, flow.why)


def _impassable(topology: Topology, start: str, end: str, purpose: str, why: tuple[str, ...]) -> Violation:
    named = next((name for name in (start, end) if name in topology.estate.networks), "")
    return violation(
        "finding.no-way",
        join("uc_networks", named) if named else "uc_networks",
        source=_words(start),
        destination=_words(end),
        purpose=purpose,
        why=why,
    )


def _words(segment: str) -> str:
    return {"(internet)": "the Internet", "(internal routing)": "the internal network"}.get(segment, segment)


def ends_of_extra_flows(topology: Topology, _plan: Plan) -> t.Iterator[Violation]:
    """Every end of an added flow is a host, a network or a CIDR, and has an address."""
    known = (*topology.servers, *topology.estate.networks)
    for index, given in enumerate(topology.estate.extra_flows):
        for key, words in (("from", given.source), ("to", given.destination)):
            path = f"uc_extra_flows[{index}].{key}"
            end = read_end(topology, words)
            for word in end.unknown:
                yield violation("finding.extra-flow-end", path, value=word, nearest=nearest(word, known))
            for host in end.hosts:
                if not topology.servers[host].given.addresses.given():
                    yield violation("finding.extra-flow-host", path, value=host)


CHECKS = (passable, ends_of_extra_flows)
