# SPDX-License-Identifier: GPL-3.0-or-later
"""Marks and ranges of media ports: apart from one another, wide enough, and clients' within servers'."""

from __future__ import annotations

import dataclasses
import itertools
import typing as t

from ...findings import Violation, violation
from ...topology.inputs.policy import QosPolicyInput
from ...topology.model import Topology
from ..plan import Plan
from ..qos_items import MediaRange
from ..qos_network import contradictions

_RANGES = tuple(field.name for field in dataclasses.fields(QosPolicyInput) if field.name.endswith("_ports"))


def classes(topology: Topology, plan: Plan) -> t.Iterator[Violation]:
    """What an inventory says of one medium tells it from the others, those that are left as documented too."""
    given = topology.estate.qos.dscp
    markings = {marking.medium: marking for marking in plan.qos.markings}.values()
    for one, other in itertools.combinations(markings, 2):
        at = next((marking.medium for marking in (other, one) if marking.medium in given), "")
        if at and one.expected and one.expected == other.expected:
            yield violation(
                "finding.dscp-same",
                f"uc_qos.dscp.{at}",
                value=str(one.expected),
                why=(*one.why, *other.why),
                medium=_words(one.medium),
                other=_words(other.medium),
            )


def ranges(_topology: Topology, plan: Plan) -> t.Iterator[Violation]:
    """Ranges that an inventory gives fit one another."""
    by_target: dict[str, list[MediaRange]] = {}
    for item in plan.qos.ranges:
        by_target.setdefault(item.target, []).append(item)
        if item.path and item.count < item.least:
            yield violation(
                "finding.media-range-small",
                item.path,
                value=_shown(item),
                allowed=f"{item.least} ports or more",
                why=item.why,
                count=item.count,
                least=item.least,
            )
    for items in by_target.values():
        for one, other in itertools.combinations(items, 2):
            if one.first <= other.last and other.first <= one.last and (one.path or other.path):
                adjustable, fixed = (one, other) if one.path else (other, one)
                yield _overlap(adjustable, fixed)


def _overlap(one: MediaRange, other: MediaRange) -> Violation:
    return violation(
        "finding.media-ranges-overlap",
        one.path,
        value=_shown(one),
        why=(*one.why, *other.why),
        medium=_words(one.medium),
        other=_shown(other),
        other_medium=_words(other.medium),
    )


def clients_within_servers(topology: Topology, plan: Plan) -> t.Iterator[Violation]:
    """Clients use a part of the servers' range, where one rule of the network is to serve both."""
    servers = {item.medium: item for item in plan.qos.ranges if item.target in topology.servers}
    for item in plan.qos.ranges:
        server = servers.get(item.medium)
        if not item.in_servers_range or server is None or not (item.path or server.path):
            continue
        if item.first < server.first or item.last > server.last:
            yield violation(
                "finding.media-range-outside",
                item.path or server.path,
                value=_shown(item),
                allowed=f"within {_shown(server)}",
                why=(*item.why, *server.why),
                medium=_words(item.medium),
                servers=_shown(server),
            )


def marks_on_the_way(topology: Topology, plan: Plan) -> t.Iterator[Violation]:
    """What firewalls are to set does not contradict itself."""
    for one, other in contradictions(topology, plan.qos):
        zone = topology.networks.zone_of_interface(one.place.firewall, one.place.ingress)
        yield violation(
            "finding.qos-marks-contradict",
            f"uc_qos.network.{zone}",
            host=one.place.firewall,
            value=f"{one.place.first}-{one.place.last}",
            why=(*one.source.why, *other.source.why),
            ingress=one.place.ingress,
            egress=one.place.egress,
            firewall=one.place.firewall,
            protocol=one.place.protocol,
            target=one.source.target,
            mark=_mark(one.dscp),
            other=f"{other.place.first}-{other.place.last}",
            other_target=other.source.target,
            other_mark=_mark(other.dscp),
        )


def _mark(dscp: int) -> str:
    return str(dscp) if dscp else "as they come"


def unused(topology: Topology, plan: Plan) -> t.Iterator[Violation]:
    """What is given about QoS has an effect."""
    given = topology.estate.qos
    paths = {item.path for item in plan.qos.ranges}
    for name in _RANGES:
        if getattr(given, name) and f"uc_qos.{name}" not in paths:
            yield violation("finding.qos-option-unused", f"uc_qos.{name}", value=getattr(given, name))
    media = {marking.medium for marking in plan.qos.markings}
    for medium, value in given.dscp.items():
        if given.enabled and medium not in media:
            yield violation("finding.qos-option-unused", f"uc_qos.dscp.{medium}", value=value)
    entered = {
        topology.networks.zone_of_interface(firewall, interface)
        for firewall, interfaces in topology.networks.firewalls.items()
        for interface in interfaces
    }
    # Where nothing is known about networks that is said already.
    for zone, action in given.network.items():
        if topology.networks.networks and zone not in entered:
            yield violation("finding.qos-option-unused", f"uc_qos.network.{zone}", value=action)


def _shown(item: MediaRange) -> str:
    return f"{item.first}-{item.last}"


def _words(medium: str) -> str:
    return medium.replace("_", " ")


CHECKS = (classes, ranges, clients_within_servers, marks_on_the_way, unused)
