# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks on the topology alone, family by family; each yields violations and none raises for bad input."""

from __future__ import annotations

import typing as t

from ...findings import Violation
from ..model import Topology
from . import addressing, calls, dial_plan, load_balancing, voice

Check = t.Callable[[Topology], t.Iterable[Violation]]

CHECKS: tuple[Check, ...] = (
    *addressing.CHECKS,
    *load_balancing.CHECKS,
    *calls.CHECKS,
    *dial_plan.CHECKS,
    *voice.CHECKS,
)
