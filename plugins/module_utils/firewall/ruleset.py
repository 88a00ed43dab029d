# SPDX-License-Identifier: GPL-3.0-or-later
"""A rule set in one canonical form, in which what is wanted and what is there are compared.

Private to the collection.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeVar

from .spans import ANY_ADDRESS, ANY_PORT, Box, Names, Span, address_text, disjoint, port_text

Way = tuple[str, str]
Shape = tuple[str, ...]

# The mark of packets that keep the one they come with.
KEPT = "kept"
SIDES: Mapping[str, str] = {"source": "from", "destination": "to"}
PROTOCOLS = ("tcp", "udp", "icmp", "esp")
WITH_PORTS = ("tcp", "udp")
RANGES = "ranges"


class Accept(NamedTuple):
    """Connections that may be opened on a way through the firewall. Addresses are those behind the translation."""

    ingress: str
    egress: str
    source: Span
    destination: Span
    protocol: str
    source_ports: Span
    ports: Span

    @property
    def way(self) -> Way:
        return self.ingress, self.egress

    @property
    def box(self) -> Box:
        return self.source, self.destination, self.source_ports, self.ports

    def __str__(self) -> str:
        opened_from = f" from port {port_text(self.source_ports)}" if self.source_ports != ANY_PORT else ""
        port = f" port {port_text(self.ports)}" if self.ports != ANY_PORT else ""
        ends = f"{_end(self.source)} to {_end(self.destination)}"
        return f"{self.ingress} > {self.egress}: {ends}, {self.protocol}{port}{opened_from}"


class Inwards(NamedTuple):
    """What is sent to a public address by those who come in through an interface."""

    ingress: str
    public: str
    protocol: str
    ports: Span

    def __str__(self) -> str:
        port = f" port {port_text(self.ports)}" if self.ports != ANY_PORT else ""
        return f"{self.ingress} >: to {self.public}, {self.protocol}{port}"


class Outwards(NamedTuple):
    """What a private address sends out through an interface: to one destination, or to all where that is empty."""

    egress: str
    private: str
    destination: str

    def __str__(self) -> str:
        return f"> {self.egress}: from {self.private}" + (f" to {self.destination}" if self.destination else "")


class Mark(NamedTuple):
    """Packets of a way that go out from, or to, some ports; with no side all that are left."""

    ingress: str
    egress: str
    protocol: str
    side: str
    ports: Span

    def __str__(self) -> str:
        of_what = f"{self.protocol} {SIDES[self.side]} port {port_text(self.ports)}" if self.side else "all else"
        return f"mark {self.ingress} > {self.egress}: {of_what}"


class Translated(NamedTuple):
    """The address or mark that is put in place, and the names of the rules that ask for it."""

    address: str
    names: Names

    def only(self, names: frozenset[str], wanted: bool) -> Translated:
        return Translated(self.address, _kept(self.names, names, wanted))


@dataclasses.dataclass(frozen=True)
class Ruleset:
    """All of our own table. `guarded` are the ways on which protected addresses get planned traffic only."""

    enforce: str = "observe"
    guarded: frozenset[Way] = frozenset()
    protected: frozenset[str] = frozenset()
    accepts: Mapping[Accept, Names] = dataclasses.field(default_factory=dict)
    inwards: Mapping[Inwards, Translated] = dataclasses.field(default_factory=dict)
    outwards: Mapping[Outwards, Translated] = dataclasses.field(default_factory=dict)
    marks: Mapping[Mark, Translated] = dataclasses.field(default_factory=dict)

    @functools.cached_property
    def ways(self) -> Sequence[Way]:
        """All ways that the table looks at."""
        return sorted(self.guarded.union({accept[:2] for accept in self.accepts}))

    def names(self) -> Iterator[Names]:
        yield from self.accepts.values()
        for translated in (*self.inwards.values(), *self.outwards.values(), *self.marks.values()):
            yield translated.names

    def only(self, names: frozenset[str], wanted: bool) -> Ruleset:
        """What is there for some names, or for all but those."""
        return dataclasses.replace(
            self,
            accepts=without_overlap(
                (accept, kept) for accept, held in self.accepts.items() if (kept := _kept(held, names, wanted))
            ),
            inwards=_only(self.inwards, names, wanted),
            outwards=_only(self.outwards, names, wanted),
            marks=_only(self.marks, names, wanted),
        )


_Key = TypeVar("_Key", Inwards, Outwards, Mark)
_Ported = TypeVar("_Ported", Inwards, Mark)


def _only(held: Mapping[_Key, Translated], names: frozenset[str], wanted: bool) -> dict[_Key, Translated]:
    narrowed = ((key, found.only(names, wanted)) for key, found in held.items())
    return {key: found for key, found in narrowed if found.names}


def _kept(held: Names, names: frozenset[str], wanted: bool) -> Names:
    return tuple(name for name in held if (name in names) is wanted)


def without_overlap(accepts: Iterable[tuple[Accept, Names]]) -> dict[Accept, Names]:
    """Entries of one set that overlap, cut and joined so that none does; the others as they are."""
    exact: dict[Accept, Names] = {}
    groups: dict[tuple[Way, str, Shape], list[tuple[Box, Names]]] = {}
    for accept, names in accepts:
        shape = shape_of(accept)
        if shape[-1:] == (RANGES,):
            groups.setdefault((accept.way, accept.protocol, shape), []).append((accept.box, names))
        else:
            exact[accept] = _both(exact[accept], names) if accept in exact else names
    moved = False
    for (way, protocol, shape), boxes in groups.items():
        for (source, destination, source_ports, ports), names in disjoint(boxes):
            made = Accept(*way, source, destination, protocol, source_ports, ports)
            exact[made] = _both(exact[made], names) if made in exact else names
            moved = moved or shape_of(made) != shape
    # Ranges that came together to the whole of a field, or were cut down to single values, belong elsewhere: there they
    # may meet others, and those that stay may be joined now.
    return without_overlap(exact.items()) if moved else exact


def translations(asked: Iterable[tuple[_Ported, Translated]]) -> tuple[dict[_Ported, Translated], list[str]]:
    """What is translated inwards, or marked, without overlap, and where two ask for different addresses or marks."""
    groups: dict[_Ported, list[tuple[Box, Names]]] = {}
    for asked_for, found in asked:
        names = tuple(f"{found.address} {name}" for name in found.names)
        whole = asked_for._replace(ports=ANY_PORT)
        groups.setdefault(whole, []).append(((asked_for.ports,), names))
    made: dict[_Ported, Translated] = {}
    conflicts: list[str] = []
    for whole, boxes in groups.items():
        for box, covering in disjoint(boxes):
            pairs = [text.split(" ", 1) for text in covering]
            addresses = {address for address, _name in pairs}
            key = whole._replace(ports=box[0])
            names = tuple(sorted({name for _address, name in pairs}))
            made[key] = Translated(min(addresses), names)
            if len(addresses) > 1:
                conflicts.append(conflict(key, addresses, names))
    return made, conflicts


def conflict(key: object, addresses: Iterable[str], names: Iterable[str]) -> str:
    asked = " and ".join(sorted(addresses))
    remedy = "one packet has one mark" if isinstance(key, Mark) else "one address becomes one other"
    return f"{key} cannot become {asked} at once, as {', '.join(sorted(names))} ask(s); {remedy}"


def _both(one: Names, other: Names) -> Names:
    return tuple(sorted({*one, *other}))


def shape_of(accept: Accept) -> Shape:
    """Which fields of an entry say something, and whether one of them is a range."""
    # Asked of every entry more than once: written out, this takes a third of the time.
    _ingress, _egress, source, destination, _protocol, source_ports, ports = accept
    said: list[str] = []
    ranged = False
    if source != ANY_ADDRESS:
        said.append("from")
        ranged = source[0] != source[1]
    if destination != ANY_ADDRESS:
        said.append("to")
        ranged = ranged or destination[0] != destination[1]
    if source_ports != ANY_PORT:
        said.append("sport")
        ranged = ranged or source_ports[0] != source_ports[1]
    if ports != ANY_PORT:
        said.append("port")
        ranged = ranged or ports[0] != ports[1]
    if ranged:
        said.append(RANGES)
    return tuple(said)


def _end(span: Span) -> str:
    return "any" if span == ANY_ADDRESS else address_text(span)
