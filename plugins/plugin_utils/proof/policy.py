# SPDX-License-Identifier: GPL-3.0-or-later
"""Policies as sets of packets: what a firewall is told to let through, and what the flows of a plan need of it.

Both are read into the same form, so that a proof is a comparison. A packet is seen as filters see it: with the private
address of a server whose address is translated. Each translation is a fact of its own about the same packets.
"""

from __future__ import annotations

import collections
import dataclasses
import functools
import typing as t

from ..planning.flows import Flow
from ..planning.parties import EndpointSet
from .boxes import Box, Boxes, remainder
from .spans import ALL_PORTS, Spans, intersect, of_address, of_port, spans

Arguments = t.Mapping[str, t.Any]


class Change(t.NamedTuple):
    """A translation; none of its fields is set where packets just pass."""

    kind: str = ""
    public: str = ""
    private: str = ""


PASSES: t.Final = Change()


class Key(t.NamedTuple):
    """What tells packets apart that no box does, and what is to happen to them."""

    ingress: str
    egress: str
    protocol: str
    change: Change = PASSES


class Entry(t.NamedTuple):
    """Packets, with the rule or the flow that they are due to."""

    owner: str
    stage: str
    box: Box


class Policy:
    """Packets by key, each with its owners."""

    def __init__(self) -> None:
        self.entries: dict[Key, list[Entry]] = collections.defaultdict(list)
        self._boxes: dict[Key, Boxes] = {}

    def add(self, key: Key, entry: Entry) -> None:
        self.entries[key].append(entry)

    def boxes(self, key: Key) -> Boxes:
        """The boxes of a key; nothing may be added after the first question."""
        if key not in self._boxes:
            self._boxes[key] = Boxes([entry.box for entry in self.entries.get(key, ())])
        return self._boxes[key]

    def meeting(self, key: Key, box: Box) -> list[Entry]:
        """Entries that share packets with a box."""
        if key not in self.entries:
            return []
        return [self.entries[key][index] for index in self.boxes(key).meeting(box)]

    def remainder(self, key: Key, box: Box, there: t.Callable[[str], bool]) -> list[Box]:
        """Packets of a box that no entry of the key holds, of entries whose stage is `there`."""
        if key not in self.entries:
            return [box]
        near = (self.entries[key][index] for index in self.boxes(key).near(box))
        return remainder(box, (entry.box for entry in near if there(entry.stage)))


@dataclasses.dataclass(frozen=True, slots=True)
class FirewallPolicy:
    """A slice of `firewall_rules`, planned or gathered; `why` has the catalogue rows of each of its rules."""

    firewall: str
    protected: Spans
    why: t.Mapping[str, tuple[str, ...]]
    policy: Policy


def of_slice(firewall: str, arguments: Arguments) -> FirewallPolicy:
    """Read the slice of a firewall, or what `gathered` returned for it."""
    addresses = {entry["name"]: address_spans(tuple(entry["addresses"])) for entry in arguments.get("sets") or ()}
    policy = Policy()
    why: dict[str, tuple[str, ...]] = {}
    for given in arguments.get("rules") or ():
        why[given["id"]] = tuple(given.get("why") or ())
        box = Box(
            addresses.get(given["source"], ()),
            port_spans((given.get("source_ports") or "",)),
            addresses.get(given["destination"], ()),
            port_spans(tuple(given.get("ports") or ())),
        )
        changes = [
            Change(change["kind"], change["public"], change["private"])
            for change in given.get("nat") or ()
            if change.get("firewall", firewall) == firewall
        ]
        key = Key(given["ingress"], given["egress"], given["protocol"])
        _enter(policy, key, Entry(given["id"], given.get("stage") or "", box), changes)
    return FirewallPolicy(firewall, address_spans(tuple(arguments.get("protected") or ())), why, policy)


def needs_of(flows: t.Iterable[Flow], sets: t.Iterable[EndpointSet]) -> dict[str, Policy]:
    """What flows need of each firewall that they cross."""
    by_name = {item.name: item for item in sets}
    addresses: dict[str, Spans] = {}

    def addresses_of(name: str) -> Spans:
        if name not in addresses:
            endpoints = by_name[name]
            texts = dict.fromkeys([*(member.address for member in endpoints.members), *endpoints.cidrs])
            addresses[name] = address_spans(tuple(texts))
        return addresses[name]

    needs: dict[str, Policy] = collections.defaultdict(Policy)
    for flow in flows:
        for crossing in flow.crossings:
            box = Box(
                addresses_of(flow.source),
                port_spans((flow.source_ports,)),
                addresses_of(flow.destination),
                port_spans(flow.ports),
            )
            changes = [
                Change(change.kind, change.public, change.private)
                for change in flow.nat
                if change.firewall == crossing.firewall
            ]
            key = Key(crossing.ingress, crossing.egress, flow.protocol)
            _enter(needs[crossing.firewall], key, Entry(flow.id, flow.stage, box), changes)
    return dict(needs)


def _enter(policy: Policy, key: Key, entry: Entry, changes: t.Iterable[Change]) -> None:
    """The packets as such, and those of them that are translated."""
    policy.add(key, entry)
    for change in changes:
        private = address_spans((change.private,))
        side = "destination" if change.kind == "dnat" else "source"
        translated = entry.box._replace(**{side: intersect(getattr(entry.box, side), private)})
        if not translated.is_empty:
            policy.add(key._replace(change=change), entry._replace(box=translated))


# The same few sets stand in many slices; those that are one object are compared at once.
@functools.lru_cache(maxsize=1 << 14)
def address_spans(texts: tuple[str, ...]) -> Spans:
    return spans(map(of_address, texts))


@functools.lru_cache(maxsize=1 << 12)
def port_spans(texts: tuple[str, ...]) -> Spans:
    """The ports that are named; all where none is."""
    named = [text for text in texts if text]
    return spans(map(of_port, named)) if named else ALL_PORTS
