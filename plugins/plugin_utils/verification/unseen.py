# SPDX-License-Identifier: GPL-3.0-or-later
"""What no live check has looked at, and why, said as plainly as what was seen."""

from __future__ import annotations

import dataclasses
import typing as t

from ..planning.flows import Flow
from ..planning.plan import Plan
from ..topology.model import Topology
from .goals import stand_ins_of
from .vantages import vantages_of
from .verdicts import Verdict

_PROBED: t.Final = ("tcp", "udp")
_OTHER_PROTOCOL: t.Final = "probes knock over TCP and UDP; {protocol} carries no answer of a listener"
_NOBODY_THERE: t.Final = (
    "at the other end are clients, partners or the Internet, and no host of the group vantage stands for them"
)
_NO_VANTAGE: t.Final = (
    "no host that may be connected to stands for {source}; a host of the group vantage in its network would"
)
_ALONE: t.Final = (
    "one vantage stands for both ends; another one in the network of such clients would be its counterpart"
)
_NOT_ASKED: t.Final = "its vantages were not asked or not reached, or its stage was not"
# Items of the plan besides flows that only Windows itself could tell of, by the words for them.
_ON_WINDOWS: t.Final[t.Mapping[str, t.Callable[[Plan], t.Sequence[object]]]] = {
    "lines of hosts files": lambda plan: plan.hosts_entries,
    "WMI settings": lambda plan: plan.qos.wmi,
    "settings that devices get in band": lambda plan: plan.qos.in_band,
    "web directories": lambda plan: plan.virtual_directories,
    "IIS settings": lambda plan: plan.iis_settings,
    "IPsec exemptions": lambda plan: plan.ipsec,
}
_WINDOWS: t.Final = (
    "settings of Windows that it tells in none of the ways in which it is asked here; they are among the "
    "steps of people in checklist.md"
)


@dataclasses.dataclass(frozen=True, slots=True)
class Unseen:
    """Something planned that was not looked at."""

    what: str
    reason: str
    items: tuple[str, ...]
    why: tuple[str, ...]


def unseen_of(topology: Topology, plan: Plan, verdicts: t.Iterable[Verdict]) -> tuple[Unseen, ...]:
    """Flows that no check knocked for, together where the reason is the same, and what else nobody can look at."""
    seen = {item for verdict in verdicts if verdict.kind in ("flow", "mark") for item in verdict.items}
    by_reason: dict[str, list[Flow]] = {}
    reasons = _Reasons(topology, plan)
    for flow in plan.flows:
        if flow.id not in seen:
            by_reason.setdefault(reasons.of(flow), []).append(flow)
    flows = [_of_flows(reason, listed) for reason, listed in by_reason.items()]
    others = [_of_items(words, items(plan)) for words, items in _ON_WINDOWS.items() if items(plan)]
    return (*sorted(flows, key=lambda each: (-len(each.items), each.reason)), *others)


class _Reasons:
    """Knows why a flow was not tried."""

    def __init__(self, topology: Topology, plan: Plan) -> None:
        self._sets = {item.name: item for item in plan.sets}
        self._vantages = vantages_of(topology)

    def of(self, flow: Flow) -> str:
        if flow.protocol not in _PROBED:
            return _OTHER_PROTOCOL.format(protocol=flow.protocol.upper())
        ends = self._sets[flow.destination]
        there = {goal.host for goal in stand_ins_of(ends, self._vantages)}
        if not ends.members and not there:
            return _NOBODY_THERE
        here = {vantage.host for vantage in self._vantages if vantage.knocks_as(self._sets[flow.source])}
        if not here:
            return _NO_VANTAGE.format(source=flow.source)
        return _ALONE if here == there and len(here) == 1 else _NOT_ASKED


def _of_flows(reason: str, flows: t.Sequence[Flow]) -> Unseen:
    words = "1 flow" if len(flows) == 1 else f"{len(flows)} flows"
    why = tuple(dict.fromkeys(row for flow in flows for row in flow.why))
    return Unseen(words, reason, tuple(flow.id for flow in flows), why)


def _of_items(words: str, items: t.Sequence[t.Any]) -> Unseen:
    why = tuple(dict.fromkeys(row for item in items for row in item.why))
    return Unseen(f"{len(items)} {words}", _WINDOWS, tuple(item.id for item in items), why)
