# SPDX-License-Identifier: GPL-3.0-or-later
"""Populations of clients and devices."""

from __future__ import annotations

import dataclasses
import typing as t

from ...schema.fields import option
from ...schema.kinds import NetworkName, SiteName

ClientProduct = t.Literal[
    "communicator",
    "attendant",
    "live_meeting",
    "live_meeting_console",
    "communicator_mobile",
    "phone_edition",
    "web_access",
    "group_chat",
    "group_chat_admin",
    "lync",
    "lync_phone_edition",
    "lync_mobile",
    "lync_attendee",
    "roundtable",
]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ClientsInput:
    """Users or devices of a kind who share a network and settings."""

    network: NetworkName = option("Network they sit in")
    products: tuple[ClientProduct, ...] = option("Clients they use")
    count: int = option("How many they are", default=0)
    site: SiteName = option("Their site; the network's when left out", default="")
    windows: t.Literal["xp", "vista", "7", ""] = option("Windows version, for what it does about QoS", default="")
    media_ports: str = option("Range for media ports, where it is confined", default="")
    gpo: str = option("Group Policy object for their settings; named after the population when left out", default="")
