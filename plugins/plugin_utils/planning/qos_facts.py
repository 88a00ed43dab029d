# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows about quality of service."""

from __future__ import annotations

import dataclasses
import typing as t

from ..schema.fields import option
from .base import AppliedFact


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RegistryEntry:
    """A registry value of a row; its data may hold `{dscp}`, `{first}`, `{last}`, `{ports}` and a policy's fields."""

    hive: t.Literal["HKLM"] = option("Root key", default="HKLM")
    key: str = option("Key below the root")
    name: str = option("Name of the value")
    type: t.Literal["REG_DWORD", "REG_SZ"] = option("Type of the value")
    data: str = option("Data, as decimal number or text")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class WmiEntry:
    """A WMI property of a row."""

    namespace: str = option("Namespace")
    wmi_class: str = option("Class", key="class")
    query: str = option("Query of the one instance; {instance} is the Back-End's, as WMI writes it")
    property: str = option("Property")
    value: str = option("Value")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RangeEntry:
    """A range of media ports: the first and how many, so that the last is first + count - 1."""

    start: int = option("First port")
    count: int = option("How many ports")
    protocol: t.Literal["udp", "tcp", "both"] = option("Protocol", default="udp")
    given: str = option("Option of the inventory that may give another range", default="")
    least: int = option("Fewest ports that will do", default=0)
    in_servers_range: bool = option("Whether clients must keep within the servers' range of the medium", default=False)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PolicyEntry:
    """A policy of Windows' policy-based QoS."""

    name: str = option("Name of the policy")
    application: str = option("Program it is confined to; * for any", default="*")
    protocol: t.Literal["udp", "tcp", "both"] = option("Protocol", default="both")
    match: t.Literal["source", "destination"] = option("Whose ports it looks at", default="source")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class InBandEntry:
    """A setting that a pool hands to devices when they sign in."""

    setting: str = option("Name of the setting")
    value: int = option("Value to set")
    off: int = option("Value that turns marking off")
    location: str = option("Where an administrator finds it")
    travels: str = option("How it reaches the devices")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class QosFact(AppliedFact):
    """One statement about QoS, in exactly one of the forms below."""

    KIND: t.ClassVar[str] = "qos"

    also: tuple[str, ...] = option("Further roles, or clients, that it is applied to", default=())
    purpose: str = option("What it is for")
    medium: t.Literal["audio", "video", "application_sharing", "media", ""] = option("Medium it is about", default="")
    dscp_class: str = option("Name of the class of service", default="")
    dscp: int = option("DSCP of the class", default=0)
    service_type: str = option("Service type that Windows knows the medium by", default="")
    windows_dscp: int = option("What Windows marks with while nothing is configured", default=0)
    payload_types: tuple[int, ...] = option("RTP payload types that belong to the class", default=())
    registry: RegistryEntry | None = option("A registry value", default=None)
    wmi: WmiEntry | None = option("A WMI property", default=None)
    range: RangeEntry | None = option("A range of media ports", default=None)
    policy: PolicyEntry | None = option("A policy of policy-based QoS", default=None)
    layout: tuple[RegistryEntry, ...] = option("Registry values that one policy becomes", default=())
    in_band: InBandEntry | None = option("A setting that travels in band", default=None)
    windows: tuple[str, ...] = option("Windows versions the packet scheduler statement is about", default=())
    installed: bool = option("Whether those have the packet scheduler from the start", default=True)
    network: bool = option("Whether it is why routers look at marks", default=False)
    checkpoint: str = option("What a person does or sees to", default="")
    order: int = option("Place among the checkpoints", default=0)
    restart: str = option("What must be restarted for it to take effect", default="")
