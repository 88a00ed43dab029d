# SPDX-License-Identifier: GPL-3.0-or-later
"""What each load balancer's own files will hold: HAProxy's, what stands beside it, and those of appliances."""

from __future__ import annotations

import typing as t

from ...module_utils.balancer import packets, pairs, text, vendors
from ...module_utils.balancer.model import Service, decode, decode_addresses
from ...module_utils.balancer.pairs import decode_pair
from ...module_utils.balancer.places import Places
from ..planning.plan import Plan
from ..planning.slices import BALANCER, Slice
from ..topology.balancing import given_balancer
from ..topology.model import Topology


def render(topology: Topology, _plan: Plan, slices: t.Sequence[Slice]) -> t.Iterator[tuple[str, str]]:
    """native/<balancer>.cfg and beside it .nft and .keepalived.conf, to the letter what `state: rendered` returns.

    For an appliance there are the same services in other forms beside them.
    """
    for item in slices:
        if item.mechanism != BALANCER:
            continue
        services, problems = decode(item.arguments["services"])
        if problems:
            raise ValueError("\n".join([f"The slice of {item.target} is at fault:", *problems]))
        pair = decode_pair(item.arguments.get("pair"))[0]
        yield f"native/{item.target}.cfg", text.render(services, paired=pair is not None)
        if pair:
            addresses = decode_addresses(item.arguments["addresses"])[0]
            yield f"native/{item.target}.keepalived.conf", pairs.render(pair, addresses, str(Places().program))
        table = packets.table(services)
        if table:
            yield f"native/{item.target}.nft", table
        if given_balancer(topology, item.target).kind == "hardware":
            yield from _for_appliances(item.target, services)


def _for_appliances(balancer: str, services: t.Sequence[Service]) -> t.Iterator[tuple[str, str]]:
    for target in vendors.TARGETS:
        for name, content in vendors.render(target, services).files.items():
            yield f"native/{balancer}.{name}", content
