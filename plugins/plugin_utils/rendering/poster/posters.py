# SPDX-License-Identifier: GPL-3.0-or-later
"""The posters of an estate: one for each workload that the estate has traffic of."""

from __future__ import annotations

import collections
import dataclasses
import itertools
import typing as t

from ...planning.base import lasting
from ...planning.dns import Record
from ...planning.flows import Flow
from ...planning.plan import Plan
from ...topology.model import Topology
from .cast import Cast, shortened
from .scene import ZONES, Column, Lane, Panel, Scene, Wall, Zone, family_of, spoken
from .workloads import WorkloadFact

MOST_COLUMNS: t.Final = 20
MOST_LINES: t.Final = 60
_ON_POSTERS = ("direct", "to_vip")
_WALL_TITLES: t.Final = {
    ("internet", "perimeter"): "External firewall",
    ("perimeter", "internal"): "Internal firewall",
    ("internet", "internal"): "Firewall",
}
_THROUGH: t.Final[tuple[Zone, Zone]] = ("internet", "internal")
_WAYS: t.Final[tuple[tuple[Zone, Zone], ...]] = (("internet", "perimeter"), ("perimeter", "internal"))


@dataclasses.dataclass(frozen=True, slots=True)
class Workload:
    """A workload over all products of an estate."""

    slug: str
    title: str
    summary: str
    order: int
    flows: tuple[str, ...]


def workloads_of(topology: Topology) -> tuple[Workload, ...]:
    """The workloads that the products of an estate know, in the order of posters."""
    found: dict[str, Workload] = {}
    for catalogue in topology.catalogues.values():
        for fact in catalogue.facts(WorkloadFact):
            slug = fact.id.rpartition(".")[2]
            known = found.get(slug)
            flows = (*(known.flows if known else ()), *fact.flows)
            found[slug] = Workload(slug, fact.title, fact.summary, fact.order, flows)
    return tuple(sorted(found.values(), key=lambda item: item.order))


def posters_of(topology: Topology, plan: Plan) -> t.Iterator[Scene]:
    """A scene for each workload with traffic; servers of a type stand together where there are too many for columns."""
    fine, coarse = Cast(topology, plan), Cast(topology, plan, coarse=True)
    for workload in workloads_of(topology):
        flows = _flows_of(workload, plan)
        if flows:
            ends = {end for flow in flows for end in (*fine.opens(flow), *fine.listens(flow))}
            yield _scene(topology, plan, workload, flows, fine if len(ends) <= MOST_COLUMNS else coarse)


def _flows_of(workload: Workload, plan: Plan) -> list[Flow]:
    order = {name: index for index, name in enumerate(workload.flows)}
    chosen = [
        (min(order[name] for name in flow.why if name in order), index, flow)
        for index, flow in enumerate(plan.flows)
        if flow.leg in _ON_POSTERS and any(name in order for name in flow.why)
    ]
    return [flow for _order, _index, flow in sorted(chosen, key=lambda item: item[:2])]


def _scene(topology: Topology, plan: Plan, workload: Workload, flows: t.Sequence[Flow], cast: Cast) -> Scene:
    lanes = _lanes(topology, flows, cast)
    columns = cast.columns(end for lane in lanes for end in lane.ends)
    reached = frozenset(name for flow in flows for name in (flow.source, flow.destination))
    hosts = frozenset(member.host for item in plan.sets if item.name in reached for member in item.members)
    return Scene(
        workload.slug,
        workload.title,
        f"{topology.estate.title}. {workload.summary}" if topology.estate.title else workload.summary,
        columns,
        _walls(topology, columns, flows),
        lanes,
        tuple(
            panel for panel in (_names_panel(plan, _single(reached)), _certificates_panel(plan, hosts)) if panel.lines
        ),
    )


@dataclasses.dataclass(slots=True)
class _Bundle:
    """Flows that say the same to the same servers, or from them."""

    flow: Flow
    label: str
    sources: dict[str, None]
    targets: dict[str, None]
    translated: set[tuple[Zone, Zone]]
    about: dict[str, None]
    why: dict[str, None]


