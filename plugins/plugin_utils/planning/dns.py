# SPDX-License-Identifier: GPL-3.0-or-later
"""DNS records per view, the zones that hold them, and the hosts files where a view has no zone."""

from __future__ import annotations

import dataclasses
import itertools
import typing as t

from ..catalogue.model import Fact
from ..schema.fields import option
from ..schema.kinds import Stage
from ..topology.context import Context
from ..topology.inputs.policy import DnsPolicyInput
from ..topology.model import Cluster, Topology
from ..topology.names import fill
from ..topology.relations import related
from .base import AppliedFact, Item, Stages, applications

View = t.Literal["internal", "perimeter", "external"]
Values = tuple[str, ...]
# What is asked from a network of a zone is answered from this view.
VIEW_OF_ZONE: t.Final[t.Mapping[str, View]] = {"internal": "internal", "perimeter": "perimeter", "internet": "external"}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DnsFact(AppliedFact):
    """A documented record; `name` and `values` hold placeholders."""

    KIND: t.ClassVar[str] = "dns"

    views: tuple[View, ...] = option("Views it belongs in")
    name: str = option("Owner name")
    otherwise: str = option("Owner name, where the inventory says none", default="")
    type: t.Literal["A", "CNAME", "SRV"] = option("Type")
    values: tuple[str, ...] = option("Addresses, the alias's target, or the SRV's target")
    port: int = option("Port of an SRV", default=0)
    port_given: str = option("Placeholder of a port that takes the documented one's place", default="")
    asked_by: str = option("Role of the servers that ask for it, for the perimeter view", default="")
    via: str = option("Relation walked from what the row is applied to, to those who ask", default="same")
    exclusive: bool = option("True when a later stage's values take the place of earlier ones", default=False)
    reaches: tuple[str, ...] = option("Listeners that are reached over TLS by this name, as role:interface", default=())
    reaches_via: str = option("Relation walked to the clusters of those listeners", default="same")
    purpose: str = option("What it is for")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ExtraFact(Fact):
    """What an inventory may ask for beyond the documents."""

    KIND: t.ClassVar[str] = "extras"

    stage: Stage = option("Stage it belongs to")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Record(Item):
    """A record set: all values of one name and type in one view.

    `reaches` names the TLS listeners behind the name as `role:interface@cluster`.
    """

    view: str
    zone: str
    name: str
    type: str
    ttl: int
    values: tuple[str, ...]
    purpose: str
    asked_by: tuple[str, ...] = ()
    reaches: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Zone(Item):
    """A zone that planned records stand in; a pinpoint zone holds the records of a single name."""

    view: str
    name: str
    server: str
    dynamic_update: str
    key: str
    pinpoint: bool


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class HostsEntry(Item):
    """A line of a perimeter server's hosts file, for a name that no zone of the perimeter answers."""

    host: str
    name: str
    addresses: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class _Wanted:
    """What one row asks for in one context."""

    view: str
    name: str
    type: str
    stage: str
    values: Values
    why: str
    purpose: str
    since: str = ""
    exclusive: bool = False
    asked_by: Values = ()
    reaches: Values = ()


class ZoneMap:
    """Which zone holds a name in a view."""

    def __init__(self, policy: DnsPolicyInput) -> None:
        self.owned = {(str(zone.view), (zone.name or key).lower()): zone for key, zone in policy.zones.items()}
        self.pinpoint = policy.pinpoint

    def zone(self, name: str, view: str) -> str:
        """The owned zone of the view, the name's own pinpoint zone, or nothing when neither may be had."""
        labels = name.split(".")
        for start in range(len(labels)):
            zone = ".".join(labels[start:])
            if (view, zone) in self.owned:
                return zone
        return name if view in self.pinpoint else ""

    def is_pinpoint(self, record: Record) -> bool:
        """Whether the record stands in a zone made for its name alone."""
        return bool(record.zone) and (record.view, record.zone) not in self.owned


