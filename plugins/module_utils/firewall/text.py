# SPDX-License-Identifier: GPL-3.0-or-later
"""The text of a rule set, as the packet filter reads it. Private to the collection.

What the rules look at stands in sets and maps, and the rules themselves say only in which of them to look. Their number
depends on how many ways lead through the firewall, and not on how many flows take them.
"""

from __future__ import annotations

import functools
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from .labels import label_of
from .ruleset import KEPT, RANGES, Accept, Inwards, Mark, Outwards, Ruleset, Shape, Way, shape_of
from .spans import ANY_PORT, address_text, port_text

FAMILY = "inet"
TABLE = "openuc_filter"
UNPLANNED_CHAIN = "unplanned"
REMOVE = f"table {FAMILY} {TABLE} {{\n}}\ndelete table {FAMILY} {TABLE}\n"

# Name of a set, and in it the value of each key with its comment.
Elements = dict[str, dict[str, tuple[str, str]]]

_FIELDS: Mapping[str, tuple[str, str]] = {
    "from": ("ipv4_addr", "ip saddr"),
    "to": ("ipv4_addr", "ip daddr"),
    "protocol": ("inet_proto", "meta l4proto"),
    "sport": ("inet_service", "th sport"),
    "port": ("inet_service", "th dport"),
}
_BETWEEN = "_to_"
_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]")


class SetKind(NamedTuple):
    """How a set or map is declared, and the rule that looks into it."""

    kind: str
    types: str
    ranged: bool
    rule: str
    # Each counter costs every new connection a little: there is none where it would say nothing about a flow.
    counted: bool = True


def chain_of(way: Way) -> str:
    """Name of the chain for a way; cards may have names that a chain may not, or that run into one another."""
    plain = _BETWEEN.join(_UNSAFE.sub("_", side) for side in way)
    is_plain = plain == _BETWEEN.join(way) and plain.count(_BETWEEN) == 1 and plain[0].isalpha()
    return plain if is_plain else f"w{zlib.crc32('>'.join(way).encode())}.{plain}"


@functools.lru_cache(maxsize=4096)
def set_of(way: Way, shape: Shape) -> str:
    """Name of the set for entries of a way that look at the same fields."""
    return f"{chain_of(way)}/{'-'.join(shape or ('any',))}"


def inwards_set(key: Inwards) -> str:
    if key.ports == ANY_PORT:
        return "translate_in/all"
    return "translate_in/port" if key.ports[0] == key.ports[1] else "translate_in/port-ranges"


def outwards_set(key: Outwards) -> str:
    return "translate_out/to" if key.destination else "translate_out/all"


def mark_set(mark: Mark) -> str:
    if not mark.side:
        return "mark/all"
    field = {"source": "sport", "destination": "port"}[mark.side]
    return f"mark/{field}" if mark.ports[0] == mark.ports[1] else f"mark/{field}-{RANGES}"


def mark_chain(mark: str) -> str:
    return f"mark_{mark}"


def elements_of(ruleset: Ruleset) -> Elements:
    """All sets with what is in them, apart from what says nothing about flows."""
    found: Elements = {}
    for way in ruleset.ways:
        _add(found, "ways", _words(way), f"jump {chain_of(way)}", "guarded" if way in ruleset.guarded else "")
    for address in ruleset.protected:
        _add(found, "protected", address, "", "")
    for accept, names in ruleset.accepts.items():
        shape = shape_of(accept)
        _add(found, set_of(accept[:2], shape), _accept_key(accept, shape), "", label_of(names))
    for key, inside in ruleset.inwards.items():
        port = [port_text(key.ports)] if key.ports != ANY_PORT else []
        words = " . ".join([f'"{key.ingress}"', key.public, key.protocol, *port])
        _add(found, inwards_set(key), words, inside.address, label_of(inside.names))
    for way_out, outside in ruleset.outwards.items():
        words = " . ".join([f'"{way_out.egress}"', *filter(None, [way_out.private, way_out.destination])])
        _add(found, outwards_set(way_out), words, outside.address, label_of(outside.names))
    for mark, put in ruleset.marks.items():
        ports = [mark.protocol, port_text(mark.ports)] if mark.side else []
        verdict = "accept" if put.address == KEPT else f"goto {mark_chain(put.address)}"
        _add(found, mark_set(mark), " . ".join([_words(mark[:2]), *ports]), verdict, label_of(put.names))
    return found


