# SPDX-License-Identifier: GPL-3.0-or-later
"""All flows of a plan: documented ones, what load balancers open in turn, and those that the inventory adds."""

from __future__ import annotations

import itertools
import typing as t

from ..topology.model import Topology
from .base import Stages
from .extra_flows import plan_extra_flows
from .flow_planner import FlowPlanner
from .flows import Flow, FlowFact
from .load_balancing import Service
from .parties import Parties


def plan_flows(topology: Topology, stages: Stages, parties: Parties, services: t.Sequence[Service]) -> tuple[Flow, ...]:
    """Every flow, in the order of the catalogue and of the inventory."""
    planner = FlowPlanner(topology, stages, parties, services)
    documented = itertools.chain.from_iterable(
        planner.flows_of(product, fact)
        for product, catalogue in topology.catalogues.items()
        for fact in catalogue.facts(FlowFact)
    )
    opened_by_balancers = itertools.chain.from_iterable(planner.balancer_flows(service) for service in services)
    return (*documented, *opened_by_balancers, *plan_extra_flows(topology, stages, parties, planner))
