# SPDX-License-Identifier: GPL-3.0-or-later
"""What the watcher on a balancer is given: addresses, and services whose packets are handed on. Pure: no I/O."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any

from .model import Address, Service
from .text import SOCKET, section_of, unserved
from .watcher import table_text


def forwarded(services: Iterable[Service]) -> list[dict[str, Any]]:
    """The services that HAProxy has no part in but for their health."""
    return [
        {
            "id": service.id,
            "section": section_of(service),
            "vip": service.vip,
            "port": service.port,
            "protocol": service.protocol,
            "affinity": service.affinity,
            "member_port": service.member_port,
            "members": {member.name: member.address for member in service.members},
        }
        for service in sorted(filter(_is_forwarded, services), key=lambda service: service.key)
    ]


def _is_forwarded(service: Service) -> bool:
    return service.forwarded and not unserved(service)


def table(services: Iterable[Service]) -> str:
    """The packet filter's table while all members are in service; empty where nothing is handed on."""
    found = forwarded(services)
    return table_text(found) if found else ""


def config(services: Iterable[Service], addresses: Sequence[Address]) -> str:
    """The watcher's file; its digest is what the watcher says of itself once it works with it."""
    listed = list(services)
    # What clients connect to comes last, when connections to members can be made.
    asked_for = {service.vip for service in listed}
    held = sorted(addresses, key=lambda each: each.address in asked_for)
    content: dict[str, Any] = {
        "socket": SOCKET,
        "addresses": [{"address": each.address, "interface": each.interface} for each in held],
        "forwarded": forwarded(listed),
    }
    digest = hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]
    return json.dumps({"digest": digest, **content}, indent=1) + "\n"