def _add(found: Elements, name: str, key: str, value: str, comment: str) -> None:
    found.setdefault(name, {})[key] = (value, comment)


def _words(way: Way) -> str:
    return f'"{way[0]}" . "{way[1]}"'


def _accept_key(accept: Accept, shape: Shape) -> str:
    parts = []
    if "from" in shape:
        parts.append(address_text(accept.source))
    if "to" in shape:
        parts.append(address_text(accept.destination))
    parts.append(accept.protocol)
    if "sport" in shape:
        parts.append(port_text(accept.source_ports))
    if "port" in shape:
        parts.append(port_text(accept.ports))
    return " . ".join(parts)


def element_text(key: str, value: str, comment: str) -> str:
    said = f' comment "{comment}"' if comment else ""
    return f"{key}{said} : {value}" if value else f"{key}{said}"


# --- declarations ---------------------------------------------------------------------------------------------------

_TRANSLATIONS: Mapping[str, SetKind] = {
    "translate_in/port": SetKind(
        "map",
        "ifname . ipv4_addr . inet_proto . inet_service : ipv4_addr",
        False,
        "dnat ip to iifname . ip daddr . meta l4proto . th dport map @translate_in/port",
    ),
    "translate_in/port-ranges": SetKind(
        "map",
        "ifname . ipv4_addr . inet_proto . inet_service : ipv4_addr",
        True,
        "dnat ip to iifname . ip daddr . meta l4proto . th dport map @translate_in/port-ranges",
    ),
    "translate_in/all": SetKind(
        "map",
        "ifname . ipv4_addr . inet_proto : ipv4_addr",
        False,
        "dnat ip to iifname . ip daddr . meta l4proto map @translate_in/all",
    ),
    "translate_out/to": SetKind(
        "map",
        "ifname . ipv4_addr . ipv4_addr : ipv4_addr",
        False,
        "snat ip to oifname . ip saddr . ip daddr map @translate_out/to",
    ),
    "translate_out/all": SetKind(
        "map", "ifname . ipv4_addr : ipv4_addr", False, "snat ip to oifname . ip saddr map @translate_out/all"
    ),
}


_MARKED = "ifname . ifname . inet_proto . inet_service : verdict"
_MARKS: Mapping[str, SetKind] = {
    **{
        f"mark/{field}{suffix}": SetKind(
            "map",
            _MARKED,
            bool(suffix),
            f"iifname . oifname . meta l4proto . {_FIELDS[field][1]} vmap @mark/{field}{suffix}",
        )
        for field in ("sport", "port")
        for suffix in ("", f"-{RANGES}")
    },
    "mark/all": SetKind("map", "ifname . ifname : verdict", False, "iifname . oifname vmap @mark/all"),
}


def _kind(name: str) -> SetKind:
    if name == "ways":
        return SetKind("map", "ifname . ifname : verdict", False, "iifname . oifname vmap @ways", counted=False)
    if name == "protected":
        return SetKind("set", "ipv4_addr", False, "", counted=False)
    if name in _TRANSLATIONS or name in _MARKS:
        return _TRANSLATIONS.get(name) or _MARKS[name]
    shape: Shape = tuple(name.rpartition("/")[2].split("-"))
    used = [_FIELDS[field] for field in ("from", "to", "protocol", "sport", "port") if field in (*shape, "protocol")]
    looked_at = " . ".join(expression for _type, expression in used)
    return SetKind(
        "set", " . ".join(kind for kind, _expression in used), RANGES in shape, f"{looked_at} @{name} accept"
    )


def _declared(name: str) -> Iterator[str]:
    kind = _kind(name)
    yield f"type {kind.types}"
    if kind.ranged:
        yield "flags interval"
    if kind.counted:
        yield "counter"


def _declaration(name: str, elements: Iterable[str]) -> Iterator[str]:
    yield f"\t{_kind(name).kind} {name} {{"
    yield from (f"\t\t{line}" for line in _declared(name))
    inside = ",\n\t\t\t".join(elements)
    if inside:
        yield f"\t\telements = {{\n\t\t\t{inside} }}"
    yield "\t}"


