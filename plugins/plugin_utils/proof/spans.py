# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets of whole numbers as spans: sorted, disjoint, never adjacent. Addresses and ports are such numbers."""

from __future__ import annotations

import bisect
import functools
import ipaddress
import operator
import typing as t

Span = tuple[int, int]
Spans = tuple[Span, ...]

NOTHING: t.Final[Spans] = ()
ALL_PORTS: t.Final[Spans] = ((0, (1 << 16) - 1),)
ALL_ADDRESSES: t.Final[Spans] = ((0, (1 << 32) - 1),)

_first = operator.itemgetter(0)


def spans(pairs: t.Iterable[Span]) -> Spans:
    """The numbers of all pairs of a first and a last one."""
    found: list[Span] = []
    for first, last in sorted(pairs):
        if found and first <= found[-1][1] + 1:
            if last > found[-1][1]:
                found[-1] = (found[-1][0], last)
        else:
            found.append((first, last))
    return tuple(found)


def intersect(left: Spans, right: Spans) -> Spans:
    """Numbers in both."""
    if left is right:
        return left
    if not left or not right:
        return NOTHING
    found: list[Span] = []
    mine, theirs = _place(left, right[0][0]), _place(right, left[0][0])
    while mine < len(left) and theirs < len(right):
        (my_first, my_last), (their_first, their_last) = left[mine], right[theirs]
        first = max(their_first, my_first)
        last = min(their_last, my_last)
        if first <= last:
            found.append((first, last))
        if my_last < their_last:
            mine += 1
        else:
            theirs += 1
    return tuple(found)


def _place(listed: Spans, number: int) -> int:
    """Place of the last span that begins no later than a number, or of the first span."""
    return max(bisect.bisect_right(listed, number, key=_first) - 1, 0)


def subtract(left: Spans, right: Spans) -> Spans:
    """Numbers of the first that are not in the second."""
    if left is right:
        return NOTHING
    if not left or not right:
        return left
    found: list[Span] = []
    at = _place(right, left[0][0])
    for first, last in left:
        start = first
        while at < len(right) and right[at][1] < start:
            at += 1
        further = at
        while further < len(right) and right[further][0] <= last:
            if start < right[further][0]:
                found.append((start, right[further][0] - 1))
            start = right[further][1] + 1
            further += 1
        if start <= last:
            found.append((start, last))
    return tuple(found)


def contains(listed: Spans, number: int) -> bool:
    if not listed:
        return False
    first, last = listed[_place(listed, number)]
    return first <= number <= last


@functools.lru_cache(maxsize=1 << 16)
def of_address(text: str) -> Span:
    """An address, a network in CIDR notation, or two addresses with a dash between them."""
    if "/" in text:
        network = ipaddress.IPv4Network(text, strict=False)
        return int(network.network_address), int(network.broadcast_address)
    first, _dash, last = text.partition("-")
    start = int(ipaddress.IPv4Address(first))
    return start, int(ipaddress.IPv4Address(last)) if last else start


def of_port(text: str) -> Span:
    """A port, or two with a dash between them."""
    first, _dash, last = text.partition("-")
    return int(first), int(last or first)
