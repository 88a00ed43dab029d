# SPDX-License-Identifier: GPL-3.0-or-later
"""Services that tests change in one thing, and what stands in for a HAProxy that looks at their file."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.openuc.ocs.plugins.module_utils.balancer.model import Service, decode

SIP: t.Final[dict[str, t.Any]] = {
    "id": "lb.sip@pool1:5061/tcp",
    "stage": "first_pool",
    "why": ["lb.sip"],
    "vip": "10.20.0.100",
    "port": "5061",
    "protocol": "tcp",
    "members": [{"name": "fe1", "address": "10.20.0.11"}, {"name": "fe2", "address": "10.20.0.12"}],
    "method": "least_connections",
    "affinity": "tcp",
    "idle_seconds": 1200,
    "idle_reset": True,
    "check_port": "5061",
    "nat": "snat",
    "snat": ["10.20.0.250"],
}
STUN: t.Final[dict[str, t.Any]] = {
    **SIP,
    "id": "lb.stun@edge:3478/udp",
    "vip": "203.0.113.102",
    "port": "3478",
    "protocol": "udp",
    "members": [{"name": "edge1", "address": "203.0.113.51"}, {"name": "edge2", "address": "203.0.113.52"}],
    "affinity": "source",
    "idle_seconds": 0,
    "idle_reset": False,
    "check_port": "443",
    "nat": "dnat",
    "snat": [],
}


def services(*items: dict[str, t.Any]) -> list[Service]:
    found, problems = decode(list(items))
    assert problems == []
    return found


def service(**changes: t.Any) -> Service:
    return services({**SIP, **changes})[0]


@dataclasses.dataclass(frozen=True)
class Judged:
    """A look at a file whose end is known beforehand."""

    words: str

    def problem(self) -> str:
        return self.words

    def stop(self) -> None:
        """There is nothing to end."""