UNPLANNED: Mapping[str, list[str]] = {
    "enforce": ['limit rate 10/second burst 20 packets log prefix "openuc_filter refused: "', "counter drop"],
    "observe": ['limit rate 10/second burst 20 packets log prefix "openuc_filter would refuse: "', "counter"],
}


def _chains(ruleset: Ruleset, sets: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
    """Chains in the order in which they are needed."""
    # To ask a set of ranges takes half as long again as one of single values, which goes first.
    names = sorted(sets, key=lambda name: (name.endswith(RANGES), name))
    yield UNPLANNED_CHAIN, UNPLANNED[ruleset.enforce]
    for way in ruleset.ways:
        chain = chain_of(way)
        lines = [_kind(name).rule for name in names if name.startswith(f"{chain}/")]
        if way in ruleset.guarded:
            lines += [f"ip {side} @protected goto {UNPLANNED_CHAIN}" for side in ("saddr", "daddr")]
        yield chain, lines
    yield (
        "forward",
        [
            "type filter hook forward priority filter; policy accept;",
            "ct state established,related accept",
            "iifname . oifname vmap @ways",
        ],
    )
    if ruleset.marks:
        yield from _marking_chains(ruleset, names)
    for chain, hook in (
        ("translate_in", "prerouting priority dstnat"),
        ("translate_out", "postrouting priority srcnat"),
    ):
        lines = [_kind(name).rule for name in _TRANSLATIONS if name in names and name.startswith(f"{chain}/")]
        if lines:
            yield chain, [f"type nat hook {hook}; policy accept;", *lines]


def _marking_chains(ruleset: Ruleset, names: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
    """Every packet is looked at, those of known connections too: each of them carries its own mark."""
    for mark in sorted({put.address for put in ruleset.marks.values() if put.address != KEPT}, key=int):
        yield mark_chain(mark), [f"{family} dscp set {mark}" for family in ("ip", "ip6")]
    yield (
        "marking",
        [
            "type filter hook forward priority mangle; policy accept;",
            *(_MARKS[name].rule for name in _MARKS if name in names),
        ],
    )


class Table:
    """A rule set as the packet filter has it; each way to look at it is made once."""

    def __init__(self, ruleset: Ruleset) -> None:
        self._ruleset = ruleset

    @functools.cached_property
    def elements(self) -> Elements:
        return elements_of(self._ruleset)

    @functools.cached_property
    def structure(self) -> dict[str, tuple[str, ...]]:
        """The table without what is in its sets: two rule sets with the same differ in elements only."""
        found = {f"{_kind(name).kind} {name}": tuple(_declared(name)) for name in _set_names(self.elements)}
        found.update({f"chain {name}": tuple(rules) for name, rules in _chains(self._ruleset, self.elements)})
        return found

    @functools.cached_property
    def text(self) -> str:
        """The whole table, to be loaded in place of the one that is there."""
        lines: list[str] = [f"table {FAMILY} {TABLE} {{"]
        for name in _set_names(self.elements):
            listed = [element_text(key, *said) for key, said in sorted(self.elements.get(name, {}).items())]
            lines.extend(_declaration(name, listed))
        return REMOVE + "\n".join([*lines, *_chain_lines(self._ruleset, self.elements), "}"]) + "\n"


def native_text(ruleset: Ruleset) -> str:
    """The whole table, to be loaded in place of the one that is there."""
    return Table(ruleset).text


def _set_names(elements: Elements) -> list[str]:
    return sorted({"ways", "protected", *elements})


def _chain_lines(ruleset: Ruleset, elements: Elements) -> Iterator[str]:
    for chain, rules in _chains(ruleset, elements):
        yield f"\tchain {chain} {{"
        yield from (f"\t\t{rule}" for rule in rules)
        yield "\t}"


def changes_text(before: Elements, after: Elements) -> str:
    """What makes one content of the sets of the other, in one transaction."""
    lines = []
    for name in sorted({*before, *after}):
        old, new = before.get(name, {}), after.get(name, {})
        gone = [key for key, said in old.items() if new.get(key) != said]
        come = [element_text(key, *said) for key, said in new.items() if old.get(key) != said]
        for action, elements in (("delete", sorted(gone)), ("add", sorted(come))):
            if elements:
                lines.append(f"{action} element {FAMILY} {TABLE} {name} {{ {', '.join(elements)} }}")
    return "".join(f"{line}\n" for line in lines)
