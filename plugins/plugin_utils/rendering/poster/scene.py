# SPDX-License-Identifier: GPL-3.0-or-later
"""What a poster shows, before anything has a place: columns of servers, walls between zones, lanes of traffic."""

from __future__ import annotations

import dataclasses
import typing as t

Zone = t.Literal["internet", "perimeter", "internal"]
ZONES: t.Final[tuple[Zone, ...]] = ("internet", "perimeter", "internal")
ZONE_TITLES: t.Final = {"internet": "Internet", "perimeter": "Perimeter", "internal": "Internal network"}

Family = t.Literal["sip", "media", "conferencing", "web", "sharing", "xmpp", "data"]
FAMILY_TITLES: t.Final[t.Mapping[Family, str]] = {
    "sip": "SIP: signalling",
    "media": "Media, and finding its way",
    "conferencing": "Web conferencing",
    "web": "Web",
    "sharing": "Sharing and files",
    "xmpp": "XMPP",
    "data": "Directory, data, management",
}
_FAMILIES: t.Final[t.Mapping[str, Family]] = {
    "sip": "sip",
    "rtp": "media",
    "srtp": "media",
    "stun": "media",
    "turn": "media",
    "psom": "conferencing",
    "https": "web",
    "http": "web",
    "c3p": "web",
    "rdp": "sharing",
    "file_transfer": "sharing",
    "xmpp": "xmpp",
}
_SPOKEN: t.Final = {
    "file_transfer": "File transfer",
    "kerberos": "Kerberos",
    "remoting": "Remoting",
    "sql_browser": "SQL Browser",
}


@dataclasses.dataclass(frozen=True, slots=True)
class Column:
    """Servers, or people, that stand together."""

    key: str
    zone: Zone
    kind: t.Literal["people", "outside", "servers", "support"]
    title: str
    names: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Wall:
    """The firewalls between two zones."""

    between: tuple[Zone, Zone]
    title: str
    names: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Lane:
    """Traffic of a kind: who opens it, who listens; `gates` says at which walls an address is translated."""

    label: str
    family: Family
    sources: tuple[str, ...]
    targets: tuple[str, ...]
    translated: tuple[tuple[Zone, Zone], ...]
    about: str
    why: tuple[str, ...]

    @property
    def ends(self) -> frozenset[str]:
        return frozenset((*self.sources, *self.targets))


@dataclasses.dataclass(frozen=True, slots=True)
class Panel:
    """Lines beside the picture: a name, and what is to be said of it."""

    title: str
    lines: tuple[tuple[str, str], ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Scene:
    """A poster."""

    slug: str
    title: str
    subtitle: str
    columns: tuple[Column, ...]
    walls: tuple[Wall, ...]
    lanes: tuple[Lane, ...]
    panels: tuple[Panel, ...]

    @property
    def families(self) -> tuple[Family, ...]:
        present = {lane.family for lane in self.lanes}
        return tuple(family for family in FAMILY_TITLES if family in present)


def family_of(application: str) -> Family:
    """The group of protocols that is drawn in one colour."""
    return _FAMILIES.get(application, "data")


def spoken(application: str, protocol: str, tls: str, ports: t.Sequence[str]) -> str:
    """What is written at a lane: protocol, how it is carried, and the ports, as administrators write them."""
    carried = tls.upper() if tls else protocol.upper()
    name = _SPOKEN.get(application, application.upper())
    words = carried if not name or name == carried else f"{name}/{carried}"
    if words == "HTTPS/TLS":
        words = "HTTPS"
    return f"{words}:{','.join(ports)}" if ports else words
