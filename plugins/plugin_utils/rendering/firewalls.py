# SPDX-License-Identifier: GPL-3.0-or-later
"""The table that each firewall's packet filter will hold."""

from __future__ import annotations

import typing as t

from ...module_utils.firewall.policy import ruleset_of
from ...module_utils.firewall.text import native_text
from ..planning.plan import Plan
from ..planning.slices import FIREWALL, Slice
from ..topology.model import Topology


def render(_topology: Topology, _plan: Plan, slices: t.Sequence[Slice]) -> t.Iterator[tuple[str, str]]:
    """native/<firewall>.nft, to the letter what `state: rendered` returns for the firewall's slice."""
    for item in slices:
        if item.mechanism != FIREWALL:
            continue
        ruleset, problems = ruleset_of(item.arguments)
        if problems:
            raise ValueError("\n".join([f"The slice of {item.target} is at fault:", *problems]))
        yield f"native/{item.target}.nft", native_text(ruleset)
