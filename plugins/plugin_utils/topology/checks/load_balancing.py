# SPDX-License-Identifier: GPL-3.0-or-later
"""Load balancers: where one is needed, of which kind, with which addresses."""

from __future__ import annotations

import math
import typing as t

from ...findings import Violation, violation
from ...schema.problems import join
from ..applied import applications
from ..balancing import (
    BalancerNeedFact,
    BalancingFact,
    balancer_of,
    balancer_path,
    balancing_fact,
    given_balancer,
    vip_of,
    vip_path,
    vips_of,
)
from ..inputs.network import Address
from ..model import Cluster, Topology


def needs(topology: Topology) -> t.Iterator[Violation]:
    """Balanced addresses that are missing, have no use, or are not supported."""
    for fact, context in applications(topology, BalancerNeedFact):
        cluster = context.cluster
        if cluster is None:
            continue
        if fact.always and cluster.pool:
            path = f"{join('uc_pools', cluster.name)}.edition"
            yield violation(
                "finding.array-unsupported",
                path,
                value=cluster.pool.edition,
                why=(fact.id,),
                deployment=fact.deployment,
            )
            continue
        for vip in fact.vips:
            address = vip_of(cluster, vip)
            if fact.need == "required" and address is None:
                yield violation(
                    "finding.balancer-missing", vip_path(cluster, vip), why=(fact.id,), deployment=fact.deployment
                )
            elif fact.need != "required" and address is not None and not _is_shared(cluster, vip):
                finding = f"finding.balancer-{fact.need}"
                yield violation(
                    finding, vip_path(cluster, vip), value=address, why=(fact.id,), deployment=fact.deployment
                )


def _is_shared(cluster: Cluster, vip: str) -> bool:
    """True for a web address that is the pool's own, which has been looked at already."""
    return vip == "web" and cluster.pool is not None and cluster.pool.web_vip is None


def holders(topology: Topology) -> t.Iterator[Violation]:
    """Every balanced address is on a known balancer, in one of its networks."""
    for cluster in topology.clusters.values():
        found: dict[str, Violation] = {}
        for vip, address in vips_of(cluster).items():
            name = balancer_of(topology, cluster, vip)
            server = topology.servers.get(name)
            problem = (
                _off_network(topology, name, vip_path(cluster, vip), address)
                if server and "load_balancer" in server.types and not given_balancer(topology, name).stands_in_for
                else violation(
                    "finding.no-balancer",
                    balancer_path(cluster, vip),
                    value=name or None,
                    allowed=", ".join(
                        balancer.name
                        for balancer in topology.of_type("load_balancer")
                        if not given_balancer(topology, balancer.name).stands_in_for
                    ),
                    address=address,
                )
            )
            if problem:
                found.setdefault(problem.path, problem)
        yield from found.values()


def _off_network(topology: Topology, name: str, path: str, address: Address) -> Violation | None:
    networks = tuple(dict.fromkeys(given_balancer(topology, name).interfaces.values()))
    if not networks or topology.networks.locate(address) in networks:
        return None
    declared = topology.estate.networks
    return violation(
        "finding.vip-outside-balancer",
        path,
        value=address,
        allowed=", ".join(f"{network} ({declared[network].cidr})" for network in networks if network in declared),
        balancer=name,
    )


def modes(topology: Topology) -> t.Iterator[Violation]:
    """The way of balancing is one that the product supports, and leaves the web components a name of their own."""
    for cluster in topology.clusters.values():
        fact = balancing_fact(topology, cluster)
        given = cluster.pool or cluster.edge
        if fact is None or given is None:
            continue
        group = "uc_pools" if cluster.pool else "uc_edge_pools"
        if given.balancing not in (*fact.modes, "none"):
            yield violation(
                "finding.balancing-mode",
                f"{join(group, cluster.name)}.balancing",
                value=given.balancing,
                allowed=", ".join((*fact.modes, "none")),
                why=(fact.id,),
            )
        pool = cluster.pool
        if pool is None or pool.balancing not in fact.own_web_name or vip_of(cluster, "web") is None:
            continue
        if pool.web_farm.internal in ("", cluster.name):
            yield violation(
                "finding.web-farm-name",
                f"{join('uc_pools', cluster.name)}.web_farm.internal",
                value=pool.web_farm.internal or None,
                why=(fact.id,),
                pool=cluster.name,
            )


