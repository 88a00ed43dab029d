# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan: topology and catalogue made into everything that is to be set up, in one pure step."""

from __future__ import annotations

import dataclasses

from ..topology.model import Topology
from .base import Stages
from .dns import Record, plan_records
from .flows import Flow, plan_flows
from .load_balancing import Service, plan_services
from .parties import EndpointSet, Parties

SCHEMA_VERSION = 1


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything planned, each list in a stable order."""

    sets: tuple[EndpointSet, ...]
    flows: tuple[Flow, ...]
    records: tuple[Record, ...]
    services: tuple[Service, ...]


def build(topology: Topology) -> Plan:
    """The plan of a topology."""
    stages = Stages(topology.catalogue)
    parties = Parties(topology)
    services = plan_services(topology, stages)
    flows = plan_flows(topology, stages, parties, services)
    return Plan(
        sets=tuple(parties.sets[name] for name in sorted(parties.sets)),
        flows=flows,
        records=plan_records(topology, stages),
        services=services,
    )
