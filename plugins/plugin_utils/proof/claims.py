# SPDX-License-Identifier: GPL-3.0-or-later
"""The claims about one firewall, each a generator of what contradicts it."""

from __future__ import annotations

import collections
import dataclasses
import typing as t

from ..planning.flows import Flow
from ..topology.network_map import NetworkMap
from .boxes import Box, remainder
from .model import Claim, CounterExample
from .policy import PASSES, Entry, FirewallPolicy, Key, Policy
from .spans import Spans, intersect, of_address, spans
from .witness import Witness

_DEPTH = {"internet": 0, "perimeter": 1, "internal": 2}
_GROUPS: t.Final = "224.0.0.0/4"
_EVERYBODY: t.Final = "255.255.255.255"
_LONGEST_WITH_BROADCAST: t.Final = 31


@dataclasses.dataclass(frozen=True, slots=True)
class Case:
    """A firewall: what it has, what flows need of it, and how to tell about it."""

    have: FirewallPolicy
    needs: Policy
    flows: t.Mapping[str, Flow]
    networks: NetworkMap
    witness: Witness
    rank: t.Callable[[str], int]
    for_many: Spans

    def at(self, stage: str) -> t.Callable[[str], bool]:
        """Which stages have been reached, with this one for the last."""
        last = self.rank(stage)
        return lambda other: self.rank(other) <= last

    def told(self, claim: Claim, key: Key, box: Box, reason: str, rule: str = "", flow: str = "") -> CounterExample:
        packet = self.witness.packet(self.have.firewall, key, box)
        why = self.flows[flow].why if flow in self.flows else self.have.why.get(rule, ())
        return CounterExample(claim, self.have.firewall, key.ingress, key.egress, rule, flow, packet, reason, why)


def required_passes(case: Case) -> t.Iterator[CounterExample]:
    """What flows need is let through, and translated as they need it, from the stage on in which they need it."""
    for key, entries in case.needs.entries.items():
        for entry in entries:
            left = case.have.policy.remainder(key, entry.box, case.at(entry.stage))
            if not left:
                continue
            partly = [found.owner for found in case.have.policy.meeting(key, left[0])] or [
                found.owner for found in case.have.policy.meeting(key, entry.box)
            ]
            rule = entry.owner if entry.owner in case.have.why else (partly[0] if partly else "")
            if key.change == PASSES:
                reason = f"the flow {entry.owner} needs it, and {_short_of(rule)}"
                yield case.told("passes", key, left[0], reason, rule, entry.owner)
            else:
                reason = f"the flow {entry.owner} needs {_in_words(key)}, and no rule does that"
                yield case.told("translated", key, left[0], reason, rule, entry.owner)


def _short_of(rule: str) -> str:
    return f"rule {rule} lets through only other packets" if rule else "no rule lets it through"


def _in_words(key: Key) -> str:
    kind, public, private = key.change
    return f"the destination {public} made {private}" if kind == "dnat" else f"the source {private} made {public}"


def nothing_else(case: Case) -> t.Iterator[CounterExample]:
    """What rules let through, flows need, no later than there is the rule.

    That is told apart for what reaches a protected address, and for what is merely idle.
    """
    for key, entries in case.have.policy.entries.items():
        for entry in entries:
            left = case.needs.remainder(key, entry.box, case.at(entry.stage))
            if left:
                yield _excess(case, key, entry, left)


def _excess(case: Case, key: Key, entry: Entry, left: t.Sequence[Box]) -> CounterExample:
    if key.change != PASSES:
        reason = f"rule {entry.owner} makes {_in_words(key)}, which no flow needs"
        return case.told("translated", key, left[0], reason, entry.owner)
    flows = case.needs.meeting(key, entry.box)
    wider = f"is wider than the flow {flows[0].owner} needs" if flows else "is needed by no flow"
    reason = f"rule {entry.owner} lets it through, and {wider}"
    guarded = next(filter(None, (_at_protected(piece, case.have.protected) for piece in left)), None)
    if guarded:
        return case.told("nothing_else", key, guarded, reason, entry.owner)
    return case.told("needed", key, left[0], reason, entry.owner)


def _at_protected(piece: Box, protected: Spans) -> Box | None:
    """Packets of a box with a protected address on one side."""
    for narrowed in (
        piece._replace(destination=intersect(piece.destination, protected)),
        piece._replace(source=intersect(piece.source, protected)),
    ):
        if not narrowed.is_empty:
            return narrowed
    return None


def no_broadcast(case: Case) -> t.Iterator[CounterExample]:
    """Nothing towards the inside is for many at once."""
    for key, entries in case.have.policy.entries.items():
        if key.change != PASSES or not _inwards(case, key):
            continue
        for entry in entries:
            box = entry.box._replace(destination=intersect(entry.box.destination, case.for_many))
            if not box.is_empty:
                reason = f"rule {entry.owner} lets it through towards the inside, where it is for many at once"
                yield case.told("no_broadcast", key, box, reason, entry.owner)


def _inwards(case: Case, key: Key) -> bool:
    start, end = (case.networks.zone_of_interface(case.have.firewall, side) for side in (key.ingress, key.egress))
    return end == "internal" and _DEPTH.get(start, 0) < _DEPTH[end]


def addresses_for_many(networks: NetworkMap) -> Spans:
    """Groups, everybody, and the broadcast address of each network inside."""
    inside = [given.cidr for given in networks.networks.values() if given.zone == "internal"]
    broadcasts = [int(cidr.broadcast_address) for cidr in inside if cidr.prefixlen < _LONGEST_WITH_BROADCAST]
    return spans([of_address(_GROUPS), of_address(_EVERYBODY), *zip(broadcasts, broadcasts, strict=True)])


def not_covered(case: Case) -> t.Iterator[CounterExample]:
    """Without any rule something would be missing. Of rules that cover one another, the later ones are told."""
    policy = case.have.policy
    translations: dict[tuple[Key, str], list[tuple[Key, int]]] = collections.defaultdict(list)
    for key, entries in policy.entries.items():
        if key.change != PASSES:
            for index, entry in enumerate(entries):
                translations[key._replace(change=PASSES), entry.owner].append((key, index))
    for key, entries in policy.entries.items():
        if key.change != PASSES:
            continue
        gone: set[str] = set()
        for index in sorted(range(len(entries)), key=lambda at: (case.rank(entries[at].stage), at), reverse=True):
            owner = entries[index].owner
            parts = [(key, index), *translations.get((key, owner), ())]
            covering = [_covering(case, part, at, gone) for part, at in parts]
            if all(covering):
                gone.add(owner)
                names = ", ".join(dict.fromkeys(covering[0]))
                yield case.told("not_covered", key, entries[index].box, f"rule {owner} adds nothing to {names}", owner)


def _covering(case: Case, key: Key, index: int, gone: t.Container[str]) -> list[str]:
    """Rules of no later stage that let through together all that one does; none when they do not."""
    entries = case.have.policy.entries[key]
    mine = entries[index]
    others = [
        entries[at]
        for at in case.have.policy.boxes(key).meeting(mine.box)
        if at != index and entries[at].owner not in gone and case.rank(entries[at].stage) <= case.rank(mine.stage)
    ]
    if not others or remainder(mine.box, (other.box for other in others)):
        return []
    return [other.owner for other in others]
