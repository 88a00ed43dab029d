# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks on the topology alone, family by family; each yields violations and none raises for bad input."""

from __future__ import annotations

import typing as t

from ...findings import Violation
from ..model import Topology
from . import (
    addressing,
    associations,
    availability,
    balancer_pairs,
    calls,
    coexistence,
    collocation,
    decisions,
    dial_plan,
    directors,
    directory,
    edge,
    features,
    federation,
    gates,
    load_balancing,
    naming,
    network_rules,
    networks,
    overrides,
    pools,
    prerequisites,
    publications,
    qos,
    security,
    virtualization,
    voice,
    web_access,
)

Check = t.Callable[[Topology], t.Iterable[Violation]]

CHECKS: tuple[Check, ...] = (
    *addressing.CHECKS,
    *naming.CHECKS,
    *networks.CHECKS,
    *network_rules.CHECKS,
    *load_balancing.CHECKS,
    *balancer_pairs.CHECKS,
    *publications.CHECKS,
    *availability.CHECKS,
    *calls.CHECKS,
    *dial_plan.CHECKS,
    *voice.CHECKS,
    *gates.CHECKS,
    *pools.CHECKS,
    *collocation.CHECKS,
    *directors.CHECKS,
    *edge.CHECKS,
    *federation.CHECKS,
    *coexistence.CHECKS,
    *associations.CHECKS,
    *web_access.CHECKS,
    *features.CHECKS,
    *virtualization.CHECKS,
    *overrides.CHECKS,
    *decisions.CHECKS,
    *directory.CHECKS,
    *prerequisites.CHECKS,
    *security.CHECKS,
    *qos.CHECKS,
)
