# SPDX-License-Identifier: GPL-3.0-or-later
"""Directors, and the way from pool to pool."""

from __future__ import annotations

import typing as t

from ...findings import Violation, violation
from ...schema.problems import join
from ..model import Topology
from ..rules import PerimeterFact


def director_for_the_outside(topology: Topology) -> t.Iterator[Violation]:
    """Users outside are best met by a Director."""
    estate = topology.estate
    rules = [fact for fact in topology.catalogue.facts(PerimeterFact) if fact.rule == "director_for_remote_access"]
    if rules and estate.edge_pools and topology.has_feature("remote_access") and not _directors(topology):
        yield violation("finding.no-director", "uc_pools", why=tuple(fact.id for fact in rules))


def directors_home_nobody(topology: Topology) -> t.Iterator[Violation]:
    for name in _directors(topology):
        users = topology.estate.pools[name].users
        if users:
            yield violation(
                "finding.director-with-users",
                join(join("uc_pools", name), "users"),
                value=users,
                allowed="0",
                pool=name,
            )


def directors_take_what_edges_send(topology: Topology) -> t.Iterator[Violation]:
    """An Edge pool of a site that has a Director hands over to it."""
    directors = _directors(topology)
    for name, edge in topology.estate.edge_pools.items():
        near = [director for director in directors if topology.clusters[director].site == topology.clusters[name].site]
        if near and edge.next_hop and edge.next_hop not in directors:
            yield violation(
                "finding.director-passed-by",
                join(join("uc_edge_pools", name), "next_hop"),
                value=edge.next_hop,
                allowed=", ".join(near),
                edge=name,
                director=near[0],
            )


def no_circles(topology: Topology) -> t.Iterator[Violation]:
    """Following next hops from pool to pool comes to an end."""
    pools = topology.estate.pools
    reported: set[str] = set()
    for start in pools:
        way = [start]
        while (following := pools[way[-1]].next_hop if way[-1] in pools else "") and following not in way:
            way.append(following)
        if following and not reported & set(way):
            circle = way[way.index(following) :]
            reported.update(circle)
            yield violation(
                "finding.next-hop-circle",
                join(join("uc_pools", circle[-1]), "next_hop"),
                value=following,
                way=" -> ".join([*circle, following]),
            )


def _directors(topology: Topology) -> tuple[str, ...]:
    return tuple(name for name, pool in topology.estate.pools.items() if pool.role == "director")


CHECKS = (director_for_the_outside, directors_home_nobody, directors_take_what_edges_send, no_circles)
