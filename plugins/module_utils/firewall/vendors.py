# SPDX-License-Identifier: GPL-3.0-or-later
"""A policy in the formats of other makes, which Aerleon generates, with a list of what they cannot say.

Private to the collection. Aerleon is optional, and imported only where one of its formats is asked for.
"""

from __future__ import annotations

import dataclasses
import hashlib
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
_ANY = "any"
_PROTECTED = "PROTECTED"
_KNOWN: Term = {
    "name": "known",
    "comment": "what belongs to a known connection",
    "option": "established",
    "action": "accept",
}
_LONGEST_NAME = 40


class VendorError(Exception):
    """Nothing can be generated; the message says why."""


@dataclasses.dataclass(frozen=True)
class Format:
    """A format: what Aerleon calls it, how it tells ways apart, and what it leaves unsaid of every rule.

    `denies` where what no rule lets through has to be denied and can be: by rules that are looked at after the others.
    `replies` where a rule is about packets and not about connections, so that answers have to be let through as well.
    `inwards` is what else has to be done by hand where a destination is translated.
    """

    target: str
    options: Callable[[Way], str]
    unsaid: tuple[str, ...]
    by_way: bool = False
    by_ingress: bool = False
    denies: bool = True
    replies: bool = False
    inwards: str = ""

    def list_of(self, way: Way) -> Way:
        """The list that rules of a way stand in."""
        if self.by_way:
            return way
        return (way[0], _ANY) if self.by_ingress else (_ANY, _ANY)


FORMATS: Mapping[str, Format] = {
    "asa": Format(
        "ciscoasa",
        lambda way: f"{way[0]}_in",
        by_ingress=True,
        unsaid=(
            "the interface that packets leave through",
            "that all else is left to other rules: a list ends with deny",
            "that a list is used at all: bind it to its interface with access-group",
        ),
    ),
    "srx": Format(
        "srx",
        lambda way: f"from-zone {way[0]} to-zone {way[1]} inet",
        by_way=True,
        unsaid=("that other policies and addresses stay: `load merge` keeps them, `load replace` does not",),
    ),
    "paloalto": Format(
        "paloalto",
        lambda way: f"from-zone {way[0]} to-zone {way[1]}",
        by_way=True,
        inwards=", and its rule has to name the address before translation",
        unsaid=("that other rules and objects stay: merge the parts of the file, in place of loading it as a whole",),
    ),
    "iptables": Format(
        "speedway",
        lambda _way: "FORWARD ACCEPT",
        replies=True,
        unsaid=(
            "interfaces",
            "that other rules stay: `iptables-restore --noflush` keeps them, and makes ACCEPT the policy of FORWARD",
        ),
    ),
    # Windows looks at what blocks before it looks at what allows, and lets in nothing else by itself.
    "windows": Format(
        "windows_advfirewall",
        lambda _way: "in inet",
        denies=False,
        unsaid=(
            "interfaces, and names: they are numbered in the order of the plan",
            "that packets are forwarded: these are rules for what comes in at a host",
        ),
    ),
}


def render(options: Options, name: str) -> tuple[dict[str, str], list[str]]:
    """Text by file name, and what the format leaves unsaid; the options are known to be right."""
    chosen = FORMATS[name]
    generate = _generator()
    files: dict[str, list[Term]] = {}
    for number, (way, terms) in enumerate(_lists(options, chosen), 1):
        said = [*terms, *_denials(options, way, number, chosen)]
        if said:
            known = [_KNOWN] if chosen.replies else []
            header = {"targets": {chosen.target: chosen.options(way)}, "comment": " to ".join(way)}
            # A file holds all there is of a firewall, unless a list has to be bound to its interface.
            filename = way[0] if chosen.by_ingress else "policy"
            files.setdefault(filename, []).append({"header": header, "terms": [*known, *said]})
    definitions = _definitions(options)
    made = [generate({"filename": filename, "filters": filters}, definitions) for filename, filters in files.items()]
    return {name: text for each in made for name, text in sorted(each.items())}, [*_unsaid(options, chosen)]


def _lists(options: Options, chosen: Format) -> Iterator[tuple[Way, list[Term]]]:
    """The terms of each list: of a way, of an incoming interface, or all of them."""
    ways = [(item["ingress"], item["egress"]) for item in (*options["guarded"], *options["rules"])]
    found: dict[Way, list[Term]] = {chosen.list_of(way): [] for way in ways}
    for number, rule in enumerate(options["rules"], 1):
        found[chosen.list_of((rule["ingress"], rule["egress"]))].append(_term(number, rule))
    yield from found.items()


def _term(number: int, rule: Rule) -> Term:
    """Names are numbers, since some formats have few letters for them; the comment has the rule's own."""
    term: Term = {
        "name": f"rule-{number}",
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


def _denials(options: Options, way: Way, number: int, chosen: Format) -> Iterator[Term]:
    """What no rule lets through to or from a protected address, where the ways of the list are guarded."""
    guarded = {chosen.list_of((item["ingress"], item["egress"])) for item in options["guarded"]}
    if not chosen.denies or options.get("enforce") != "enforce" or not options["protected"] or way not in guarded:
        return
    yield {"name": f"deny-to-{number}", "destination-address": _PROTECTED, "action": "deny"}
    yield {"name": f"deny-from-{number}", "source-address": _PROTECTED, "action": "deny"}


def _named(name: str) -> str:
    """Names of sets as every format takes them; those that come to the same are told apart by a digest."""
    plain = "".join(letter if letter.isalnum() else "_" for letter in name).upper()
    return f"{plain[:_LONGEST_NAME]}_{hashlib.sha256(name.encode()).hexdigest()[:8].upper()}"


def _service(protocol: str, ports: Sequence[str]) -> str:
    return f"{protocol}_{'_'.join(ports)}".replace("-", "_").upper()


def _definitions(options: Options) -> dict[str, Any]:
    networks = {_named(item["name"]): _values(item["addresses"]) for item in options["sets"]}
    if options["protected"]:
        networks[_PROTECTED] = _values(options["protected"])
    services: dict[str, list[dict[str, str]]] = {}
    for rule in options["rules"]:
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
                "dnat": f"what comes to {change['public']} goes to {change['private']}{chosen.inwards}",
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
