# SPDX-License-Identifier: GPL-3.0-or-later
"""Balanced services, decoded with everything that is wrong with them told at once. Pure: no I/O."""

from __future__ import annotations

import dataclasses
import functools
import ipaddress
import re
import socket
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from ..columns import Column, Table, joined
from ..items import given_twice, nearest, problems_of
from ..specs_haproxy import BALANCED_SERVICE

METHODS = ("least_connections",)
AFFINITIES = ("tcp", "source", "cookie")
_WORDS = (("method", METHODS), ("affinity", AFFINITIES))
_PORTS = ("port", "check_port", "member_port")
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


def decode(given: Any) -> tuple[list[Service], list[str]]:
    """The services of the option `services`, a list or a table, or all that is wrong with it."""
    table = given if isinstance(given, Table) and given.is_just(BALANCED_SERVICE) else None
    if table is None:
        items = given.items() if isinstance(given, Table) else given
        problems = problems_of("services", items, BALANCED_SERVICE)
        if problems:
            return [], problems
        table = Table.of(items)
    problems = _value_problems(table)
    if problems:
        return [], problems
    services = _services(table)
    if len({(service.protocol, service.vip, service.port) for service in services}) == len(services):
        return services, []
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


# --- what is wrong with values ---

_Found = list[tuple[str, str]]  # Where in an item, and what is wrong.
_Judge = Callable[[Any], _Found]


def _value_problems(table: Table) -> list[str]:
    """All that is wrong with values, by items."""
    judged: list[tuple[_Judge, str, Column]] = [
        (_vip_problems, ".vip", table.column("vip")),
        *((_port_problems, f".{name}", table.column(name, "1")) for name in _PORTS),
        *((_word_problems(allowed), f".{name}", table.column(name)) for name, allowed in _WORDS),
        (_idle_problems, ".idle_seconds", table.column("idle_seconds")),
        (_snat_problems, ".snat", joined(table.column("snat", ()), table.column("nat"), table.column("members"))),
        *((_comment_problems, "", table.column(name, "")) for name in ("id", "stage", "replaces")),
        (_comments_problems, "", table.column("why")),
        (_members_problems, ".members", table.column("members")),
    ]
    found: list[tuple[int, str]] = []
    for judge, name, column in judged:
        wrong = {place: problems for place, value in enumerate(column.values) if (problems := judge(value))}
        for index, at in enumerate(column.at if wrong else ()):
            found += [(index, f"services[{index}]{name}{place}: {words}") for place, words in wrong.get(at, ())]
    return [words for _index, words in sorted(found, key=lambda each: each[0])]


def _vip_problems(text: str) -> _Found:
    problem = address_problem(text)
    return [("", problem)] if problem else []


def _port_problems(text: str) -> _Found:
    right = text.isdecimal() and 1 <= int(text) <= 65535
    return [] if right else [("", f"{text!r} is no port; 1 to 65535 are")]


def _word_problems(allowed: Sequence[str]) -> _Judge:
    def judge(text: str) -> _Found:
        if text in allowed:
            return []
        return [("", f"{text!r} is none of {', '.join(allowed)}{nearest(text, allowed)}")]

    return judge


def _idle_problems(seconds: int) -> _Found:
    return [("", f"expected 0 or more, got {seconds}")] if seconds < 0 else []


def _comment_problems(text: str) -> _Found:
    fits = _LINE.fullmatch(text)
    return [] if fits else [("", f"{text!r} has a comma or a control character, which its comment cannot hold")]


def _comments_problems(texts: Sequence[str]) -> _Found:
    return [problem for text in texts for problem in _comment_problems(text)]


def _snat_problems(given: tuple[Sequence[str], str | None, Sequence[Mapping[str, Any]]]) -> _Found:
    snat, nat, members = given
    if not snat:
        return []
    problems = [("", f"{', '.join(snat)} is of no use with nat dnat")] if nat == "dnat" else []
    families = {_family(member.get("address")) for member in members} - {0}
    for index, address in enumerate(snat):
        place = f"[{index}]"
        problem = address_problem(address)
        if not problem and families - {_family(address)}:
            problem = f"{address!r} cannot reach members of the other version of IP"
        if problem:
            problems.append((place, problem))
        if address in snat[:index]:
            problems.append((place, f"{address!r} is listed before already"))
    return problems


def _members_problems(members: Sequence[Mapping[str, Any]]) -> _Found:
    problems = [] if members else [("", "is empty; a service without members refuses everyone")]
    names: set[str] = set()
    for index, member in enumerate(members):
        if member.keys() != _MEMBER_OPTIONS:
            problems.append((f"[{index}]", f"expected a mapping with name and address, got {member!r}"))
            continue
        name = str(member["name"])
        if not _NAME.fullmatch(name):
            problems.append((f"[{index}].name", f"{name!r} cannot be a name; letters, digits, '.', '-' and '_' can"))
        if name in names:
            problems.append((f"[{index}].name", f"{name!r} is a member already"))
        names.add(name)
        problem = address_problem(_text(member["address"]))
        if problem:
            problems.append((f"[{index}].address", problem))
    return problems


def address_problems(where: str, text: Any) -> list[str]:
    problem = address_problem(_text(text))
    return [f"{where}: {problem}"] if problem else []


def _text(given: Any) -> str:
    """What is no text is no address either, and is told as it was given."""
    return given if isinstance(given, str) else repr(given)


@functools.lru_cache(maxsize=100_000)
def address_problem(text: str) -> str:
    if _is_plain(text):
        return ""
    address = _parsed(text)
    if address is None:
        return f"{text!r} is no IP address"
    if str(address) != text:
        return f"write {address} in place of {text!r}"
    if address.is_unspecified or address.is_multicast or text == "255.255.255.255":
        return f"{text!r} is no address of a host"
    return ""


def _is_plain(text: str) -> bool:
    """A quick look that is enough for most addresses; the others are looked into."""
    try:
        packed = socket.inet_pton(socket.AF_INET, text)
    except (OSError, ValueError):
        return False
    return 0 < packed[0] < 224 and socket.inet_ntop(socket.AF_INET, packed) == text


def _parsed(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _family(text: Any) -> int:
    """The version of IP; 0 for what is no address."""
    address = _parsed(_text(text))
    return address.version if address else 0


def _services(table: Table) -> list[Service]:
    port, snat = table.column("port"), table.column("snat", ()).map(tuple)
    columns = {
        **{name: table.column(name) for name in ("id", "stage", "vip", "protocol", "method", "affinity")},
        "why": table.column("why").map(tuple),
        "port": port.map(int),
        "check_port": table.column("check_port").map(int),
        "member_port": joined(table.column("member_port"), port).map(lambda each: int(each[0] or each[1])),
        "members": table.column("members").map(_members),
        "snat": snat,
        "nat": joined(table.column("nat"), snat).map(lambda each: each[0] or ("snat" if each[1] else "dnat")),
        "idle_seconds": table.column("idle_seconds"),
        "idle_reset": table.column("idle_reset", False),
        "terminate": table.column("terminate", False),
        "replaces": table.column("replaces", ""),
    }
    return list(map(Service._make, zip(*(columns[name].listed() for name in Service._fields))))


def _members(listed: Sequence[Mapping[str, Any]]) -> tuple[Member, ...]:
    return tuple(Member(str(member["name"]), member["address"]) for member in listed)
