# SPDX-License-Identifier: GPL-3.0-or-later
"""Publications, decoded with everything that is wrong with them told at once. Pure: no I/O."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..balancer.model import address_problems
from ..items import given_twice, problems_of
from ..specs_haproxy import PUBLICATION

EVERYTHING = "/*"
# All of these end up as words of HAProxy's configuration, in which blanks, quotes and some signs have a meaning.
_NAME = re.compile(r"[A-Za-z0-9_.-]+")
_PATH = re.compile(r"/[A-Za-z0-9_./~+*=:@,;!&()-]*")
_FILE = re.compile(r"/[A-Za-z0-9_./@:+-]+")


@dataclasses.dataclass(frozen=True)
class Publication:
    """A name that is let in, the paths of it that are, and the server that they lead to."""

    id: str
    stage: str
    why: tuple[str, ...]
    name: str
    aliases: tuple[str, ...]
    address: str
    port: str
    certificates: tuple[str, ...]
    backend: str
    backend_addresses: tuple[str, ...]
    backend_port: str
    backend_tls: bool
    host_header: str
    allowed: tuple[str, ...]
    idle_seconds: int
    replaces: str = ""

    @property
    def key(self) -> str:
        """What makes it this publication and no other."""
        return f"{self.name}:{self.port}"

    @property
    def place(self) -> tuple[str, str]:
        """Where it is listened for."""
        return self.address, self.port

    def as_item(self) -> dict[str, Any]:
        """In the form of the module's option."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in vars(self).items()}


def decode(items: Any) -> tuple[list[Publication], list[str]]:
    """The publications of the option `publications`, or all that is wrong with it."""
    problems = problems_of("publications", items, PUBLICATION)
    if not problems:
        for index, item in enumerate(items):
            problems += _item_problems(f"publications[{index}]", item)
    if problems:
        return [], problems
    found = [_publication(item) for item in items]
    return found, given_twice("publications", ((each.key, each.key) for each in found))


def _publication(item: Mapping[str, Any]) -> Publication:
    return Publication(
        id=item["id"],
        stage=item["stage"],
        why=tuple(item["why"]),
        name=item["name"],
        aliases=tuple(item.get("aliases") or ()),
        address=item["address"],
        port=item["port"],
        certificates=tuple(item.get("certificates") or ()),
        backend=item["backend"],
        backend_addresses=tuple(item["backend_addresses"]),
        backend_port=item["backend_port"],
        backend_tls=item.get("backend_tls", True),
        host_header=item.get("host_header") or "",
        allowed=tuple(item["allowed"]),
        idle_seconds=item.get("idle_seconds") or 0,
        replaces=item.get("replaces") or "",
    )


def _item_problems(where: str, item: Mapping[str, Any]) -> list[str]:
    problems = address_problems(f"{where}.address", item["address"])
    for index, address in enumerate(item["backend_addresses"]):
        problems += address_problems(f"{where}.backend_addresses[{index}]", address)
    if not item["backend_addresses"]:
        problems.append(f"{where}.backend_addresses: is empty; a publication without a server refuses everyone")
    for name in ("port", "backend_port"):
        if not item[name].isdecimal() or not 1 <= int(item[name]) <= 65535:
            problems.append(f"{where}.{name}: {item[name]!r} is no port; 1 to 65535 are")
    if (item.get("idle_seconds") or 0) < 0:
        problems.append(f"{where}.idle_seconds: expected 0 or more, got {item['idle_seconds']}")
    problems += _words(f"{where}.name", [item["name"]], _NAME, "name")
    problems += _words(f"{where}.backend", [item["backend"]], _NAME, "name")
    problems += _words(f"{where}.aliases", item.get("aliases") or (), _NAME, "name")
    problems += _words(f"{where}.allowed", item["allowed"], _PATH, "path, or one that ends with /*")
    problems += _words(f"{where}.certificates", item.get("certificates") or (), _FILE, "path of a file")
    return problems


def _words(where: str, words: Sequence[str], allowed: re.Pattern[str], kind: str) -> Iterator[str]:
    return (f"{where}: {word!r} is no {kind}" for word in words if not allowed.fullmatch(word))
