# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts may be connected to."""

from __future__ import annotations

from ..catalogue.facts import server_type_facts
from .model import Server, Topology


def may_connect(topology: Topology, server: Server) -> bool:
    """True when roles may open a connection to a host: as it says, and otherwise to what is no Windows server."""
    if server.given.access:
        return server.given.access == "ssh"
    facts = server_type_facts(topology.catalogue)
    appliance = bool(server.given.make) or (
        server.given.balancer is not None and server.given.balancer.kind == "hardware"
    )
    return not appliance and all(name in facts and facts[name].plane == "network" for name in server.types)
