# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets of packets as boxes, with a side for each field of a header, and collections of many boxes.

A box holds every combination of what its sides hold. What is left of a box after others were taken away is a few
disjoint boxes again, so that set arithmetic never enumerates packets.
"""

from __future__ import annotations

import bisect
import collections
import itertools
import operator
import typing as t

from .spans import ALL_ADDRESSES, ALL_PORTS, Spans, intersect, subtract

_FEW: t.Final = 24


class Box(t.NamedTuple):
    """Packets of one protocol on one way through a firewall."""

    source: Spans = ALL_ADDRESSES
    source_ports: Spans = ALL_PORTS
    destination: Spans = ALL_ADDRESSES
    ports: Spans = ALL_PORTS

    @property
    def is_empty(self) -> bool:
        return not all(self)


def common(left: Box, right: Box) -> Box | None:
    """Packets in both, if there are any. Ports differ more often than addresses, and are compared sooner."""
    if not (ports := intersect(left.ports, right.ports)):
        return None
    if not (source_ports := intersect(left.source_ports, right.source_ports)):
        return None
    if not (destination := intersect(left.destination, right.destination)):
        return None
    if not (source := intersect(left.source, right.source)):
        return None
    return Box(source, source_ports, destination, ports)


def without(box: Box, other: Box) -> list[Box]:
    """Packets of the first that are not in the second, as disjoint boxes."""
    if box == other:
        return []
    shared = common(box, other)
    if shared is None:
        return [box]
    found = []
    sides = list(box)
    for side, (mine, both) in enumerate(zip(box, shared, strict=True)):
        if outside := subtract(mine, both):
            found.append(Box._make([*sides[:side], outside, *sides[side + 1 :]]))
        sides[side] = both
    return found


def remainder(box: Box, others: t.Iterable[Box]) -> list[Box]:
    """Packets of a box that are in none of the others."""
    left = [box]
    for other in others:
        left = list(itertools.chain.from_iterable(without(piece, other) for piece in left))
        if not left:
            break
    return left


class _Side:
    """Which of many spans meet given ones, answered with a bit for each.

    All numbers fall into classes that no listed span tells apart; a class knows the bits of the spans that hold it.
    """

    def __init__(self, listed: t.Iterable[Spans]) -> None:
        bits: dict[Spans, int] = collections.defaultdict(int)
        for index, spans in enumerate(listed):
            bits[spans] |= 1 << index
        flips: dict[int, int] = collections.defaultdict(int)
        for spans, those in bits.items():
            for first, last in spans:
                flips[first] ^= those
                flips[last + 1] ^= those
        self._starts = sorted(flips)
        self._bits = list(itertools.accumulate((flips[start] for start in self._starts), operator.xor))
        self._known: dict[Spans, int] = {}

    def meeting(self, spans: Spans) -> int:
        if spans not in self._known:
            found = 0
            for first, last in spans:
                begin = max(bisect.bisect_right(self._starts, first) - 1, 0)
                for index in range(begin, bisect.bisect_right(self._starts, last)):
                    found |= self._bits[index]
            self._known[spans] = found
        return self._known[spans]


class _Index:
    """Boxes by their addresses."""

    def __init__(self, listed: t.Sequence[Box]) -> None:
        self._sources = _Side(box.source for box in listed)
        self._destinations = _Side(box.destination for box in listed)

    def near(self, box: Box) -> t.Iterator[int]:
        """Places of boxes that share addresses with this one."""
        bits = self._sources.meeting(box.source) & self._destinations.meeting(box.destination)
        while bits:
            lowest = bits & -bits
            yield lowest.bit_length() - 1
            bits ^= lowest


class Boxes:
    """Many boxes, of which those that meet a given one are found without looking at all."""

    def __init__(self, listed: t.Sequence[Box]) -> None:
        self.listed = listed
        # Making an index takes longer than looking at a few.
        self._index = _Index(listed) if len(listed) > _FEW else None

    def near(self, box: Box) -> t.Iterable[int]:
        """Places of all boxes that meet this one, the first first, and perhaps of others."""
        return self._index.near(box) if self._index else range(len(self.listed))

    def meeting(self, box: Box) -> t.Iterator[int]:
        """Places of boxes that share packets with this one."""
        return (index for index in self.near(box) if common(box, self.listed[index]))

    def remainder(self, box: Box) -> list[Box]:
        """Packets of a box that are in none of these."""
        return remainder(box, (self.listed[index] for index in self.near(box)))
