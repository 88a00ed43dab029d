# SPDX-License-Identifier: GPL-3.0-or-later
"""From the options of the module to a rule set, or to everything wrong with them. Private to the collection."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Callable

from ..items import nearest, problems_of
from ..specs import FIREWALL_MARK, FIREWALL_RULE, FIREWALL_SET, FIREWALL_WAY
from .labels import is_nameable
from .ruleset import (
    KEPT,
    WITH_PORTS,
    Accept,
    Inwards,
    Mark,
    Outwards,
    Ruleset,
    Translated,
    conflict,
    translations,
    without_overlap,
)
from .spans import ANY_PORT, Span, address_span, address_text, port_span

Options = Mapping[str, Any]
Problems = list[str]
Spans = tuple[Span, ...]
Asked = tuple[Inwards, Translated]
MOST_DSCP = 63
Outside = dict[Outwards, Translated]


def ruleset_of(options: Options) -> tuple[Ruleset, Problems]:
    """The rule set that options ask for, and their problems; with problems the rule set is of no use."""
    problems = [
        *problems_of("sets", options["sets"], FIREWALL_SET),
        *problems_of("rules", options["rules"], FIREWALL_RULE),
        *problems_of("guarded", options["guarded"], FIREWALL_WAY),
        *problems_of("marks", options.get("marks") or (), FIREWALL_MARK),
    ]
    if problems:
        return Ruleset(), problems
    sets = _sets(options["sets"], problems)
    protected = frozenset(_protected(options["protected"], problems))
    rules: Sequence[Options] = options["rules"]
    for index, rule in enumerate(rules):
        problems.extend(_rule_problems(f"rules[{index}]", rule, sets, options.get("interfaces") or {}))
    if problems:
        return Ruleset(), problems
    asked: list[Asked] = []
    outwards: Outside = {}
    for index, rule in enumerate(rules):
        if rule.get("nat"):
            problems.extend(_translate(f"rules[{index}]", rule, sets, asked, outwards))
    inwards, conflicts = translations(asked)
    problems.extend(f"rules: {each}" for each in conflicts)
    marks, conflicts = translations(_marks(options.get("marks") or (), options.get("interfaces") or {}, problems))
    problems.extend(f"marks: {each}" for each in conflicts)
    return (
        Ruleset(
            options["enforce"],
            frozenset((way["ingress"], way["egress"]) for way in options["guarded"]),
            protected,
            without_overlap(itertools.chain.from_iterable(_accepts(rule, sets) for rule in rules)),
            inwards,
            outwards,
            marks,
        ),
        problems,
    )


def _sets(given: Sequence[Options], problems: Problems) -> dict[str, Spans]:
    found: dict[str, Spans] = {}
    for index, item in enumerate(given):
        where = f"sets[{index}]"
        if item["name"] in found:
            problems.append(f"{where}.name: {item['name']!r} is there twice; give each set a name of its own")
        if not item["addresses"]:
            problems.append(f"{where}.addresses: {item['name']!r} is empty; leave out the rules that use it instead")
        found[item["name"]] = tuple(_addresses(f"{where}.addresses", item["addresses"], problems))
    return found


def _addresses(where: str, given: Sequence[str], problems: Problems) -> Iterator[Span]:
    for index, text in enumerate(given):
        span = _read(address_span, text)
        if span:
            yield span
        else:
            problems.append(
                f"{where}[{index}]: {text!r} is no IPv4 address, network or range; "
                "write it as 192.0.2.1, 192.0.2.0/24 or 192.0.2.1-192.0.2.9"
            )


def _read(read: Callable[[str], Span], text: str) -> Span | None:
    try:
        return read(text)
    except ValueError:
        return None


def _protected(given: Sequence[str], problems: Problems) -> Iterator[str]:
    for index, text in enumerate(given):
        spans = list(_addresses(f"protected[{index}]", [text], problems))
        if spans and spans[0][0] != spans[0][1]:
            problems.append(f"protected[{index}]: {text!r} is more than one address; list them one by one")
        elif spans:
            yield address_text(spans[0])


def _rule_problems(where: str, rule: Options, sets: Mapping[str, Spans], interfaces: Options) -> Iterator[str]:
    if not is_nameable(rule["id"]):
        yield f"{where}.id: {rule['id']!r} cannot be kept as a comment; use no spaces, quotes and backslashes"
    for end in ("source", "destination"):
        if rule[end] not in sets:
            yield f"{where}.{end}: there is no set {rule[end]!r}{nearest(rule[end], sets)}"
    for side in ("ingress", "egress"):
        if interfaces and rule[side] not in interfaces:
            yield f"{where}.{side}: {rule[side]!r} is none of the interfaces{nearest(rule[side], interfaces)}"
    ports = [*(rule.get("ports") or ()), *filter(None, [rule.get("source_ports")])]
    for text in ports:
        if not _read(port_span, text):
            yield f"{where}.ports: {text!r} is no port or range of ports, such as 80 or 8000-8099, up to 65535"
    if ports and rule["protocol"] not in WITH_PORTS:
        yield f"{where}.ports: {rule['protocol']} has no ports; leave them out"


def _marks(given: Sequence[Options], interfaces: Options, problems: Problems) -> Iterator[tuple[Mark, Translated]]:
    for index, item in enumerate(given):
        found = list(_mark_problems(f"marks[{index}]", item, interfaces))
        problems += found
        if not found:
            ports = port_span(item.get("ports") or "")
            mark = Mark(item["ingress"], item["egress"], item.get("protocol", ""), item.get("side", ""), ports)
            dscp = item.get("dscp")
            yield mark, Translated(KEPT if dscp is None else str(dscp), (item["id"],))


def _mark_problems(where: str, item: Options, interfaces: Options) -> Iterator[str]:
    if not is_nameable(item["id"]):
        yield f"{where}.id: {item['id']!r} cannot be kept as a comment; use no spaces, quotes and backslashes"
    for way in ("ingress", "egress"):
        if interfaces and item[way] not in interfaces:
            yield f"{where}.{way}: {item[way]!r} is none of the interfaces{nearest(item[way], interfaces)}"
    dscp = item.get("dscp")
    if dscp is not None and not 0 <= dscp <= MOST_DSCP:
        yield f"{where}.dscp: {dscp} is none of 0-{MOST_DSCP}; leave it out for packets that keep their mark"
    said = [bool(item.get(option)) for option in ("protocol", "side", "ports")]
    if any(said) and not all(said):
        yield f"{where}: protocol, side and ports are given together, or none of them for all that is left"
    if item.get("ports") and not _read(port_span, item["ports"]):
        yield f"{where}.ports: {item['ports']!r} is no port or range of ports, such as 8000-8099, up to 65535"


def _accepts(rule: Options, sets: Mapping[str, Spans]) -> Iterator[tuple[Accept, tuple[str, ...]]]:
    names = tuple(sorted({rule["id"]}))
    way = (rule["ingress"], rule["egress"])
    source_ports = port_span(rule.get("source_ports") or "")
    ports = [port_span(text) for text in rule.get("ports") or ()] or [ANY_PORT]
    protocol = rule["protocol"]
    for source in sets[rule["source"]]:
        for destination in sets[rule["destination"]]:
            for span in ports:
                yield Accept(*way, source, destination, protocol, source_ports, span), names


def _translate(
    where: str, rule: Options, sets: Mapping[str, Spans], inwards: list[Asked], outwards: Outside
) -> Iterator[str]:
    """Translations of a rule; a problem for each that says something else than one before."""
    back = rule["ingress"] == rule["egress"]
    names = (rule["id"],)
    for index, change in enumerate(rule["nat"]):
        here = f"{where}.nat[{index}]"
        problem = _change_problem(change)
        if problem:
            yield f"{here}: {problem}"
        elif change["kind"] == "dnat":
            given = change.get("ports") or rule.get("ports") or ()
            for span in [port_span(text) for text in given] or [ANY_PORT]:
                key = Inwards(rule["ingress"], change["public"], rule["protocol"], span)
                inwards.append((key, Translated(change["private"], names)))
        else:
            # Between servers behind the same interface only what goes to the other's public address is translated.
            ends = [address_text(span) for span in sets[rule["destination"]]] if back else [""]
            for end in change.get("destinations") or ends:
                key_out = Outwards(rule["egress"], change["private"], end)
                known = outwards.get(key_out)
                if known and known.address != change["public"]:
                    yield f"{here}: {conflict(key_out, {known.address, change['public']}, (*known.names, *names))}"
                outwards[key_out] = Translated(
                    change["public"], tuple(sorted({*names, *(known.names if known else ())}))
                )


def _change_problem(change: Options) -> str:
    if change.get("kind") not in ("dnat", "snat"):
        return f"kind: {change.get('kind')!r} is none of dnat, snat"
    for text in change.get("ports") or ():
        if not _read(port_span, text):
            return f"ports: {text!r} is no port or range of ports"
    for key in ("public", "private"):
        span = _read(address_span, str(change.get(key)))
        if not span or span[0] != span[1]:
            return f"{key}: {change.get(key)!r} is no IPv4 address"
    return ""
