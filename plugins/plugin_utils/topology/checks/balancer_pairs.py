# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of balancers that stand in for others."""

from __future__ import annotations

import typing as t

from ...findings import Violation, violation
from ..balancing import given_balancer
from ..model import Server, Topology
from ..pairing import pair_of, stand_ins

_PATH = "uc_balancer.stands_in_for"


def targets(topology: Topology) -> t.Iterator[Violation]:
    """A balancer stands in for another of its site, of software, that has no other stand-in and is none."""
    for server in _standing_in(topology):
        allowed = [name for name in _first(topology) if topology.servers[name].site == server.site]
        first = given_balancer(topology, server.name).stands_in_for
        others = [other.name for other in stand_ins(topology, first) if other.name < server.name]
        if first not in allowed or others:
            yield violation(
                "finding.stand-in-target",
                _PATH,
                host=server.name,
                value=first,
                allowed=", ".join(allowed),
            )


def meeting(topology: Topology) -> t.Iterator[Violation]:
    """Both of a pair have addresses of their own in a network in which they hear of each other."""
    for server in _standing_in(topology):
        first = given_balancer(topology, server.name).stands_in_for
        if first in _first(topology) and not pair_of(topology, first):
            yield violation("finding.stand-in-apart", _PATH, host=server.name, value=first)


def routers(topology: Topology) -> t.Iterator[Violation]:
    """Pairs in a network have numbers of their own."""
    taken: dict[tuple[str, int], str] = {}
    for name in _first(topology):
        pair = pair_of(topology, name)
        if pair is None:
            continue
        other = taken.setdefault((pair.network, pair.virtual_router), name)
        if other != name:
            yield violation(
                "finding.virtual-router-taken",
                "uc_balancer.virtual_router",
                host=name,
                value=pair.virtual_router,
                other=other,
                network=pair.network,
            )


def _standing_in(topology: Topology) -> list[Server]:
    return [each for each in topology.of_type("load_balancer") if given_balancer(topology, each.name).stands_in_for]


def _first(topology: Topology) -> list[str]:
    """Balancers that another may stand in for."""
    return [
        each.name
        for each in topology.of_type("load_balancer")
        if given_balancer(topology, each.name).kind == "software"
        and not given_balancer(topology, each.name).stands_in_for
    ]


CHECKS = (targets, meeting, routers)
