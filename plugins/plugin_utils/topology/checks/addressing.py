# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses: present, unique, in the right network."""

from __future__ import annotations

import typing as t

from ...catalogue.facts import ServerTypeFact
from ...findings import Violation, violation
from ..model import Topology


def required_addresses(topology: Topology) -> t.Iterator[Violation]:
    """Every server has the addresses without which its type cannot be planned."""
    types = {fact.id.partition(".")[2]: fact for fact in topology.catalogue.facts(ServerTypeFact)}
    for server in topology.servers.values():
        needed = dict.fromkeys(name for kind in server.types for name in types[kind].required_interfaces)
        for interface in needed:
            if server.address(interface) is None:
                yield violation(
                    "finding.no-address", f"uc_addresses.{interface}", host=server.name, interface=interface
                )


CHECKS = (required_addresses,)
