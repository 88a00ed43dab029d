# SPDX-License-Identifier: GPL-3.0-or-later
"""A small estate for tests of the roll-out: a pool of four, an Edge pool of two, a firewall and a DNS server."""

from __future__ import annotations

import typing as t

from ansible_collections.openuc.ocs.plugins.plugin_utils.rollout.blueprint import Blueprint, Demand, PlannedStep, Unit
from ansible_collections.openuc.ocs.plugins.plugin_utils.rollout.records import Event, History, line, read

STAGES = {"preflight": "Preflight", "pool": "First pool", "edge": "External access"}
POOL = Unit("pool1", "pool", "main", ("fe1", "fe2", "fe3", "fe4"))
EDGES = Unit("edges", "edge_pool", "main", ("edge1", "edge2"))
FIREWALL = Unit("fw", "alone", "main", ("fw",))
NAMES = Unit("ns", "alone", "branch", ("ns",))
HOSTS = ("fe1", "fe2", "fe3", "fe4", "edge1", "edge2", "fw", "ns")


def step(name: str, stage: str, mechanism: str = "", **more: t.Any) -> PlannedStep:
    kind: t.Any = "automated" if mechanism else "checkpoint"
    more = {"kind": kind, "mechanism": mechanism or "none", **more}
    return PlannedStep(id=f"step.{name}@{stage}", stage=stage, title=name.capitalize(), **more)


STEPS = (
    step("plan", "preflight"),
    step("sql", "pool", targets=("pool1",)),
    step("names", "pool", "dns", targets=("pool1",)),
    step("create", "pool", targets=("pool1",)),
    step("users", "pool", optional=True),
    step("certify", "pool", "certificates", targets=("pool1",)),
    step("start", "pool", targets=("pool1",)),
    step("open", "edge", "firewall", targets=("edges",)),
    step("install", "edge", targets=("edges",)),
    step("certify-edge", "edge", "certificates", targets=("edges",)),
)


def demand(mechanism: str, host: str, *stages: str) -> Demand:
    return Demand(mechanism, host, frozenset(stages))


DEMANDS = (
    demand("dns", "ns", "pool", "edge"),
    demand("firewall", "fw", "edge"),
    *(demand("certificates", host, "pool") for host in POOL.servers),
    *(demand("certificates", host, "edge") for host in EDGES.servers),
)


VANTAGES = {"fe1": frozenset({"pool", "edge"}), "edge1": frozenset({"edge"})}


def blueprint(**changes: t.Any) -> Blueprint:
    units = (POOL, EDGES, FIREWALL, NAMES)
    parts = {"stages": STAGES, "steps": STEPS, "units": units, "demands": DEMANDS, "vantages": VANTAGES}
    return Blueprint(**{**parts, **changes})


def history(*entries: tuple[Event, str, dict[str, t.Any]]) -> History:
    """A journal with an entry a minute."""
    return read(
        "".join(
            line(event, run, f"2026-11-01T10:{minute:02d}:00Z", data)
            for minute, (event, run, data) in enumerate(entries)
        )
    )
