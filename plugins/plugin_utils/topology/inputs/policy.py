# SPDX-License-Identifier: GPL-3.0-or-later
"""How the estate wants things done: names, DNS, certificates, QoS, and the way out of a documented rule."""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from ...schema.fields import option
from ...schema.kinds import Dscp, EdgePoolName, HostName, Name, PoolName, Ports, SipDomain
from .clients import Medium


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SipDomainInput:
    """A SIP domain."""

    default: bool = option("The domain of the estate's default routing", default=False)
    remote_access: EdgePoolName = option(
        "Edge pool that its users outside sign in through; the only one when left out", default=""
    )
    federation_name: Name = option(
        "Name of the federating Edge service in this domain, where its users sign in through another Edge pool",
        default="",
    )


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SignInPolicyInput:
    """Automatic sign-in of clients."""

    automatic: bool = option("Whether clients find their pool by DNS", default=True)
    pool: PoolName = option(
        "Pool or Director that clients reach first; the one with `sign_in` when left out", default=""
    )
    target: t.Literal["pool", "sip_name"] = option("What the internal SRV points to", default="pool")
    strict_naming_disabled: bool = option("Whether client policy turns strict name matching off", default=False)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ZoneInput:
    """A DNS zone and the servers that hold it."""

    view: t.Literal["internal", "perimeter", "external"] = option("Whose answers it gives")
    server: HostName = option("Server that is changed")
    copies: tuple[HostName, ...] = option("Servers that hold copies of it, for its NS records", default=())
    name: str = option(
        "Name of the zone; the key when left out, which must differ when a zone has several views", default=""
    )
    dynamic_update: t.Literal["tsig", "gss", "none"] = option("How it is changed", default="tsig")
    key: str = option("Name of the TSIG key; the key itself is vaulted elsewhere", default="")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PinpointInput:
    """A DNS server that may hold a zone of its own for a single name; the text form is the server alone."""

    SHORTHAND: t.ClassVar[str] = "server"

    server: HostName = option("Server that is changed")
    dynamic_update: t.Literal["tsig", "gss", "none"] = option("How it is changed", default="tsig")
    key: str = option("Name of the TSIG key; the key itself is vaulted elsewhere", default="")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DnsPolicyInput:
    """DNS servers and zones."""

    zones: t.Mapping[str, ZoneInput] = option("Zones that this estate may change", default={})
    pinpoint: t.Mapping[t.Literal["internal", "perimeter", "external"], PinpointInput] = option(
        "By view, the server that gets a zone of its own for each name whose zone this estate may not change",
        default={},
    )
    ttl: int = option("Time to live of planned records, in seconds", default=3600)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CertificatePolicyInput:
    """Who issues certificates."""

    internal_ca: t.Literal["enterprise", "standalone", "public"] = option(
        "Kind of the issuer for internal names", default="enterprise"
    )
    edge_external_ca: t.Literal["public", "private"] = option(
        "Issuer of the Edge's external certificates", default="public"
    )
    av_authentication_ca: t.Literal["internal", "public"] = option(
        "Issuer of the A/V authentication certificate", default="internal"
    )
    key: str = option("Key of requests: algorithm and bits, such as rsa2048", default="rsa2048")
    organisation: str = option("Organisation in the subject", default="")
    country: str = option("Country in the subject, two letters", default="")
    renew_days: int = option("Days before expiry at which a certificate is due", default=30)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class QosPolicyInput:
    """Quality of service."""

    enabled: bool = option("Whether QoS is set up", default=True)
    dscp: t.Mapping[Medium, Dscp] = option(
        "DSCP by medium: a number, or `not_configured` or `disabled` to leave Windows' own marks; EF and AF41 when "
        "left out",
        default={},
    )
    network: t.Mapping[t.Literal["internal", "perimeter", "internet"], t.Literal["trust", "set", "clear"]] = option(
        "What the estate's firewalls do with the marks of packets that come from a zone: leave them, set them by the "
        "ports of media and clear all others, or clear all; left out, marks are left as they are",
        default={},
    )
    server_media_ports: Ports = option("Range for all media on OCS conferencing servers", default="")
    server_audio_ports: Ports = option("Range for audio on Lync servers", default="")
    server_video_ports: Ports = option("Range for video on Lync servers", default="")
    application_sharing_ports: Ports = option("Range for application sharing on Lync servers", default="")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ExtraFlowInput:
    """A flow that the documents do not ask for."""

    source: tuple[str, ...] = option("Hosts, networks or CIDRs it starts from", key="from")
    destination: tuple[str, ...] = option("Hosts, networks or CIDRs it goes to", key="to")
    protocol: t.Literal["tcp", "udp", "icmp"] = option("Protocol")
    reason: str = option("Why it is needed")
    ports: tuple[Ports, ...] = option("Destination ports", default=())
    name: str = option("Stable name; made from the rest when left out", default="")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ExtraRecordInput:
    """A DNS record that the documents do not ask for."""

    name: Name = option("Full name")
    type: t.Literal["A", "CNAME", "SRV", "TXT"] = option("Type")
    view: t.Literal["internal", "perimeter", "external"] = option("View")
    value: str = option("Value as in a zone file")
    reason: str = option("Why it is needed")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ExtraSanInput:
    """A name on a certificate that the documents do not ask for."""

    certificate: str = option("Id of the certificate, or the name of the pool or server")
    name: Name = option("Name to add")
    reason: str = option("Why it is needed")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class OverrideInput:
    """A documented value replaced, for a reason."""

    value: object = option("The value to use instead")
    reason: str = option("Why")
    until: datetime.date | None = option("Day after which the override is a finding", default=None)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class WaiverInput:
    """A finding accepted, for a reason."""

    finding: str = option("Id of the finding")
    reason: str = option("Why it is accepted")
    path: str = option("Only at this path", default="")
    host: str = option("Only on this host", default="")
    until: datetime.date | None = option("Last day it is accepted", default=None)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SimpleUrlsInput:
    """Lync's simple URLs: host names by purpose; left out, they are made from the SIP domain."""

    meet: t.Mapping[SipDomain, Name] = option("Meeting name by SIP domain", default={})
    dialin: Name = option("Dial-in conferencing name", default="")
    admin: Name = option("Control panel name, inside only", default="")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class IpsecPolicyInput:
    """IPsec on the internal network."""

    deployed: bool = option("Whether servers and clients run an IPsec policy", default=False)
    mode: t.Literal["request", "boundary", "require"] = option(
        "Whether the policy asks for protection, stands between protected and unprotected, or insists",
        default="request",
    )
