# SPDX-License-Identifier: GPL-3.0-or-later
"""Balanced services, decoded with everything that is wrong with them told at once. Pure: no I/O."""

from __future__ import annotations

import dataclasses
import functools
import ipaddress
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ..items import given_twice, nearest, problems_of
from ..specs_haproxy import BALANCED_SERVICE

METHODS = ("least_connections",)
AFFINITIES = ("tcp", "source", "cookie")
# What may stand in a name of HAProxy's.
_NAME = re.compile(r"[A-Za-z0-9_.-]+")
_MEMBER_OPTIONS = frozenset(("name", "address"))
# A comment is a line; what would end it or begin another has no place in one.
_LINE = re.compile(r"[^\x00-\x1f\x7f,]*")


# Tuples, since thousands are made, compared and hashed.
class Member(NamedTuple):
    """A server behind a balanced service."""

    name: str
    address: str


class Service(NamedTuple):
    """A port of a virtual address, and what it is handed on to. With `nat: dnat` members see the client's address."""

    id: str
    stage: str
    why: tuple[str, ...]
    vip: str
    port: int
    protocol: str
    members: tuple[Member, ...]
    member_port: int
    method: str
    affinity: str
    nat: str
    snat: tuple[str, ...]
    idle_seconds: int
    idle_reset: bool
    terminate: bool
    check_port: int
    replaces: str = ""

    @property
    def key(self) -> str:
        """What makes it this service and no other."""
        return f"{self.protocol}/{self.vip}:{self.port}"

    @property
    def forwarded(self) -> bool:
        """Whether packets are handed on as they are, with the client's address, and no connection ends here."""
        return self.nat == "dnat"

    def as_item(self) -> dict[str, Any]:
        """In the form of the module's option."""
        item = self._asdict()
        item.update({name: str(item[name]) for name in ("port", "member_port", "check_port")})
        members = [{"name": member.name, "address": member.address} for member in self.members]
        item.update(why=list(self.why), snat=list(self.snat), members=members)
        return item


@dataclasses.dataclass(frozen=True)
class Address:
    """A virtual address, or one that connections to members come from, and the card that holds it."""

    address: str
    interface: str


def decode(items: Any) -> tuple[list[Service], list[str]]:
    """The services of the option `services`, or all that is wrong with it."""
    problems = problems_of("services", items, BALANCED_SERVICE)
    if problems:
        return [], problems
    for index, item in enumerate(items):
        problems += _item_problems(f"services[{index}]", item)
    if problems:
        return [], problems
    services = [_service(item) for item in items]
    return services, given_twice("services", ((service.key, service.key) for service in services))


def decode_addresses(items: Any) -> tuple[list[Address], list[str]]:
    """The addresses of the option `addresses`, or all that is wrong with it."""
    problems: list[str] = []
    found: list[Address] = []
    for index, item in enumerate(items or ()):
        where = f"addresses[{index}]"
        if not isinstance(item, Mapping) or set(item) != {"address", "interface"}:
            problems.append(f"{where}: expected a mapping with address and interface, got {item!r}")
            continue
        problems += address_problems(f"{where}.address", item["address"])
        if not re.fullmatch(r"[^\s/]{1,15}", str(item["interface"])):
            problems.append(f"{where}.interface: {item['interface']!r} cannot be the name of a network card")
        found.append(Address(str(item["address"]), str(item["interface"])))
    return found, problems


def _item_problems(where: str, item: Mapping[str, Any]) -> list[str]:
    problems = address_problems(f"{where}.vip", item["vip"])
    for name in ("port", "check_port", "member_port"):
        if name in item and _port(item[name]) is None:
            problems.append(f"{where}.{name}: {item[name]!r} is no port; 1 to 65535 are")
    for name, allowed in (("method", METHODS), ("affinity", AFFINITIES)):
        if item[name] not in allowed:
            problems.append(
                f"{where}.{name}: {item[name]!r} is none of {', '.join(allowed)}{nearest(item[name], allowed)}"
            )
    if item["idle_seconds"] < 0:
        problems.append(f"{where}.idle_seconds: expected 0 or more, got {item['idle_seconds']}")
    problems += _snat_problems(where, item)
    for text in (item["id"], item["stage"], item.get("replaces") or "", *item["why"]):
        if not _LINE.fullmatch(text):
            problems.append(f"{where}: {text!r} has a comma or a control character, which its comment cannot hold")
    return problems + _member_problems(where, item["members"])


def _snat_problems(where: str, item: Mapping[str, Any]) -> list[str]:
    snat = item.get("snat") or ()
    if not snat:
        return []
    problems = [f"{where}.snat: {', '.join(snat)} is of no use with nat dnat"] if item.get("nat") == "dnat" else []
    families = {_family(member.get("address")) for member in item["members"]} - {0}
    for index, address in enumerate(snat):
        place = f"{where}.snat[{index}]"
        found = address_problems(place, address)
        if not found and families - {_family(address)}:
            found = [f"{place}: {address!r} cannot reach members of the other version of IP"]
        problems += found
        if address in snat[:index]:
            problems.append(f"{place}: {address!r} is listed before already")
    return problems


def _member_problems(where: str, members: Sequence[Any]) -> list[str]:
    problems = [] if members else [f"{where}.members: is empty; a service without members refuses everyone"]
    names: set[str] = set()
    for index, member in enumerate(members):
        place = f"{where}.members[{index}]"
        if member.keys() != _MEMBER_OPTIONS:
            problems.append(f"{place}: expected a mapping with name and address, got {member!r}")
            continue
        name = str(member["name"])
        if not _NAME.fullmatch(name):
            problems.append(f"{place}.name: {name!r} cannot be a name; letters, digits, '.', '-' and '_' can")
        if name in names:
            problems.append(f"{place}.name: {name!r} is a member already")
        names.add(name)
        problems += address_problems(f"{place}.address", member["address"])
    return problems


def address_problems(where: str, text: Any) -> list[str]:
    problem = _address_problem(text if isinstance(text, str) else repr(text))
    return [f"{where}: {problem}"] if problem else []


@functools.lru_cache(maxsize=100_000)
def _address_problem(text: str) -> str:
    address = _parsed(text)
    if address is None:
        return f"{text!r} is no IP address"
    if str(address) != text:
        return f"write {address} in place of {text!r}"
    if address.is_unspecified or address.is_multicast or text == "255.255.255.255":
        return f"{text!r} is no address of a host"
    return ""


# Thousands of services name the same members.
@functools.lru_cache(maxsize=100_000)
def _parsed(text: Any) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _family(text: Any) -> int:
    """The version of IP; 0 for what is no address."""
    address = _parsed(text) if isinstance(text, str) else None
    return address.version if address else 0


def _port(text: Any) -> int | None:
    return int(text) if str(text).isdecimal() and 1 <= int(text) <= 65535 else None


def _service(item: Mapping[str, Any]) -> Service:
    snat = tuple(item.get("snat") or ())
    return Service(
        id=item["id"],
        stage=item["stage"],
        why=tuple(item["why"]),
        vip=item["vip"],
        port=int(item["port"]),
        protocol=item["protocol"],
        members=tuple(Member(member["name"], member["address"]) for member in item["members"]),
        member_port=int(item.get("member_port") or item["port"]),
        method=item["method"],
        affinity=item["affinity"],
        nat=item.get("nat") or ("snat" if snat else "dnat"),
        snat=snat,
        idle_seconds=item["idle_seconds"],
        idle_reset=item.get("idle_reset", False),
        terminate=item.get("terminate", False),
        check_port=int(item["check_port"]),
        replaces=item.get("replaces") or "",
    )
