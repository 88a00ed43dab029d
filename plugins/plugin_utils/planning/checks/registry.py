# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks on the finished plan, family by family."""

from __future__ import annotations

import typing as t

from ...findings import Violation
from ...topology.model import Topology
from ..plan import Plan
from . import capacity, certificates, flows, names, qos, storage

Check = t.Callable[[Topology, Plan], t.Iterable[Violation]]

CHECKS: tuple[Check, ...] = (
    *names.CHECKS,
    *certificates.CHECKS,
    *capacity.CHECKS,
    *flows.CHECKS,
    *qos.CHECKS,
    *storage.CHECKS,
)
