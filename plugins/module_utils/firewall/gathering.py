# SPDX-License-Identifier: GPL-3.0-or-later
"""From a rule set back to options of the module that ask for it. Private to the collection."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Callable

from .ruleset import KEPT, Accept, Mark, Ruleset, Translated
from .spans import Span, address_span, address_text, port_text

Spans = tuple[Span, ...]
Rule = dict[str, Any]
Product = tuple[Spans, Spans, Spans]
UNKNOWN: Mapping[str, Any] = {"stage": "", "why": [], "replaces": ""}


def options_of(ruleset: Ruleset, about: Callable[[str], Mapping[str, Any]]) -> dict[str, Any]:
    """Options that ask for a rule set; `about` tells stage and reasons of a rule by its name, as far as known."""
    sets: dict[Spans, str] = {}
    rules: list[Rule] = []
    for (name, way, protocol, source_ports), accepts in _by_name(ruleset).items():
        for sources, destinations, ports in _products(accepts):
            rules.append(
                {
                    "id": name,
                    **UNKNOWN,
                    **about(name),
                    "ingress": way[0],
                    "egress": way[1],
                    "source": _set_name(sets, sources),
                    "source_ports": port_text(source_ports),
                    "destination": _set_name(sets, destinations),
                    "protocol": protocol,
                    "ports": [text for text in map(port_text, ports) if text],
                    "nat": [],
                }
            )
    if ruleset.inwards or ruleset.outwards:
        _add_translations(rules, ruleset)
    return {
        "enforce": ruleset.enforce,
        "guarded": [{"ingress": ingress, "egress": egress} for ingress, egress in sorted(ruleset.guarded)],
        "protected": sorted(ruleset.protected, key=address_span),
        "sets": [{"name": name, "addresses": [address_text(s) for s in spans]} for spans, name in sets.items()],
        "rules": rules,
        "marks": [_mark(name, mark, put, about) for mark, put in sorted(ruleset.marks.items()) for name in put.names],
    }


def _mark(name: str, mark: Mark, put: Translated, about: Callable[[str], Mapping[str, Any]]) -> dict[str, Any]:
    ports = {"protocol": mark.protocol, "side": mark.side, "ports": port_text(mark.ports)} if mark.side else {}
    dscp = {} if put.address == KEPT else {"dscp": int(put.address)}
    return {"id": name, **UNKNOWN, **about(name), "ingress": mark.ingress, "egress": mark.egress, **ports, **dscp}


def _by_name(ruleset: Ruleset) -> dict[tuple[str, tuple[str, str], str, Span], list[Accept]]:
    found: dict[tuple[str, tuple[str, str], str, Span], list[Accept]] = {}
    for accept, names in sorted(ruleset.accepts.items()):
        for name in names:
            found.setdefault((name, accept.way, accept.protocol, accept.source_ports), []).append(accept)
    return found


def _products(accepts: Sequence[Accept]) -> Iterator[Product]:
    """The entries as few times sources by destinations by ports, which together are those entries and no more."""
    if len(accepts) == 1:
        # So it is with most rules, where there are thousands of them.
        yield (accepts[0].source,), (accepts[0].destination,), (accepts[0].ports,)
        return
    ports_of: dict[tuple[Span, Span], list[Span]] = {}
    for accept in accepts:
        ports_of.setdefault((accept.source, accept.destination), []).append(accept.ports)
    sources_of: dict[tuple[Span, Spans], list[Span]] = {}
    for (source, destination), ports in ports_of.items():
        sources_of.setdefault((destination, tuple(sorted(ports))), []).append(source)
    destinations_of: dict[tuple[Spans, Spans], list[Span]] = {}
    for (destination, held), sources in sources_of.items():
        destinations_of.setdefault((tuple(sorted(sources)), held), []).append(destination)
    for (sources_held, held), destinations in destinations_of.items():
        yield sources_held, tuple(sorted(destinations)), held


def _set_name(sets: dict[Spans, str], spans: Spans) -> str:
    return sets.setdefault(spans, f"set{len(sets) + 1}")


def _add_translations(rules: list[Rule], ruleset: Ruleset) -> None:
    """Each translation at the first rule of its name that goes its way."""
    inwards: dict[tuple[str, str, str], Rule] = {}
    outwards: dict[tuple[str, str, bool], Rule] = {}
    for rule in rules:
        back = rule["ingress"] == rule["egress"]
        inwards.setdefault((rule["id"], rule["ingress"], rule["protocol"]), rule)
        outwards.setdefault((rule["id"], rule["egress"], back), rule)
    for key, found in sorted(ruleset.inwards.items()):
        for name in found.names:
            holder = inwards.get((name, key.ingress, key.protocol))
            if holder:
                change = {"kind": "dnat", "public": key.public, "private": found.address}
                holder["nat"].append({**change, "ports": [port_text(key.ports)]})
    for way_out, found in sorted(ruleset.outwards.items()):
        for name in found.names:
            holder = outwards.get((name, way_out.egress, bool(way_out.destination)))
            if holder:
                only = {"destinations": [way_out.destination]} if way_out.destination else {}
                change = {"kind": "snat", "public": found.address, "private": way_out.private}
                holder["nat"].append({**change, **only})
