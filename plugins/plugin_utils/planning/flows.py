# SPDX-License-Identifier: GPL-3.0-or-later
"""Flows: who opens a connection to whom, from which port to which, through which firewalls."""

from __future__ import annotations

import dataclasses
import typing as t

from ..catalogue.model import Fact
from ..schema.fields import option
from ..schema.kinds import Ports, Stage
from ..topology.network_map import Way
from .base import Item
from .nat import Translation
from .port_choices import PortChoice

Leg = t.Literal["direct", "to_vip", "to_member", "health_check"]
Direction = t.Literal["inside", "inbound", "outbound", "mixed"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FlowFact(Fact):
    """A documented flow, from the one who opens it to the one who listens.

    The *anchor* is the party that the row is applied to, one item for each of its clusters; the other party is found by
    walking `via` from it. The anchor is the listener where that is a server, and the opener otherwise.
    """

    KIND: t.ClassVar[str] = "flows"

    opener: str = option("Party that opens the flow", key="from")
    listener: str = option("Party that listens", key="to")
    via: str = option("Relation walked from the anchor to the other party", default="any")
    anchor: t.Literal["", "from", "to"] = option(
        "Which party the row is applied to, where it is not the listener", default=""
    )
    protocol: t.Literal["tcp", "udp", "icmp", "esp"] = option("Protocol")
    ports: tuple[Ports, ...] = option("Ports listened on; any when left out", default=())
    source_ports: Ports = option("Ports it is opened from; any when left out", default="")
    chosen_by: PortChoice = option(
        "Where an inventory may say another port: for `ports`, or for `source_ports` where the row has those",
        default="",
    )
    application: str = option("What is spoken", default="")
    tls: t.Literal["", "tls", "mtls"] = option("Whether TLS is spoken, and by whom it is proven", default="")
    when: tuple[str, ...] = option("Conditions on the anchor, all of which must hold", default=())
    direct: bool = option("True when the flow never goes through a load balancer", default=False)
    hairpin: bool = option(
        "True for servers behind the same firewall that know one another by their public addresses", default=False
    )
    stage: Stage = option("Stage it is not needed before", default="")
    purpose: str = option("What it is for")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Flow(Item):
    """A planned flow between two named sets.

    `direction` is seen from the inside: *outbound* leads from the internal network to the perimeter, or from there to
    the Internet. `ports` and `source_ports` that are empty stand for any.
    """

    source: str
    destination: str
    protocol: str
    ports: tuple[str, ...]
    source_ports: str
    application: str
    tls: str
    purpose: str
    leg: Leg
    service: str
    direction: Direction
    crossings: Way
    nat: tuple[Translation, ...]
