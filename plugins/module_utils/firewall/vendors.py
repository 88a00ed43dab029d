# SPDX-License-Identifier: GPL-3.0-or-later
"""A policy in the formats of other makes, which Aerleon generates, with a list of what they cannot say.

Private to the collection. Aerleon is optional, and imported only where one of its formats is asked for.
"""

from __future__ import annotations

import dataclasses
import importlib
import ipaddress
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from .spans import address_span

Rule = Mapping[str, Any]
Options = Mapping[str, Any]
Term = dict[str, Any]
Way = tuple[str, str]
_PROTECTED = "PROTECTED"
_LONGEST_NAME = 40


class VendorError(Exception):
    """Nothing can be generated; the message says why."""


@dataclasses.dataclass(frozen=True)
class Format:
    """A format: what Aerleon calls it, how it tells ways apart, and what it leaves unsaid of every rule."""

    target: str
    options: Callable[[Way], str]
    by_way: bool
    unsaid: tuple[str, ...]


FORMATS: Mapping[str, Format] = {
    "asa": Format(
        "ciscoasa",
        lambda way: f"{way[0]}_in",
        by_way=False,
        unsaid=(
            "the interface that packets leave through",
            "that all else is left to other rules: a list ends with deny",
        ),
    ),
    "srx": Format("srx", lambda way: f"from-zone {way[0]} to-zone {way[1]} inet", by_way=True, unsaid=()),
    "paloalto": Format("paloalto", lambda way: f"from-zone {way[0]} to-zone {way[1]}", by_way=True, unsaid=()),
    "iptables": Format("iptables", lambda _way: "FORWARD ACCEPT", by_way=False, unsaid=("interfaces",)),
    "windows": Format(
        "windows_advfirewall",
        lambda _way: "in inet",
        by_way=False,
        unsaid=("interfaces, and names: they are numbered in the order of the plan", "that packets are forwarded"),
    ),
}


def render(options: Options, name: str) -> tuple[dict[str, str], list[str]]:
    """Text by file name, and what the format leaves unsaid; the options are known to be right."""
    chosen = FORMATS[name]
    generate = _generator()
    files: dict[str, str] = {}
    for filename, way, rules in _lists(options, chosen):
        terms = [_term(index, rule) for index, rule in enumerate(rules)]
        terms += _denials(options, way, by_way=chosen.by_way)
        if not terms:
            continue
        header = {"targets": {chosen.target: chosen.options(way)}, "comment": f"{way[0]} to {way[1]}"}
        policy = {"filename": filename, "filters": [{"header": header, "terms": terms}]}
        files.update(generate(policy, _definitions(options, rules)))
    return dict(sorted(files.items())), [*_unsaid(options, chosen)]


def _lists(options: Options, chosen: Format) -> Iterator[tuple[str, Way, list[Rule]]]:
    """The rules of each list: of a way, of an incoming interface, or all of them."""
    found: dict[Way, list[Rule]] = {}
    guarded = [(way["ingress"], way["egress"]) for way in options["guarded"]]
    for ingress, egress in [*guarded, *((rule["ingress"], rule["egress"]) for rule in options["rules"])]:
        found.setdefault(_list_of((ingress, egress), chosen), [])
    for rule in options["rules"]:
        found[_list_of((rule["ingress"], rule["egress"]), chosen)].append(rule)
    for way, rules in found.items():
        yield "_".join(side for side in way if side != "any") or "policy", way, rules


def _list_of(way: Way, chosen: Format) -> Way:
    if chosen.by_way:
        return way
    return (way[0], "any") if chosen.target == "ciscoasa" else ("any", "any")


def _term(index: int, rule: Rule) -> Term:
    """Names are numbers, since some formats have few letters for them; the comment has the rule's own."""
    term: Term = {
        "name": f"rule-{index + 1}",
        "comment": f"{rule['id']} {' '.join(rule.get('why') or ())}".strip(),
        "source-address": _named(rule["source"]),
        "destination-address": _named(rule["destination"]),
        "protocol": rule["protocol"],
        "action": "accept",
    }
    if rule.get("ports"):
        term["destination-port"] = _service(rule["protocol"], rule["ports"])
    if rule.get("source_ports"):
        term["source-port"] = _service(rule["protocol"], [rule["source_ports"]])
    return term


