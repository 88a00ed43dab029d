# SPDX-License-Identifier: GPL-3.0-or-later
"""What is planned about quality of service."""

from __future__ import annotations

import dataclasses
import typing as t

from .base import Item


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Target(Item):
    """An item with what it is set on: a server, a pool, or a Group Policy object of a population."""

    target: str
    gpo: str = ""
    purpose: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RegistryValue(Target):
    """A registry value. `unmanaged` ones are left to Windows, whose own data is expected and never forced."""

    hive: str
    key: str
    name: str
    type: str
    data: str | int
    state: t.Literal["present", "unmanaged"]
    restart: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class WmiValue(Target):
    """A WMI property; `save_object` since a changed property alone is lost."""

    hosts: tuple[str, ...]
    namespace: str
    wmi_class: str
    query: str
    property: str
    value: str
    save_object: bool
    restart: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class MediaRange(Target):
    """A range of media ports, its last port being first + count - 1."""

    medium: str
    protocol: str
    first: int
    last: int
    count: int
    least: int
    in_servers_range: bool
    path: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Policy(Target):
    """A policy of policy-based QoS."""

    name: str
    application: str
    protocol: str
    match: str
    first: int
    last: int
    dscp: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class InBandSetting(Target):
    """A setting of a pool that devices take over when they sign in."""

    setting: str
    value: int
    off: int
    location: str
    travels: str
    restart: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Scheduler(Target):
    """Whether the packet scheduler is there from the start, by Windows version; otherwise it has to be looked up."""

    windows: str
    installed: t.Literal["yes", "no", "look"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class QosCheckpoint(Target):
    """A step that a person takes or confirms."""

    order: int
    text: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Marking(Target):
    """The class of service of a medium. `dscp` 0 stands for what is left to Windows."""

    medium: str
    dscp_class: str
    dscp: int
    expected: int
    service_type: str
    payload_types: tuple[int, ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class NetworkMark(Item):
    """What a firewall does with the marks of packets that go one way through it: from or to ports, or all others."""

    firewall: str
    ingress: str
    egress: str
    protocol: str
    side: t.Literal["source", "destination", ""]
    ports: str
    action: t.Literal["set", "keep", "clear"]
    dscp: int
    media: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class QosPlan:
    """Everything about QoS, by form."""

    markings: tuple[Marking, ...]
    registry: tuple[RegistryValue, ...]
    wmi: tuple[WmiValue, ...]
    ranges: tuple[MediaRange, ...]
    policies: tuple[Policy, ...]
    in_band: tuple[InBandSetting, ...]
    schedulers: tuple[Scheduler, ...]
    checkpoints: tuple[QosCheckpoint, ...]
    network: tuple[NetworkMark, ...] = ()