def plan_records(topology: Topology, stages: Stages) -> tuple[Record, ...]:
    """All record sets; what several rows ask for is planned once, with every reason."""
    wanted = [
        *(found for fact, context in applications(topology, DnsFact) for found in _wanted(fact, context, stages)),
        *_extras(topology),
    ]
    groups: dict[tuple[str, str, str], list[_Wanted]] = {}
    for one in wanted:
        groups.setdefault((one.view, one.name, one.type), []).append(one)
    maker = _Maker(topology, stages)
    records = [record for key in sorted(groups) for record in maker.staged(groups[key])]
    return tuple(_without_alias_at_apex(records, maker.zones))


def _wanted(fact: DnsFact, context: Context, stages: Stages) -> t.Iterator[_Wanted]:
    values = tuple(value for text in fact.values for value in fill(text, context))
    names = fill(fact.name, context) or (fill(fact.otherwise, context) if fact.otherwise else ())
    if not values:
        return
    if fact.type == "SRV":
        given = fill(fact.port_given, context) if fact.port_given else ()
        values = tuple(f"0 0 {given[0] if given else fact.port} {value.lower()}." for value in values)
    elif fact.type == "CNAME":
        values = tuple(f"{value.lower()}." for value in values)
    reaches = _reached(fact, context)
    own = stages.of(fact, context)
    for view in fact.views:
        asked_by, stage = _askers(fact, context, stages) if view == "perimeter" else ((), own)
        if view == "perimeter" and not asked_by:
            continue
        for name in names:
            yield _Wanted(
                view=view,
                name=name.lower(),
                type=fact.type,
                stage=stage,
                values=values,
                why=fact.id,
                purpose=fact.purpose,
                since=context.cluster.stage if context.cluster else own,
                exclusive=fact.exclusive,
                asked_by=asked_by,
                reaches=reaches,
            )


def _reached(fact: DnsFact, context: Context) -> Values:
    """Listeners behind the name, as `role:interface@cluster`."""
    if context.cluster is None:
        return ()
    return tuple(
        f"{party}@{cluster.name}"
        for party in fact.reaches
        for cluster in related(context.topology, context.cluster, fact.reaches_via, party.partition(":")[0])
        if _carries(context, cluster, party.partition(":")[0])
    )


def _carries(context: Context, cluster: Cluster, role: str) -> bool:
    """The name of a single server leads to what that server carries, not to what its neighbours do."""
    return cluster is not context.cluster or context.server is None or context.server in cluster.members(role)


def _askers(fact: DnsFact, context: Context, stages: Stages) -> tuple[Values, str]:
    """Servers that ask for the record, and the stage in which it is first of use."""
    own = stages.of(fact, context)
    if context.cluster is None:
        return (), own
    asking = related(context.topology, context.cluster, fact.via, fact.asked_by)
    servers = [server.name for cluster in asking for server in cluster.members(fact.asked_by)]
    return tuple(dict.fromkeys(servers)), stages.latest(own, *(cluster.stage for cluster in asking[:1]))


def _extras(topology: Topology) -> t.Iterator[_Wanted]:
    facts = {fact.id: fact for fact in topology.catalogue.facts(ExtraFact)}
    for extra in topology.estate.extra_records:
        fact = facts["extra.record"]
        yield _Wanted(
            extra.view,
            extra.name.lower(),
            extra.type,
            fact.stage,
            (extra.value,),
            fact.id,
            extra.reason,
            since=fact.stage,
        )