def _denials(options: Options, way: Way, by_way: bool) -> Iterator[Term]:
    """What no rule lets through to or from a protected address, where the ways of the list are guarded."""
    ways = [(item["ingress"], item["egress"]) for item in options["guarded"]]
    here = [each for each in ways if (each == way if by_way else way[0] in ("any", each[0]))]
    if options.get("enforce") != "enforce" or not options["protected"] or not here:
        return
    yield {"name": "deny-to-protected", "destination-address": _PROTECTED, "action": "deny"}
    yield {"name": "deny-from-protected", "source-address": _PROTECTED, "action": "deny"}


def _named(name: str) -> str:
    """Names of sets as every format takes them; those that come to the same are told apart by their letters' sum."""
    plain = "".join(letter if letter.isalnum() else "_" for letter in name).upper()
    return f"{plain[:_LONGEST_NAME]}_{sum(ord(letter) * at for at, letter in enumerate(name, 1)) % 9973}"


def _service(protocol: str, ports: Sequence[str]) -> str:
    return f"{protocol}_{'_'.join(ports)}".replace("-", "_").upper()


def _definitions(options: Options, rules: Sequence[Rule]) -> dict[str, Any]:
    networks = {_named(item["name"]): _values(item["addresses"]) for item in options["sets"]}
    if options["protected"]:
        networks[_PROTECTED] = _values(options["protected"])
    services: dict[str, list[dict[str, str]]] = {}
    for rule in rules:
        for ports in filter(None, [rule.get("ports"), [rule["source_ports"]] if rule.get("source_ports") else None]):
            protocol = rule["protocol"]
            services[_service(protocol, ports)] = [{"protocol": protocol, "port": port} for port in ports]
    return {"networks": networks, "services": services}


def _values(texts: Sequence[str]) -> dict[str, list[dict[str, str]]]:
    return {"values": [{"address": network} for text in texts for network in _networks(text)]}


def _networks(text: str) -> list[str]:
    """An address, a network or a range as networks."""
    first, last = (ipaddress.IPv4Address(number) for number in address_span(text))
    return [str(network) for network in ipaddress.summarize_address_range(first, last)]


def _unsaid(options: Options, chosen: Format) -> Iterator[str]:
    yield from (f"all rules: {each}" for each in chosen.unsaid)
    if options.get("enforce") != "enforce":
        yield "all rules: to observe; nothing is denied yet, and nothing is counted"
    for rule in options["rules"]:
        for change in rule.get("nat") or ():
            way = f"{rule['ingress']} > {rule['egress']}"
            words = {
                "dnat": f"what comes to {change['public']} goes to {change['private']}",
                "snat": f"what comes from {change['private']} leaves as {change['public']}",
            }
            yield f"{rule['id']}: {way}: {words[change['kind']]}"
    for mark in options.get("marks") or ():
        yield f"{mark['id']}: the mark of packets"


def _generator() -> Callable[[Mapping[str, Any], Mapping[str, Any]], dict[str, str]]:
    try:
        api = importlib.import_module("aerleon.api")
        naming = importlib.import_module("aerleon.lib.naming")
    except ImportError as error:
        raise VendorError(
            f"format: this one is generated by Aerleon, which is not there ({error}); pip install aerleon where this "
            "task runs, or render nft"
        ) from error

    def generate(policy: Mapping[str, Any], definitions: Mapping[str, Any]) -> dict[str, str]:
        known = naming.Naming()
        known.ParseDefinitionsObject(definitions, "")
        logging.getLogger("absl").setLevel(logging.ERROR)
        try:
            made = api.Generate([policy], known)
        except Exception as error:
            raise VendorError(f"Aerleon does not generate {policy['filename']}: {error}") from error
        return {str(name): str(text) for name, text in made.items()}

    return generate