def _lanes(topology: Topology, flows: t.Sequence[Flow], cast: Cast) -> tuple[Lane, ...]:
    """Flows of one kind to the same servers are one lane, from wherever they come."""
    bundles: dict[tuple[object, ...], _Bundle] = {}
    for flow in flows:
        sources, targets = cast.opens(flow), cast.listens(flow)
        if not sources or not targets:
            continue
        label = spoken(flow.application, flow.protocol, flow.tls, flow.ports)
        if flow.source_ports:
            label = f"{label} from {flow.source_ports}"
        key = (label, targets)
        bundle = bundles.setdefault(key, _Bundle(flow, label, {}, {}, set(), {}, {}))
        bundle.sources.update(dict.fromkeys(sources))
        bundle.targets.update(dict.fromkeys(targets))
        bundle.translated.update(_translated(topology, flow))
        bundle.about[flow.purpose] = None
        bundle.why.update(dict.fromkeys(name for name in flow.why if ".flow." in name))
    return tuple(_joined(bundles.values()))


def _joined(bundles: t.Iterable[_Bundle]) -> t.Iterator[Lane]:
    """Lanes that say the same from the same columns are one, to wherever they go."""
    found: dict[tuple[str, tuple[str, ...]], _Bundle] = {}
    for bundle in bundles:
        key = (bundle.label, tuple(sorted(bundle.sources)))
        known = found.setdefault(key, bundle)
        if known is not bundle:
            known.targets.update(bundle.targets)
            known.translated |= bundle.translated
            known.about.update(bundle.about)
            known.why.update(bundle.why)
    for bundle in found.values():
        yield Lane(
            bundle.label,
            family_of(bundle.flow.application),
            tuple(bundle.sources),
            tuple(bundle.targets),
            tuple(sorted(bundle.translated)),
            "; ".join(bundle.about),
            tuple(bundle.why),
        )


def _translated(topology: Topology, flow: Flow) -> t.Iterator[tuple[Zone, Zone]]:
    firewalls = {change.firewall for change in flow.nat}
    for crossing in flow.crossings:
        if crossing.firewall in firewalls:
            zones = {topology.networks.zone_of_interface(crossing.firewall, name)
                     for name in (crossing.ingress, crossing.egress)}  # fmt: skip
            yield from (way for way in _WAYS if set(way) == zones)


def _walls(topology: Topology, columns: t.Sequence[Column], flows: t.Sequence[Flow]) -> tuple[Wall, ...]:
    """A wall between zones that both have columns, with the firewalls that the flows cross there."""
    there = [zone for zone in ZONES if any(column.zone == zone for column in columns)]
    names: dict[tuple[Zone, Zone], dict[str, None]] = collections.defaultdict(dict)
    for flow in flows:
        for crossing in flow.crossings:
            zones = {topology.networks.zone_of_interface(crossing.firewall, name)
                     for name in (crossing.ingress, crossing.egress)}  # fmt: skip
            for way in itertools.pairwise(there):
                # Where nothing stands in the perimeter, one wall shows the firewalls on both its sides.
                if set(way) == zones or (way == _THROUGH and len(zones) == 2):
                    names[way][crossing.firewall] = None
    return tuple(Wall(way, _WALL_TITLES[way], shortened(tuple(names[way]))) for way in itertools.pairwise(there))


def _single(sets: t.Iterable[str]) -> frozenset[str]:
    """`one|other@cluster` stands for several listeners at once."""
    split = (name.partition("@") for name in sets)
    return frozenset(f"{role}@{cluster}" for roles, _at, cluster in split for role in roles.split("|"))


def _names_panel(plan: Plan, reached: frozenset[str]) -> Panel:
    """Names of those who listen, and the service records that lead to them."""
    records = tuple(lasting(plan.records))
    named = [record for record in records if reached & frozenset(record.reaches)]
    names = {record.name for record in named}
    services = [record for record in records if record.type == "SRV" and _targets(record) & names]
    lines = [
        (record.name, f"{record.type} {', '.join(record.values)} ({record.view})") for record in (*services, *named)
    ]
    return Panel("DNS", _few(lines, "names.md"))


def _targets(record: Record) -> set[str]:
    return {value.rsplit(" ", 1)[-1].rstrip(".") for value in record.values}


def _certificates_panel(plan: Plan, hosts: frozenset[str]) -> Panel:
    lines = [
        (item.subject, f"{item.title}; {', '.join(san.name for san in item.sans) or 'no other names'}")
        for item in plan.certificates
        if hosts & frozenset(item.hosts)
    ]
    return Panel("Certificates", _few(list(dict.fromkeys(lines)), "certificates.md"))


def _few(lines: t.Sequence[tuple[str, str]], page: str) -> tuple[tuple[str, str], ...]:
    if len(lines) <= MOST_LINES + 1:
        return tuple(lines)
    return (*lines[:MOST_LINES], ("…", f"and {len(lines) - MOST_LINES} more, in {page}"))
