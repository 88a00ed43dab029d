# SPDX-License-Identifier: GPL-3.0-or-later
"""What a listed table means, and in what it differs from a table of ours. Private to the collection."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping

from .labels import Names, names_of
from .listing import Element, Listing
from .ruleset import (
    KEPT,
    PROTOCOLS,
    RANGES,
    Accept,
    Inwards,
    Mark,
    Outwards,
    Ruleset,
    Translated,
    Way,
    translations,
    without_overlap,
)
from .spans import ANY_ADDRESS, ANY_PORT, address_span, port_span
from .text import UNPLANNED, UNPLANNED_CHAIN, Table, mark_chain

_SIDES = {"sport": "source", "port": "destination"}
_NUMBERS = {"1": "icmp", "6": "tcp", "17": "udp", "50": "esp"}
_MODES = {tuple(lines): mode for mode, lines in UNPLANNED.items()}


@dataclasses.dataclass(frozen=True)
class Live:
    """A table that is there. `raw` has its entries as they stand in it; `strange` is all that ours never have."""

    raw: Ruleset
    strange: tuple[str, ...]
    packets: Mapping[Accept, int]

    @functools.cached_property
    def ruleset(self) -> Ruleset:
        """The same in the form in which rule sets are compared."""
        inwards, _conflicts = translations(self.raw.inwards.items())
        marks, _differing = translations(self.raw.marks.items())
        accepts = without_overlap(self.raw.accepts.items())
        return dataclasses.replace(self.raw, accepts=accepts, inwards=inwards, marks=marks)

    @functools.cached_property
    def table(self) -> Table:
        return Table(self.raw)


class _Reader:
    """Reads one listing; what it cannot make sense of it keeps as strange."""

    def __init__(self, listing: Listing, known: Mapping[str, Names]) -> None:
        self.listing = listing
        self.known = known
        self.strange: list[str] = []
        self.chains: dict[str, Way] = {}
        self.guarded: set[Way] = set()
        self.accepts: dict[Accept, Names] = {}
        self.inwards: dict[Inwards, Translated] = {}
        self.outwards: dict[Outwards, Translated] = {}
        self.marks: dict[Mark, Translated] = {}
        self.packets: dict[Accept, int] = {}

    def read(self) -> Live:
        self._ways()
        for name, elements in self.listing.elements.items():
            chain, _slash, shape = name.rpartition("/")
            if name in ("ways", "protected"):
                continue
            self.strange.extend(
                f"{name}: {' . '.join(element.key)}" for element in elements if not self._is_read(chain, shape, element)
            )
        mode = _MODES.get(self.listing.structure.get(f"chain {UNPLANNED_CHAIN}", ()), "observe")
        protected = frozenset(element.key[0] for element in self.listing.elements.get("protected", ()))
        raw = Ruleset(mode, frozenset(self.guarded), protected, self.accepts, self.inwards, self.outwards, self.marks)
        found = Live(raw, (), self.packets)
        strange = (*self.strange, *_unlike(self.listing.structure, found.table.structure))
        return dataclasses.replace(found, strange=strange) if strange else found

    def _ways(self) -> None:
        for element in self.listing.elements.get("ways", ()):
            word, _space, chain = element.value.partition(" ")
            if word != "jump" or not chain:
                self.strange.append(f"ways: {' . '.join(element.key)} : {element.value}")
                continue
            way = (element.key[0].strip('"'), element.key[1].strip('"'))
            self.chains[chain] = way
            if element.comment == "guarded":
                self.guarded.add(way)

    def _is_read(self, chain: str, shape: str, element: Element) -> bool:
        try:
            self._entry(chain, shape, element)
        except (KeyError, ValueError, IndexError):
            return False
        return True

    def _entry(self, chain: str, shape: str, element: Element) -> None:
        names = names_of(element.comment, self.known)
        if chain == "translate_in":
            interface, public, protocol, *ports = element.key
            key = Inwards(interface.strip('"'), public, _protocol(protocol), port_span(ports[0]) if ports else ANY_PORT)
            self.inwards[key] = Translated(element.value, names)
        elif chain == "translate_out":
            interface, private, *destination = element.key
            self.outwards[Outwards(interface.strip('"'), private, "".join(destination))] = Translated(
                element.value, names
            )
        elif chain == "mark":
            self.marks[self._mark(shape, element.key)] = Translated(_put(element.value), names)
        else:
            accept = self._accept(self.chains[chain], shape, element.key)
            self.accepts[accept] = names
            if element.packets:
                self.packets[accept] = element.packets

    def _mark(self, shape: str, key: tuple[str, ...]) -> Mark:
        ingress, egress, *rest = (part.strip('"') for part in key)
        if shape == "all":
            return Mark(ingress, egress, "", "", ANY_PORT)
        return Mark(ingress, egress, _protocol(rest[0]), _SIDES[shape.partition("-")[0]], port_span(rest[1]))

    def _accept(self, way: Way, shape: str, key: tuple[str, ...]) -> Accept:
        fields = dict(zip(_fields(shape), key))
        return Accept(
            *way,
            address_span(fields["from"]) if "from" in fields else ANY_ADDRESS,
            address_span(fields["to"]) if "to" in fields else ANY_ADDRESS,
            _protocol(fields["protocol"]),
            port_span(fields["sport"]) if "sport" in fields else ANY_PORT,
            port_span(fields["port"]) if "port" in fields else ANY_PORT,
        )


@functools.lru_cache(maxsize=4096)
def _fields(shape: str) -> tuple[str, ...]:
    """What the parts of a key are, in a set of this shape."""
    said = [field for field in shape.split("-") if field not in (RANGES, "any")]
    at = len([field for field in said if field in ("from", "to")])
    return (*said[:at], "protocol", *said[at:])


def _put(verdict: str) -> str:
    """The mark that a verdict stands for."""
    if verdict == "accept":
        return KEPT
    word, _space, chain = verdict.partition(" ")
    mark = chain[len(mark_chain("")) :]
    if word != "goto" or chain != mark_chain(mark):
        raise ValueError(verdict)
    return str(int(mark))


def _protocol(word: str) -> str:
    found = _NUMBERS.get(word, word)
    if found not in PROTOCOLS:
        raise ValueError(word)
    return found


def _unlike(found: Mapping[str, tuple[str, ...]], ours: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Lines of one structure that the other does not have there."""
    differing = sorted(name for name in {*found, *ours} if found.get(name) != ours.get(name))
    told: list[str] = []
    for name in differing:
        there, here = found.get(name), ours.get(name)
        if there is None or here is None:
            told.append(f"{name} is {'missing' if there is None else 'none of ours'}")
            continue
        lines = [f"{name}: {line}" for line in there if line not in here]
        lines += [f"{name}: no {line}" for line in here if line not in there]
        told.extend(lines or [f"{name}: in another order"])
    return told


def read(listing: Listing | None, known: Mapping[str, Names]) -> Live | None:
    """What a listing means; `known` has the names behind labels that are too short for them."""
    return _Reader(listing, known).read() if listing is not None else None
