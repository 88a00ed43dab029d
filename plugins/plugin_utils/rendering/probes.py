# SPDX-License-Identifier: GPL-3.0-or-later
"""What live checks will try from each host that they may look from."""

from __future__ import annotations

import typing as t

from ..json_text import dump
from ..planning.plan import Plan
from ..topology.model import Topology
from ..verification.certificates import checks_of
from ..verification.expectations import probes_of
from ..verification.marks import traces_of


def render(topology: Topology, plan: Plan) -> t.Iterator[tuple[str, str]]:
    """slices/probe/<host>.json, slices/trace_marks/<host>.json and slices/certificate_verify/<host>.json."""
    for host, probes in probes_of(topology, plan):
        if probes:
            yield f"slices/probe/{host}.json", dump({"probes": list(probes)})
    for host, traces in traces_of(topology, plan):
        if traces:
            yield f"slices/trace_marks/{host}.json", dump({"traces": list(traces)})
    for host, checks in checks_of(topology, plan):
        if checks:
            yield f"slices/certificate_verify/{host}.json", dump({"checks": list(checks)})
