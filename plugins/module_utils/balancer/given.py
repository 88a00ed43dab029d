# SPDX-License-Identifier: GPL-3.0-or-later
"""How many connections and associations the packet filter has handed on to each member. Private to the collection."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from .model import Service
from .places import found, run
from .text import section_of
from .watcher import GIVEN, TABLE

Place = tuple[str, str, str, str]


def totals(services: Iterable[Service]) -> dict[tuple[str, str], int]:
    """By section and name of members, since the members in service last changed; empty where nothing is handed on."""
    handed_on = [service for service in services if service.forwarded]
    program = found("nft")
    if not handed_on or not program:
        return {}
    listed = run([program, "-j", "list", "set", "ip", TABLE, GIVEN])
    counted = parse(listed.stdout) if listed.returncode == 0 else {}
    return {
        (section_of(service), member.name): counted[place]
        for service in handed_on
        for member in service.members
        if (place := (service.vip, service.protocol, str(service.member_port), member.address)) in counted
    }


def parse(text: str) -> dict[Place, int]:
    """Address that was asked for, protocol, port and address of the member: how many came that way."""
    content: Mapping[str, Any] = json.loads(text)
    counted: dict[Place, int] = {}
    for listed in content["nftables"]:
        for entry in listed.get("set", {}).get("elem", ()):
            element = entry["elem"]
            vip, protocol, port, member = map(str, element["val"]["concat"])
            counted[vip, protocol, port, member] = int(element["counter"]["packets"])
    return counted
