# SPDX-License-Identifier: GPL-3.0-or-later
"""Which servers are taken out of service while they are changed, and at which balancers."""

from __future__ import annotations

import typing as t

from .blueprint import SliceFile
from .looks import holds_all
from .standing import Standing
from .walk import Wave

BALANCING = "load_balancer"


def balancers_of(slices: t.Iterable[SliceFile]) -> dict[str, tuple[str, ...]]:
    """The balancers that hold each server as a member."""
    found: dict[str, dict[str, None]] = {}
    for item in slices:
        if item.module == BALANCING:
            for service in item.content.get("services", ()):
                for member in service.get("members", ()):
                    found.setdefault(str(member["name"]), {})[item.target] = None
    return {server: tuple(balancers) for server, balancers in found.items()}


def drained(wave: Wave, balancers: t.Mapping[str, tuple[str, ...]], standing: Standing) -> dict[str, tuple[str, ...]]:
    """For each host of a wave the balancers at which it is drained before it is changed.

    A host is spared that where nothing is new for it, and so is one whose balancers are first set up in this run:
    nobody is served by it yet. Who only looks stays in service.
    """
    if wave.kind != "apply":
        return {}
    found = {}
    for host in wave.hosts:
        serving = tuple(one for one in balancers.get(host, ()) if (BALANCING, one) in standing.done)
        if serving and not holds_all(wave, host, standing):
            found[host] = serving
    return found
