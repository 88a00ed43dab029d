# SPDX-License-Identifier: GPL-3.0-or-later
"""What each load balancer's own files will hold, for HAProxy and for the packet filter beside it."""

from __future__ import annotations

import typing as t

from ...module_utils.balancer import packets, text
from ...module_utils.balancer.model import decode
from ..planning.plan import Plan
from ..planning.slices import balancer_slices
from ..topology.model import Topology


def render(topology: Topology, plan: Plan) -> t.Iterator[tuple[str, str]]:
    """native/<balancer>.cfg and .nft, to the letter what `state: rendered` returns for the balancer's slice."""
    for item in balancer_slices(topology, plan):
        services, problems = decode(item.arguments["services"])
        if problems:
            raise ValueError("\n".join([f"The slice of {item.target} is at fault:", *problems]))
        yield f"native/{item.target}.cfg", text.render(services)
        table = packets.table(services)
        if table:
            yield f"native/{item.target}.nft", table
