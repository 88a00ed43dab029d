# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan: topology and catalogue made into everything that is to be set up, in one pure step."""

from __future__ import annotations

import dataclasses
import typing as t

from ..topology.model import Topology
from .availability import Availability, plan_availability
from .bandwidth import BandwidthLine, plan_bandwidth
from .base import Item, Stages
from .capacity import CapacityLine, plan_capacity
from .certificate_trust import Trust, plan_trust
from .certificates import CertificateSpec, plan_certificates
from .citations import Citation, Coverage, cite, coverage_of
from .dns import HostsEntry, Record, Zone, plan_hosts_entries, plan_records, plan_zones
from .features import Overview, plan_overview
from .flow_plan import plan_flows
from .flows import Flow
from .iis import IisSetting, VirtualDirectory, plan_iis_settings, plan_virtual_directories
from .ipsec import IpsecExemption, plan_ipsec
from .load_balancing import BalancerRequirement, Service, plan_balancer_requirements, plan_services
from .parties import EndpointSet, Parties
from .prerequisites import Prerequisite, Safeguard, plan_prerequisites, plan_safeguards
from .publications import ProxyRequirement, Publication, plan_proxy_requirements, plan_publications
from .qos import plan_qos
from .qos_items import QosPlan
from .steps import Stage, Step, plan_stages, plan_steps
from .storage import SqlSupport, StorageLine, plan_sql_support, plan_storage
from .voice import plan_voice
from .voice_items import VoicePlan

SCHEMA_VERSION = 1


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything planned, each list in a stable order."""

    overview: Overview
    sets: tuple[EndpointSet, ...]
    flows: tuple[Flow, ...]
    records: tuple[Record, ...]
    zones: tuple[Zone, ...]
    hosts_entries: tuple[HostsEntry, ...]
    certificates: tuple[CertificateSpec, ...]
    trust: tuple[Trust, ...]
    services: tuple[Service, ...]
    ipsec: tuple[IpsecExemption, ...]
    balancer_requirements: tuple[BalancerRequirement, ...]
    virtual_directories: tuple[VirtualDirectory, ...]
    iis_settings: tuple[IisSetting, ...]
    publications: tuple[Publication, ...]
    proxy_requirements: tuple[ProxyRequirement, ...]
    availability: tuple[Availability, ...]
    stages: tuple[Stage, ...]
    steps: tuple[Step, ...]
    prerequisites: tuple[Prerequisite, ...]
    safeguards: tuple[Safeguard, ...]
    voice: VoicePlan
    qos: QosPlan
    capacity: tuple[CapacityLine, ...]
    bandwidth: tuple[BandwidthLine, ...]
    storage: tuple[StorageLine, ...]
    sql_support: tuple[SqlSupport, ...]
    citations: tuple[Citation, ...] = ()
    coverage: tuple[Coverage, ...] = ()


def items_of(part: object) -> t.Iterator[Item]:
    """Every item of a plan, whatever part of it lists it."""
    for field in dataclasses.fields(t.cast("t.Any", part)):
        value = getattr(part, field.name)
        if isinstance(value, tuple):
            yield from (element for element in value if isinstance(element, Item))
        elif dataclasses.is_dataclass(value):
            yield from items_of(value)


def build(topology: Topology) -> Plan:
    """The plan of a topology."""
    stages = Stages(topology.catalogue)
    parties = Parties(topology)
    services = plan_services(topology, stages)
    flows = plan_flows(topology, stages, parties, services)
    ipsec = plan_ipsec(topology, stages, parties)
    records = plan_records(topology, stages)
    plan = Plan(
        overview=plan_overview(topology, stages),
        sets=tuple(parties.sets[name] for name in sorted(parties.sets)),
        flows=flows,
        ipsec=ipsec,
        records=records,
        zones=plan_zones(topology, records, stages),
        hosts_entries=plan_hosts_entries(records),
        certificates=plan_certificates(topology, stages),
        trust=plan_trust(topology, stages),
        services=services,
        balancer_requirements=plan_balancer_requirements(topology, stages),
        virtual_directories=plan_virtual_directories(topology, stages),
        iis_settings=plan_iis_settings(topology, stages),
        publications=plan_publications(topology, stages),
        proxy_requirements=plan_proxy_requirements(topology, stages),
        availability=plan_availability(topology, stages),
        stages=(),
        steps=plan_steps(topology, stages),
        prerequisites=plan_prerequisites(topology, stages),
        safeguards=plan_safeguards(topology, stages),
        voice=plan_voice(topology, stages),
        qos=plan_qos(topology, stages),
        capacity=plan_capacity(topology, stages),
        bandwidth=plan_bandwidth(topology, stages),
        storage=plan_storage(topology, stages),
        sql_support=plan_sql_support(topology, stages),
    )
    plan = dataclasses.replace(plan, stages=plan_stages(topology, frozenset(item.stage for item in items_of(plan))))
    return dataclasses.replace(plan, citations=cite(topology, items_of(plan)), coverage=coverage_of(topology))
