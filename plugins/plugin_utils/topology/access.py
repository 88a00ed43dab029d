# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts may be connected to."""

from __future__ import annotations

import functools

from ..catalogue.facts import server_type_facts
from ..catalogue.model import Catalogue
from .model import Server, Topology


def may_connect(topology: Topology, server: Server) -> bool:
    """True when roles may open a connection to a host: as it says, and otherwise to what is no Windows server."""
    if server.given.access:
        return server.given.access == "ssh"
    of_network = _types_of_network(topology.catalogue)
    appliance = bool(server.given.make) or (
        server.given.balancer is not None and server.given.balancer.kind == "hardware"
    )
    return not appliance and of_network.issuperset(server.types)


@functools.lru_cache(maxsize=8)
def _types_of_network(catalogue: Catalogue) -> frozenset[str]:
    return frozenset(name for name, fact in server_type_facts(catalogue).items() if fact.plane == "network")