class _Maker:
    """Makes record sets of what rows ask for."""

    def __init__(self, topology: Topology, stages: Stages) -> None:
        self.zones = ZoneMap(topology.estate.dns)
        self._ttl = topology.estate.dns.ttl
        self._stages = stages

    def staged(self, group: t.Sequence[_Wanted]) -> t.Iterator[Record]:
        """A record set as it stands from each stage on that changes it; each but the first replaces the one before."""
        before: Record | None = None
        by_stage = sorted(group, key=lambda one: self._stages.rank(one.stage))
        for stage, now in itertools.groupby(by_stage, key=lambda one: one.stage):
            record = self._record(self._newest(list(now)), stage, before)
            if before and record.values == before.values:
                record = dataclasses.replace(record, id=before.id, stage=before.stage, replaces=before.replaces)
            elif before:
                yield before
            before = record
        if before:
            yield before

    def _newest(self, now: t.Sequence[_Wanted]) -> t.Sequence[_Wanted]:
        """Where only one may have the name, it is the cluster that is deployed last."""
        if not any(one.exclusive for one in now):
            return now
        last = self._stages.latest(*(one.since for one in now))
        return [one for one in now if one.since == last]

    def _record(self, now: t.Sequence[_Wanted], stage: str, before: Record | None) -> Record:
        first = now[0]
        values = _joined(*(one.values for one in now))
        exclusive = any(one.exclusive for one in now)
        if before and not exclusive:
            values = _joined(before.values, values)
        kept = None if before and exclusive and values != before.values else before
        identity = f"{first.view}:{first.name}:{first.type}"
        return Record(
            id=f"{identity}@{stage}" if before else identity,
            stage=stage,
            why=_joined(kept.why if kept else (), tuple(one.why for one in now)),
            replaces=before.id if before else "",
            view=first.view,
            zone=self.zones.zone(first.name, first.view),
            name=first.name,
            type=first.type,
            ttl=self._ttl,
            values=values,
            purpose="; ".join(_joined((kept.purpose,) if kept else (), tuple(one.purpose for one in now))),
            asked_by=_joined(kept.asked_by if kept else (), *(one.asked_by for one in now)),
            reaches=_joined(kept.reaches if kept else (), *(one.reaches for one in now)),
        )


def _joined(*parts: Values) -> Values:
    return tuple(dict.fromkeys(itertools.chain.from_iterable(parts)))


def _without_alias_at_apex(records: t.Sequence[Record], zones: ZoneMap) -> t.Iterator[Record]:
    """An alias cannot stand at the top of a zone: in a pinpoint zone its target's addresses take its place."""
    addresses = {(record.view, record.name): record.values for record in records if record.type == "A"}
    for record in records:
        target = addresses.get((record.view, record.values[0].rstrip(".")))
        if record.type == "CNAME" and target and zones.is_pinpoint(record):
            identity = record.id.replace(":CNAME", ":A")
            yield dataclasses.replace(record, id=identity, type="A", values=target)
        else:
            yield record


def plan_zones(topology: Topology, records: t.Sequence[Record], stages: Stages) -> tuple[Zone, ...]:
    """The zones that planned records stand in, each from the stage of its first record on."""
    zones = ZoneMap(topology.estate.dns)
    groups: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        if record.zone:
            groups.setdefault((record.view, record.zone), []).append(record)
    found = []
    for (view, name), held in sorted(groups.items()):
        owned = zones.owned.get((view, name))
        source = owned or zones.pinpoint[t.cast("View", view)]
        found.append(
            Zone(
                id=f"{view}:{name}",
                stage=min((record.stage for record in held), key=stages.rank),
                why=_joined(*(record.why for record in held)),
                view=view,
                name=name,
                server=source.server,
                dynamic_update=source.dynamic_update,
                key=source.key,
                pinpoint=owned is None,
            )
        )
    return tuple(found)


def plan_hosts_entries(records: t.Sequence[Record]) -> tuple[HostsEntry, ...]:
    """Lines of hosts files: names that a perimeter server asks for and no zone of the perimeter view holds."""
    return tuple(
        HostsEntry(
            id=f"{host}:{record.id}",
            stage=record.stage,
            why=record.why,
            replaces=f"{host}:{record.replaces}" if record.replaces else "",
            host=host,
            name=record.name,
            addresses=record.values,
        )
        for record in records
        if record.view == "perimeter" and record.type == "A" and not record.zone
        for host in record.asked_by
    )
