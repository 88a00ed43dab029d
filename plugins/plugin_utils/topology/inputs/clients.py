# SPDX-License-Identifier: GPL-3.0-or-later
"""Populations of clients and devices."""

from __future__ import annotations

import dataclasses
import typing as t

from ...schema.fields import option
from ...schema.kinds import NetworkName, Peer, Ports, SiteName

ClientProduct = t.Literal[
    "communicator",
    "attendant",
    "live_meeting",
    "live_meeting_console",
    "communicator_mobile",
    "communicator_mobile_java",
    "phone_edition",
    "web_access",
    "group_chat",
    "group_chat_admin",
    "lync",
    "lync_phone_edition",
    "lync_mobile",
    "lync_attendee",
    "roundtable",
    "outlook_add_in",
]

Medium = t.Literal["audio", "video", "application_sharing"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ClientsInput:
    """Users or devices of a kind who share a network and settings."""

    network: NetworkName = option("Network they sit in")
    products: tuple[ClientProduct, ...] = option("Clients they use")
    release: Peer = option("Release of the clients; that of the estate's product when left out", default="")
    count: int = option("How many they are", default=0)
    site: SiteName = option("Their site; the network's when left out", default="")
    windows: t.Literal["xp", "vista", "7", ""] = option("Windows version, for what it does about QoS", default="")
    media_ports: Ports = option("Range for media ports, where it is confined", default="")
    ports: t.Mapping[Medium, Ports] = option("Media port ranges of Lync clients by medium", default={})
    link_kbps: int = option("Bandwidth that each of them has, in kbit/s, where that is little", default=0)
    gpo: str = option("Group Policy object for their settings; named after the population when left out", default="")
    encryption: t.Literal["rejected", "optional", "required", ""] = option(
        "What the policy of the clients says about encrypting media", default=""
    )
