# SPDX-License-Identifier: GPL-3.0-or-later
"""Enterprise Voice: Mediation Servers, gateways, dial plans and routing."""

from __future__ import annotations

import dataclasses
import typing as t

from ...schema.fields import option
from ...schema.kinds import EdgePoolName, HostName, Name, PoolName, Ports, SipAddress, SiteName


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class MediationInput:
    """A Mediation Server, named by its host."""

    next_hop: PoolName = option("Pool or Director it hands calls to")
    gateways: tuple[HostName, ...] = option("Media gateways or SIP trunks it serves", default=())
    edge_pool: EdgePoolName = option("Edge pool whose A/V service it uses; the site's when left out", default="")
    transport: t.Literal["tcp", "tls"] = option("SIP transport towards the gateway", default="tcp")
    location_profile: str = option("Location profile for calls from the gateway", default="")
    media_ports: Ports = option("Range for media ports, where it is not the documented one", default="")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class GatewayInput:
    """A media gateway, named by its host; to be said only where the usual does not hold."""

    kind: t.Literal["basic", "basic_hybrid", "advanced"] = option(
        "Whether its Mediation Server is another computer, shares its appliance, or is part of it", default="basic"
    )
    accepts_plus: bool = option("Whether it, or the PBX behind it, takes numbers with a leading plus", default=True)
    pbx: bool = option("Whether a PBX is behind it", default=False)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class NormalizationRuleInput:
    """How dialled digits become a number."""

    pattern: str = option("Regular expression over the dialled digits")
    translation: str = option("What the match becomes, with $1 and so on")
    name: str = option("Name for people", default="")
    description: str = option("What it is for", default="")
    internal: bool = option("Whether it makes numbers of the enterprise itself (InternalExtension)", default=False)
    device: bool = option("Whether telephones use it too; no is doNotdialFromDevice", default=True)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class LocationProfileInput:
    """A dial plan."""

    rules: tuple[NormalizationRuleInput, ...] = option("Rules in the order they are tried", default=())
    description: str = option("What it is for; the region that callers into conferences see", default="")
    external_access_prefix: str = option("What telephones dial first to reach an outside line", default="")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RouteInput:
    """Where calls to numbers of a pattern go."""

    pattern: str = option("Regular expression over the number in its final form")
    gateways: tuple[HostName, ...] = option("Gateways, each behind a Mediation Server", default=())
    usages: tuple[str, ...] = option("Phone usages that may use it", default=())
    description: str = option("What it is for", default="")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class VoicePolicyInput:
    """Which calls its users may make: usages in the order they are tried."""

    usages: tuple[str, ...] = option("Phone usages, first match wins", default=())
    simultaneous_ringing: bool = option("Whether it allows simultaneous ringing", default=True)
    pbx_integration: bool = option("Whether its users keep a PBX telephone beside", default=False)
    site: SiteName = option("Site of its users, where they sit in one; emergency calls are checked then", default="")
    description: str = option("What it is for", default="")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class VoiceUserInput:
    """A user whose calls are followed; what is left out is as for anybody."""

    pool: PoolName = option("Pool that homes the user; the only one when left out", default="")
    policy: str = option("Voice policy; the default one when left out", default="")
    location_profile: str = option("Location profile; that of the pool when left out", default="")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class AccessNumberInput:
    """A number that is called to take part in a conference."""

    number: str = option("The number in its final form")
    display_name: str = option("Name for people", default="")
    pool: PoolName = option("Pool that answers; the only one when left out", default="")
    languages: tuple[str, ...] = option("Languages that it speaks, the first one by default", default=("en-US",))
    location_profile: str = option("Location profile that gives it its region; the pool's when left out", default="")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class UmDialPlanInput:
    """A dial plan of Exchange Unified Messaging, named by its FQDN."""

    uri_type: t.Literal["sip", "telephone_extension", "e164"] = option("How it names its users", default="sip")
    location_profile: str = option("Location profile that stands for it; that of its own name by default", default="")
    security: t.Literal["unsecured", "sip_secured", "secured", ""] = option("Its VoIP security level", default="")
    subscriber_access: str = option("Number of Outlook Voice Access", default="")
    auto_attendant: str = option("Number of the auto attendant", default="")
    servers: tuple[HostName, ...] = option("Its Unified Messaging servers; all when left out", default=())
    sends_plus: bool = option("Whether it sends numbers with the leading plus", default=False)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class VoiceInput:
    """Dial plans and call routing of the estate."""

    location_profiles: t.Mapping[str, LocationProfileInput] = option("Dial plans by name", default={})
    usages: tuple[str, ...] = option("Phone usages; those of policies and routes when left out", default=())
    policies: t.Mapping[str, VoicePolicyInput] = option("Voice policies by name", default={})
    routes: t.Mapping[str, RouteInput] = option("Routes by name, in the order they are tried", default={})
    default_policy: str = option("Policy of users who have no other; the only one when left out", default="")
    default_profile: t.Mapping[PoolName, str] = option(
        "Location profile by pool; the only one when left out", default={}
    )
    users: t.Mapping[SipAddress, VoiceUserInput] = option(
        "Users whose calls the filter route_number is to follow, by SIP URI without sip:", default={}
    )
    gateways: t.Mapping[HostName, GatewayInput] = option("Gateways that are not as usual, by host", default={})
    emergency_numbers: tuple[str, ...] = option("Emergency numbers as they are dialled", default=())
    access_numbers: tuple[AccessNumberInput, ...] = option("Numbers for dial-in conferences", default=())
    um_dial_plans: t.Mapping[Name, UmDialPlanInput] = option(
        "Dial plans of Exchange Unified Messaging by FQDN", default={}
    )
