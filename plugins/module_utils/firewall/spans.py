# SPDX-License-Identifier: GPL-3.0-or-later
"""Spans of addresses and ports, and boxes made of them. Private to the collection.

An address, a network and a range are all the same thing here: a first and a last number. The packet filter refuses
entries of one set that overlap, so boxes that do are cut until none does.
"""

from __future__ import annotations

import functools
import ipaddress
import socket
import struct
from collections.abc import Iterator, Sequence

Span = tuple[int, int]
Box = tuple[Span, ...]
Names = tuple[str, ...]

ANY_ADDRESS: Span = (0, 2**32 - 1)
ANY_PORT: Span = (0, 2**16 - 1)


@functools.lru_cache(maxsize=65536)
def address_span(text: str) -> Span:
    """An address, a network or a range of addresses; ValueError for anything else."""
    first, dash, last = text.partition("-")
    if dash:
        return _ordered(_number(first.strip()), _number(last.strip()), text)
    if "/" in text:
        network = ipaddress.IPv4Network(text)
        return int(network.network_address), int(network.broadcast_address)
    number = _number(text)
    return number, number


def _number(text: str) -> int:
    return int(ipaddress.IPv4Address(text))


@functools.lru_cache(maxsize=65536)
def address_text(span: Span) -> str:
    """The shortest way to write a span of addresses: an address, a network, or a range."""
    first, last = span
    size = last - first + 1
    if size == 1:
        return _dotted(first)
    if size & (size - 1) == 0 and first % size == 0:
        return f"{_dotted(first)}/{33 - size.bit_length()}"
    return f"{_dotted(first)}-{_dotted(last)}"


def _dotted(number: int) -> str:
    return socket.inet_ntoa(struct.pack("!I", number))


@functools.lru_cache(maxsize=65536)
def port_span(text: str) -> Span:
    """A port or a range of ports, any port when empty; ValueError for anything else."""
    if not text:
        return ANY_PORT
    first, dash, last = text.partition("-")
    if not first.isdigit() or (dash and not last.isdigit()):
        raise ValueError(text)
    span = _ordered(int(first), int(last) if dash else int(first), text)
    if span[1] > ANY_PORT[1]:
        raise ValueError(text)
    return span


def _ordered(first: int, last: int, text: str) -> Span:
    if first > last:
        raise ValueError(text)
    return first, last


@functools.lru_cache(maxsize=65536)
def port_text(span: Span) -> str:
    if span == ANY_PORT:
        return ""
    return str(span[0]) if span[0] == span[1] else f"{span[0]}-{span[1]}"


def holds(span: Span, number: int) -> bool:
    return span[0] <= number <= span[1]


def disjoint(boxes: Sequence[tuple[Box, Names]]) -> list[tuple[Box, Names]]:
    """The same space in boxes that do not overlap, each with the names of all that cover it.

    The result depends on the space alone and not on the boxes that it was given in: along each dimension it is cut
    where what lies behind changes, and nowhere else.
    """
    if len(boxes) == 1:
        return list(boxes)
    if not boxes[0][0]:
        return [((), tuple(sorted({name for _box, names in boxes for name in names})))]
    found: list[tuple[Span, list[tuple[Box, Names]]]] = []
    for first, last, covering in _sections(boxes):
        behind = disjoint(covering)
        if found and found[-1][0][1] + 1 == first and found[-1][1] == behind:
            found[-1] = ((found[-1][0][0], last), behind)
        else:
            found.append(((first, last), behind))
    return [((span, *box), names) for span, behind in found for box, names in behind]


def _sections(boxes: Sequence[tuple[Box, Names]]) -> Iterator[tuple[int, int, list[tuple[Box, Names]]]]:
    """Stretches of the first dimension within which the same boxes lie, with the rest of those boxes."""
    starting: dict[int, list[int]] = {}
    ending: dict[int, list[int]] = {}
    for index, (box, _names) in enumerate(boxes):
        starting.setdefault(box[0][0], []).append(index)
        ending.setdefault(box[0][1] + 1, []).append(index)
    active: dict[int, tuple[Box, Names]] = {}
    points = sorted({*starting, *ending})
    for point, following in zip(points, points[1:]):
        for index in ending.get(point, ()):
            del active[index]
        for index in starting.get(point, ()):
            active[index] = (boxes[index][0][1:], boxes[index][1])
        if active:
            yield point, following - 1, list(active.values())
