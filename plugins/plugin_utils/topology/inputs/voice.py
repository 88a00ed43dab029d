# SPDX-License-Identifier: GPL-3.0-or-later
"""Enterprise Voice: Mediation Servers, gateways, dial plans and routing."""

from __future__ import annotations

import dataclasses
import typing as t

from ...schema.fields import option
from ...schema.kinds import EdgePoolName, HostName, PoolName


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class MediationInput:
    """A Mediation Server, named by its host."""

    next_hop: PoolName = option("Pool or Director it hands calls to")
    gateways: tuple[HostName, ...] = option("Media gateways or SIP trunks it serves", default=())
    edge_pool: EdgePoolName = option("Edge pool whose A/V service it uses; the site's when left out", default="")
    transport: t.Literal["tcp", "tls"] = option("SIP transport towards the gateway", default="tcp")
    location_profile: str = option("Location profile for calls from the gateway", default="")
    media_ports: str = option("Range for media ports, where it is not the documented one", default="")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class NormalizationRuleInput:
    """How dialled digits become a number."""

    pattern: str = option("Regular expression over the dialled digits")
    translation: str = option("What the match becomes, with $1 and so on")
    name: str = option("Name for people", default="")
    description: str = option("What it is for", default="")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class LocationProfileInput:
    """A dial plan."""

    rules: tuple[NormalizationRuleInput, ...] = option("Rules in the order they are tried")
    description: str = option("What it is for", default="")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RouteInput:
    """Where calls to numbers of a pattern go."""

    pattern: str = option("Regular expression over the number in its final form")
    gateways: tuple[HostName, ...] = option("Gateways, each behind a Mediation Server")
    usages: tuple[str, ...] = option("Phone usages that may use it")
    description: str = option("What it is for", default="")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class VoicePolicyInput:
    """Which calls its users may make: usages in the order they are tried."""

    usages: tuple[str, ...] = option("Phone usages, first match wins")
    simultaneous_ringing: bool = option("Whether it allows simultaneous ringing", default=True)
    description: str = option("What it is for", default="")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class VoiceInput:
    """Dial plans and call routing of the estate."""

    location_profiles: t.Mapping[str, LocationProfileInput] = option("Dial plans by name", default={})
    usages: tuple[str, ...] = option("Phone usages", default=())
    policies: t.Mapping[str, VoicePolicyInput] = option("Voice policies by name", default={})
    routes: t.Mapping[str, RouteInput] = option("Routes by name, in the order they are tried", default={})
    default_policy: str = option("Policy of users who have no other", default="")
    default_profile: t.Mapping[PoolName, str] = option("Location profile by pool", default={})
