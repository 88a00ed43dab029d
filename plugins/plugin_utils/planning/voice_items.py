# SPDX-License-Identifier: GPL-3.0-or-later
"""Plan items of Enterprise Voice."""

from __future__ import annotations

import dataclasses
import typing as t

from .base import Item


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class NormalizationRule:
    """How dialled digits become a number."""

    name: str
    pattern: str
    translation: str
    description: str
    internal: bool
    device: bool


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class LocationProfile(Item):
    """A dial plan, with those who use it."""

    name: str
    description: str
    external_access_prefix: str
    rules: tuple[NormalizationRule, ...]
    default_of: tuple[str, ...]
    mediation: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class VoicePolicy(Item):
    """Which calls its users may make; usages in the order they are tried."""

    name: str
    description: str
    usages: tuple[str, ...]
    simultaneous_ringing: bool
    is_default: bool


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class VoiceUser(Item):
    """A user whose calls are followed, with what holds for the user's calls."""

    user: str
    location_profile: str
    policy: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Route(Item):
    """Where calls to numbers of a pattern go; routes are in the order they are tried."""

    name: str
    description: str
    pattern: str
    usages: tuple[str, ...]
    gateways: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Gateway(Item):
    """A gateway or trunk, with what has to be entered there about its Mediation Server."""

    host: str
    kind: str
    site: str
    address: str
    mediation: str
    mediation_address: str
    port: int
    transport: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class MediationServer(Item):
    """A Mediation Server's settings."""

    host: str
    next_hop: str
    listening_address: str
    listening_port: int
    gateway_listening_address: str
    gateway_listening_port: int
    transport: str
    gateways: tuple[str, ...]
    av_edge_pool: str
    av_edge: str
    media_ports: str
    location_profile: str
    settings: t.Mapping[str, t.Any]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class AccessNumber(Item):
    """A number that is called to take part in a conference."""

    number: str
    display_name: str
    pool: str
    languages: tuple[str, ...]
    location_profile: str
    region: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class UmDialPlan(Item):
    """A dial plan of Exchange Unified Messaging, with the contacts that stand for its numbers."""

    name: str
    location_profile: str
    subscriber_access: str
    auto_attendant: str
    servers: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class TelephonyRule(Item):
    """A documented rule that concerns this estate; `seen` where the inventory shows that it is kept."""

    area: str
    subject: str
    level: str
    text: str
    seen: bool


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class VoicePlan:
    """All that is planned about calls."""

    location_profiles: tuple[LocationProfile, ...] = ()
    usages: tuple[str, ...] = ()
    policies: tuple[VoicePolicy, ...] = ()
    users: tuple[VoiceUser, ...] = ()
    routes: tuple[Route, ...] = ()
    gateways: tuple[Gateway, ...] = ()
    mediation: tuple[MediationServer, ...] = ()
    access_numbers: tuple[AccessNumber, ...] = ()
    um_dial_plans: tuple[UmDialPlan, ...] = ()
    rules: tuple[TelephonyRule, ...] = ()
