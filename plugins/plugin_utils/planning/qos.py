# SPDX-License-Identifier: GPL-3.0-or-later
"""Quality of service: what marks media, on each server, each pool and each population of clients.

Clients are no hosts of the inventory: what they need goes into a named Group Policy object.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ..schema.kinds import UNMANAGED_DSCP, parse_ports
from ..topology.conditions import holds
from ..topology.context import Context, contexts
from ..topology.inputs.clients import Medium
from ..topology.model import Topology
from ..topology.windows import windows_words
from .base import Stages
from .loads import subject_of
from .qos_facts import InBandEntry, PolicyEntry, QosFact, RangeEntry, RegistryEntry, WmiEntry
from .qos_items import (
    InBandSetting,
    Marking,
    MediaRange,
    Policy,
    QosCheckpoint,
    QosPlan,
    RegistryValue,
    Scheduler,
    WmiValue,
)
from .qos_network import plan_marks


def plan_qos(topology: Topology, stages: Stages) -> QosPlan:
    """The settings of every server, pool and population, and of firewalls; nothing where QoS is not set up."""
    found = _Planner(topology, stages).plan()
    return dataclasses.replace(found, network=plan_marks(topology, stages, found))


@dataclasses.dataclass(frozen=True, slots=True)
class _Range:
    """A range with the row it comes from and the path it is changed at."""

    fact: QosFact
    first: int
    last: int
    path: str

    @property
    def count(self) -> int:
        return self.last - self.first + 1


class _Planner:
    """The classes and ranges of each product, looked up by the rows that use them."""

    def __init__(self, topology: Topology, stages: Stages) -> None:
        self._topology = topology
        self._stages = stages
        self._rows = list(_applied(topology))
        facts = [(name, f) for name, catalogue in topology.catalogues.items() for f in catalogue.facts(QosFact)]
        self._classes: dict[tuple[str, str], QosFact] = {(name, f.medium): f for name, f in facts if f.dscp_class}
        self._layouts = {name: [f for other, f in facts if other == name and f.layout] for name in topology.catalogues}
        self._schedulers = {
            name: [f for other, f in facts if other == name and f.windows] for name in topology.catalogues
        }
        self._ranges = {_place(f, c): (f, f.range, c) for f, c in self._rows if f.range}

    def plan(self) -> QosPlan:
        return QosPlan(
            markings=tuple(self._marking(f, c) for f, c in self._rows if f.dscp_class),
            registry=tuple(value for f, c in self._rows for value in self._registry(f, c)),
            wmi=tuple(self._wmi(f, f.wmi, c) for f, c in self._rows if f.wmi),
            ranges=tuple(self._media_range(f, c) for f, c in self._rows if f.range),
            policies=tuple(p for f, c in self._rows if f.policy and (p := self._policy(f, f.policy, c))),
            in_band=tuple(self._in_band(f, f.in_band, c) for f, c in self._rows if f.in_band),
            schedulers=tuple(s for f, c in self._rows if f.windows and (s := self._scheduler(f, c))),
            checkpoints=tuple(
                sorted((self._checkpoint(f, c) for f, c in self._rows if f.checkpoint), key=lambda item: item.order)
            ),
        )

    def _common(self, fact: QosFact, context: Context, suffix: str = "") -> dict[str, t.Any]:
        clients = self._topology.estate.clients.get(context.population)
        target = subject_of(context)
        return {
            "id": f"{fact.id}@{target}{suffix}",
            "stage": self._stages.of(fact, context),
            "target": target,
            "gpo": (clients.gpo or f"UC QoS {context.population}") if clients else "",
            "purpose": fact.purpose,
        }

    def _marking(self, fact: QosFact, context: Context) -> Marking:
        chosen = self._dscp(fact, context)
        return Marking(
            **self._common(fact, context),
            why=(fact.id,),
            medium=fact.medium,
            dscp_class=fact.dscp_class,
            dscp=chosen,
            expected=chosen or fact.windows_dscp,
            service_type=fact.service_type,
            payload_types=fact.payload_types,
        )

    def _class_of(self, medium: str, context: Context) -> QosFact | None:
        return self._classes.get((context.product, medium))

    def _dscp(self, fact: QosFact, context: Context) -> int:
        """The code point of the row's medium; 0 where the inventory leaves it to Windows."""
        given = self._topology.estate.qos.dscp.get(t.cast(Medium, fact.medium), "")
        if given in UNMANAGED_DSCP:
            return 0
        own = self._class_of(fact.medium, context)
        return int(given) if given else own.dscp if own else 0

    def _registry(self, fact: QosFact, context: Context) -> t.Iterator[RegistryValue]:
        if fact.registry:
            words, why, state = self._words(fact, context)
            if words is not None:
                yield self._value(fact, fact.registry, context, words, why, state)
        if fact.policy and (policy := self._policy(fact, fact.policy, context)):
            words = {
                **{name: str(getattr(policy, name)) for name in ("name", "application", "dscp")},
                "protocol": {"both": "*"}.get(policy.protocol, policy.protocol.upper()),
                "local": f"{policy.first}:{policy.last}" if policy.match == "source" else "*",
                "remote": f"{policy.first}:{policy.last}" if policy.match == "destination" else "*",
            }
            for layout in self._layouts[context.product]:
                for entry in layout.layout:
                    yield self._value(fact, entry, context, words, (*policy.why, layout.id), "present")

    def _words(
        self, fact: QosFact, context: Context
    ) -> tuple[dict[str, str] | None, tuple[str, ...], t.Literal["present", "unmanaged"]]:
        """What the row's data is filled with; None where the inventory gives nothing to fill it with."""
        chosen = self._range_of(fact, context)
        if fact.service_type:
            own = self._class_of(fact.medium, context)
            dscp = self._dscp(fact, context)
            expected = dscp or (own.windows_dscp if own else 0)
            why = (fact.id, own.id) if own else (fact.id,)
            return {"dscp": str(expected)}, why, "present" if dscp else "unmanaged"
        if not fact.medium:
            return {}, (fact.id,), "present"
        if chosen is None or not chosen.path:
            return None, (fact.id,), "present"
        return (
            {"first": str(chosen.first), "last": str(chosen.last), "count": str(chosen.count)},
            (fact.id, chosen.fact.id),
            "present",
        )

    def _value(
        self,
        fact: QosFact,
        entry: RegistryEntry,
        context: Context,
        words: t.Mapping[str, str],
        why: tuple[str, ...],
        state: t.Literal["present", "unmanaged"],
    ) -> RegistryValue:
        text = entry.data.format(**words)
        return RegistryValue(
            **self._common(fact, context, f":{entry.name}"),
            why=why,
            hive=entry.hive,
            key=entry.key.format(**words),
            name=entry.name,
            type=entry.type,
            data=int(text) if entry.type == "REG_DWORD" else text,
            state=state,
            restart=fact.restart,
        )

    def _wmi(self, fact: QosFact, entry: WmiEntry, context: Context) -> WmiValue:
        cluster = context.cluster
        sql = cluster.pool.sql if cluster and cluster.pool else None
        instance = f"{sql.host}\\\\{sql.instance}" if sql and sql.instance else sql.host if sql else ""
        return WmiValue(
            **self._common(fact, context),
            why=(fact.id,),
            hosts=tuple(server.name for server in (cluster.members(fact.role) if cluster else ())),
            namespace=entry.namespace,
            wmi_class=entry.wmi_class,
            query=entry.query.format(instance=instance),
            property=entry.property,
            value=entry.value,
            save_object=True,
            restart=fact.restart,
        )

    def _range_of(self, fact: QosFact, context: Context) -> _Range | None:
        """The range of a medium where the row stands: documented, unless the inventory gives another."""
        found = self._ranges.get(_place(fact, context))
        return self._range(*found) if found else None

    def _range(self, fact: QosFact, entry: RangeEntry, context: Context) -> _Range:
        owner, path = self._owner_of_range(entry.given, context)
        given = _given_range(owner, entry.given, fact.medium)
        ports = parse_ports(given) if given else None
        first, last = ports or (entry.start, entry.start + entry.count - 1)
        return _Range(fact, first, last, path if ports else "")

    def _owner_of_range(self, given: str, context: Context) -> tuple[object, str]:
        """The input that may hold the range, and the path of its option."""
        estate = self._topology.estate
        if context.population:
            option_path = f"uc_clients.{context.population}.{given}"
            return estate.clients[context.population], option_path
        name = context.cluster.name if context.cluster else ""
        if name in estate.mediation and hasattr(estate.mediation[name], given):
            return estate.mediation[name], f"uc_mediation['{name}'].{given}"
        return estate.qos, f"uc_qos.{given}"

    def _media_range(self, fact: QosFact, context: Context) -> MediaRange:
        entry = t.cast("RangeEntry", fact.range)
        chosen = self._range(fact, entry, context)
        path = chosen.path + (f".{fact.medium}" if chosen.path.endswith(".ports") else "")
        return MediaRange(
            **self._common(fact, context),
            why=(fact.id,),
            medium=fact.medium,
            protocol=entry.protocol,
            first=chosen.first,
            last=chosen.last,
            count=chosen.count,
            least=entry.least,
            in_servers_range=entry.in_servers_range,
            path=path,
        )

    def _policy(self, fact: QosFact, entry: PolicyEntry, context: Context) -> Policy | None:
        """A policy; none where the medium is left to Windows or has no range here."""
        dscp = self._dscp(fact, context)
        chosen = self._range_of(fact, context)
        if not dscp or chosen is None:
            return None
        own = self._class_of(fact.medium, context)
        return Policy(
            **self._common(fact, context),
            why=tuple(dict.fromkeys((fact.id, chosen.fact.id, *((own.id,) if own else ())))),
            name=entry.name,
            application=entry.application,
            protocol=entry.protocol,
            match=entry.match,
            first=chosen.first,
            last=chosen.last,
            dscp=dscp,
        )

    def _in_band(self, fact: QosFact, entry: InBandEntry, context: Context) -> InBandSetting:
        return InBandSetting(
            **self._common(fact, context),
            why=(fact.id,),
            setting=entry.setting,
            value=entry.value,
            off=entry.off,
            location=entry.location,
            travels=entry.travels,
            restart=fact.restart,
        )

    def _scheduler(self, fact: QosFact, context: Context) -> Scheduler | None:
        """The statement about the Windows version there; for a version that no row names, that it must be looked up."""
        windows = self._windows(context)
        words = windows_words(windows)
        rows = [row for row in self._schedulers[context.product] if row.per == fact.per]
        known = next((row for row in rows if not words.isdisjoint(row.windows)), None)
        if (known or rows[0]).id != fact.id:
            return None
        return Scheduler(
            **self._common(fact, context),
            why=(fact.id,),
            windows=windows,
            installed="look" if known is None else "yes" if known.installed else "no",
        )

    def _windows(self, context: Context) -> str:
        if context.server:
            return context.server.given.windows
        return self._topology.estate.clients[context.population].windows if context.population else ""

    def _checkpoint(self, fact: QosFact, context: Context) -> QosCheckpoint:
        return QosCheckpoint(**self._common(fact, context), why=(fact.id,), order=fact.order, text=fact.checkpoint)


def _applied(topology: Topology) -> t.Iterator[tuple[QosFact, Context]]:
    """Rows with their contexts, each server, pool and population once for each row."""
    seen: set[tuple[str, str]] = set()
    for product, catalogue in topology.catalogues.items():
        for fact in catalogue.facts(QosFact):
            for role in (fact.role, *fact.also):
                for context in contexts(topology, product, fact.per, role):
                    key = (fact.id, subject_of(context))
                    if key not in seen and holds(fact.when, context):
                        seen.add(key)
                        yield fact, context


def _place(fact: QosFact, context: Context) -> tuple[str, str, str]:
    """What a setting and the range it is about have in common."""
    return context.product, fact.medium, subject_of(context)


def _given_range(owner: object, option_name: str, medium: str) -> str:
    """The range that an input gives, if it does."""
    value = getattr(owner, option_name, "")
    return value.get(medium, "") if isinstance(value, dict) else str(value)
