# SPDX-License-Identifier: GPL-3.0-or-later
"""The estate: every variable that has one value for the whole inventory."""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from ...schema.fields import option
from ...schema.kinds import Feature, HostName, Name, Product, UserFigure
from .clients import ClientsInput
from .directory import DirectoryInput
from .edge import EdgePoolInput, FederationInput
from .network import NetworkInput, SiteInput
from .policy import (
    CertificatePolicyInput,
    DnsPolicyInput,
    ExtraFlowInput,
    ExtraRecordInput,
    ExtraSanInput,
    IpsecPolicyInput,
    OverrideInput,
    QosPolicyInput,
    SignInPolicyInput,
    SimpleUrlsInput,
    SipDomainInput,
    WaiverInput,
)
from .pools import PoolInput
from .voice import MediationInput, VoiceInput
from .web import WebAccessInput


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class EstateInput:
    """Variables of scope *estate*: the same for every host, usually in group_vars/all."""

    product: Product = option("Product of servers that say no other", default="ocs2007r2")
    title: str = option("Name of the estate for people", default="")
    ad: DirectoryInput = option("Active Directory", default=DirectoryInput())
    sip_domains: t.Mapping[Name, SipDomainInput] = option("SIP domains", default={})
    features: tuple[Feature, ...] = option("What users shall be able to do", default=())
    networks: t.Mapping[str, NetworkInput] = option("Networks by name", default={})
    sites: t.Mapping[str, SiteInput] = option("Sites by name", default={})
    pools: t.Mapping[Name, PoolInput] = option("Pools by FQDN", default={})
    edge_pools: t.Mapping[Name, EdgePoolInput] = option("Edge pools by internal FQDN", default={})
    web_access: t.Mapping[Name, WebAccessInput] = option("Web access virtual servers by URL host name", default={})
    mediation: t.Mapping[HostName, MediationInput] = option("Mediation Servers by host", default={})
    voice: VoiceInput = option("Dial plans and routing", default=VoiceInput())
    clients: t.Mapping[str, ClientsInput] = option("Client populations by name", default={})
    federation: FederationInput = option("Federation", default=FederationInput())
    sign_in: SignInPolicyInput = option("Automatic sign-in", default=SignInPolicyInput())
    simple_urls: SimpleUrlsInput = option("Lync's simple URLs", default=SimpleUrlsInput())
    dns: DnsPolicyInput = option("DNS", default=DnsPolicyInput())
    certificates: CertificatePolicyInput = option("Certificates", default=CertificatePolicyInput())
    qos: QosPolicyInput = option("Quality of service", default=QosPolicyInput())
    ipsec: IpsecPolicyInput = option("IPsec on the internal network", default=IpsecPolicyInput())
    host_firewalls: bool = option(
        "Whether to render rules that let flows into servers whose own Windows Firewall is on", default=False
    )
    user_model: t.Mapping[UserFigure, float] = option(
        "Figures of the users' behaviour that differ from the documented user model", default={}
    )
    high_availability: bool = option("Whether the loss of any one server must not stop the service", default=False)
    legacy_devices: bool = option("Whether devices of OCS 2007 look for their updates too", default=False)
    extra_flows: tuple[ExtraFlowInput, ...] = option("Flows beyond the documents", default=())
    extra_records: tuple[ExtraRecordInput, ...] = option("DNS records beyond the documents", default=())
    extra_sans: tuple[ExtraSanInput, ...] = option("Certificate names beyond the documents", default=())
    overrides: t.Mapping[str, OverrideInput] = option("Documented values replaced, by catalogue id", default={})
    decisions: t.Mapping[str, str] = option(
        "Answers to what the roll-out leaves to people, by the word of the decision; open ones show every option",
        default={},
    )
    waivers: tuple[WaiverInput, ...] = option("Findings accepted", default=())
    as_of: datetime.date | None = option("The date that findings are judged on; today when left out", default=None)
    estate_dir: str = option(
        "Folder of `intended/` and `journal/`; a folder beside the inventory's when left out", default=""
    )
