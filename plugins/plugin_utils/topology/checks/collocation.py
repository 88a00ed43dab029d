# SPDX-License-Identifier: GPL-3.0-or-later
"""Server types that share a computer, and what is known of who may stand where."""

from __future__ import annotations

import itertools
import typing as t

from ...catalogue.facts import server_type_facts
from ...findings import Violation, violation
from ..collocation import companions, judge
from ..model import Topology


def shared_computers(topology: Topology) -> t.Iterator[Violation]:
    """Types on one computer are pairwise allowed by the product's matrix."""
    facts = server_type_facts(topology.catalogue)
    for server in topology.servers.values():
        catalogue = topology.catalogues[server.product]
        for one, other in itertools.combinations(server.types, 2):
            pair = judge(catalogue, one, other)
            if pair.verdict in ("not_covered", "supported"):
                continue
            yield violation(
                f"finding.collocation-{pair.verdict}",
                "groups",
                host=server.name,
                value=f"{one}, {other}",
                allowed=f"beside {one}: {', '.join(companions(catalogue, one)) or 'nothing'}",
                one=facts[one].title,
                other=facts[other].title,
                why=pair.why,
            )


def zones(topology: Topology) -> t.Iterator[Violation]:
    """Each server type stands on its side of the firewalls."""
    facts = server_type_facts(topology.catalogue)
    for server in topology.servers.values():
        address = server.address("internal")
        zone = topology.networks.zone(topology.networks.locate(address)) if address else ""
        if not zone:
            continue
        for name in server.types:
            if facts[name].zone not in ("any", zone):
                yield violation(
                    "finding.wrong-zone",
                    "uc_addresses.internal",
                    host=server.name,
                    value=address,
                    allowed=f"an address in a network of the zone {facts[name].zone}",
                    type=name,
                    zone=zone,
                    wanted=facts[name].zone,
                    why=(facts[name].id,),
                )


CHECKS = (shared_computers, zones)