def _carried(topology: Topology) -> dict[str, list[tuple[Cluster, BalancingFact]]]:
    """Clusters by the balancers that carry them, with the row about balancing them."""
    found: dict[str, list[tuple[Cluster, BalancingFact]]] = {}
    for cluster in topology.clusters.values():
        fact = balancing_fact(topology, cluster)
        if fact:
            for name in dict.fromkeys(balancer_of(topology, cluster, vip) for vip in vips_of(cluster)):
                found.setdefault(name, []).append((cluster, fact))
    found.pop("", None)
    return found


def appliances(topology: Topology) -> t.Iterator[Violation]:
    """Each balancer is of a supported kind, translates addresses as it must, and has addresses enough for that."""
    for name, carried in _carried(topology).items():
        given = given_balancer(topology, name)
        facts = list(dict.fromkeys(fact for _cluster, fact in carried))
        refused = [fact for fact in facts if given.kind not in fact.kinds]
        if refused:
            yield violation(
                "finding.software-balancer",
                "uc_balancer.kind",
                host=name,
                value=given.kind,
                allowed=", ".join(refused[0].kinds),
                why=tuple(fact.id for fact in refused),
            )
        refused = [fact for fact in facts if given.nat and given.nat not in fact.nat]
        if refused:
            yield violation(
                "finding.balancer-nat",
                "uc_balancer.nat",
                host=name,
                value=given.nat,
                allowed=", ".join(refused[0].nat),
                why=tuple(fact.id for fact in refused),
            )
            continue
        yield from _translated_addresses(name, len(given.snat), carried)


def _translated_addresses(
    name: str, count: int, carried: t.Sequence[tuple[Cluster, BalancingFact]]
) -> t.Iterator[Violation]:
    counted = [(cluster, fact) for cluster, fact in carried if fact.users_per_snat]
    if not counted:
        return
    limit = min(fact.users_per_snat for _cluster, fact in counted)
    users = sum(_users(cluster) for cluster, _fact in counted)
    needed = max(1, math.ceil(users / limit))
    if count < needed:
        yield violation(
            "finding.snat-addresses",
            "uc_balancer.snat",
            host=name,
            value=count,
            allowed=f"{needed} or more",
            why=tuple(dict.fromkeys(fact.id for _cluster, fact in counted)),
            users=users,
            limit=limit,
            needed=needed,
        )


def _users(cluster: Cluster) -> int:
    given = cluster.pool or cluster.web
    return given.users if given else 0


def edge_sides(topology: Topology) -> t.Iterator[Violation]:
    """An array of Edge Servers has the same kind of balancer on both sides."""
    for cluster in topology.clusters.values():
        if cluster.edge is None:
            continue
        sides: dict[str, str] = {}
        for vip in vips_of(cluster):
            name = balancer_of(topology, cluster, vip)
            if name:
                sides.setdefault(vip.partition(".")[0], name)
        kinds = {side: given_balancer(topology, name).kind for side, name in sides.items()}
        if len(set(kinds.values())) > 1:
            yield violation(
                "finding.edge-balancers-differ",
                "uc_balancer.kind",
                host=sides["external"],
                value=kinds["external"],
                allowed=kinds["internal"],
                inside=kinds["internal"],
                other=sides["internal"],
                pool=cluster.name,
            )


def web_access(topology: Topology) -> t.Iterator[Violation]:
    """Web access sites: a balancer of their own, and TLS ended on it knowingly."""
    carried = _carried(topology)
    for cluster in topology.clusters.values():
        web = cluster.web
        if web is None:
            continue
        path = join("uc_web_access", cluster.name)
        if web.vip is None:
            if web.terminate:
                yield violation("finding.terminate-without-vip", f"{path}.terminate", value=web.terminate)
            continue
        if web.terminate:
            yield violation("finding.tls-ends-on-balancer", f"{path}.terminate", value=web.terminate, site=cluster.name)
        name = balancer_of(topology, cluster, "site")
        others = [other.name for other, _fact in carried.get(name, ()) if other.web is None]
        if others:
            yield violation(
                "finding.web-access-shares-balancer",
                balancer_path(cluster, "site"),
                value=name,
                others=", ".join(others),
            )


CHECKS = (needs, holders, modes, appliances, edge_sides, web_access)
