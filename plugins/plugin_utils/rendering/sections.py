# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages that are tables of plan items: which items, which of their fields, in which order."""

from __future__ import annotations

import dataclasses
import typing as t

from ..planning.certificates import San
from ..planning.plan import Plan
from ..topology.model import Topology
from .tables import Cell, comma_separated, markdown, page


@dataclasses.dataclass(frozen=True, slots=True)
class Section:
    """A table of items; `fields` are the names of what is shown of each."""

    heading: str
    items: t.Callable[[Plan], t.Sequence[object]]
    fields: str

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(self.fields.split())


@dataclasses.dataclass(frozen=True, slots=True)
class Page:
    """A page of tables, and a CSV file of its first table where `spreadsheet` says so."""

    name: str
    title: str
    introduction: str
    sections: tuple[Section, ...]
    spreadsheet: bool = False


PAGES: tuple[Page, ...] = (
    Page(
        "overview",
        "Overview",
        "What the estate consists of, and what of it each feature needs.",
        (
            Section("Clusters", lambda plan: plan.overview.clusters, "name kind product site servers"),
            Section(
                "Features",
                lambda plan: plan.overview.features,
                "title clusters applications clients sites why",
            ),
            Section("Clients", lambda plan: plan.overview.clients, "population title count network needs why"),
            Section(
                "Not covered",
                lambda plan: [line for line in plan.coverage if not line.covered],
                "product kind",
            ),
        ),
    ),
    Page(
        "certificates",
        "Certificates",
        "What each certificate must hold, who issues it, which hosts hold it. Names are in the order of the request.",
        (
            Section(
                "Specifications",
                lambda plan: plan.certificates,
                "title cluster hosts shared subject sans eku "
                "issuer key_algorithm key_bits listeners assign_with stage why",
            ),
            Section(
                "Who must be made to trust the private authority",
                lambda plan: plan.trust,
                "population hosts store purpose why",
            ),
        ),
        spreadsheet=True,
    ),
    Page(
        "services",
        "Balanced services",
        "What the load balancers balance. Ports that are not here go to each server directly.",
        (
            Section(
                "Services",
                lambda plan: plan.services,
                "balancer cluster vip port protocol members method affinity idle_seconds check_port snat stage why",
            ),
            Section(
                "What each appliance must be able to do",
                lambda plan: plan.balancer_requirements,
                "balancer appliance topic level requirement clusters why",
            ),
        ),
        spreadsheet=True,
    ),
    Page(
        "publications",
        "Publications",
        "What the reverse proxies publish, and the web directories behind them.",
        (
            Section(
                "Publications",
                lambda plan: plan.publications,
                "proxy name aliases port certificate_names backend "
                "backend_port host_header allowed refused idle_seconds stage why",
            ),
            Section("Requirements", lambda plan: plan.proxy_requirements, "proxy topic level requirement why"),
            Section("Web directories", lambda plan: plan.virtual_directories, "cluster side url path purpose why"),
            Section("IIS settings", lambda plan: plan.iis_settings, "cluster windows setting value level why"),
        ),
    ),
    Page(
        "names",
        "Names",
        "Zones that records stand in, and lines of hosts files where a server has no zone to ask.",
        (
            Section("Zones", lambda plan: plan.zones, "view name server dynamic_update pinpoint stage"),
            Section("Records", lambda plan: plan.records, "view name type values ttl purpose stage replaces why"),
            Section("Hosts files", lambda plan: plan.hosts_entries, "host name addresses stage why"),
        ),
    ),
    Page(
        "ipsec",
        "IPsec exemptions",
        "Traffic that IPsec policy must leave alone.",
        (
            Section(
                "Exemptions",
                lambda plan: plan.ipsec,
                "name subject source source_ports destination ports protocols action authentication why",
            ),
        ),
    ),
    Page(
        "qos",
        "Quality of service",
        "Settings of servers and client populations, with exact port ranges.",
        (
            Section(
                "Classes of service",
                lambda plan: plan.qos.markings,
                "medium dscp_class dscp expected service_type payload_types why",
            ),
            Section(
                "Media port ranges",
                lambda plan: plan.qos.ranges,
                "target medium protocol first last count why",
            ),
            Section(
                "Registry",
                lambda plan: plan.qos.registry,
                "target gpo hive key name type data state restart why",
            ),
            Section("WMI", lambda plan: plan.qos.wmi, "target hosts namespace query property value restart why"),
            Section(
                "Policies",
                lambda plan: plan.qos.policies,
                "target gpo name application protocol match first last dscp why",
            ),
            Section("In band", lambda plan: plan.qos.in_band, "target setting value off location travels why"),
            Section("Packet scheduler", lambda plan: plan.qos.schedulers, "target windows installed why"),
            Section(
                "Network",
                lambda plan: plan.qos.network,
                "firewall ingress egress side protocol ports action dscp media why",
            ),
            Section("Checkpoints", lambda plan: plan.qos.checkpoints, "order target text why"),
        ),
    ),
    Page(
        "capacity",
        "Capacity",
        "Load against documented limits, bandwidth and storage.",
        (
            Section(
                "Load",
                lambda plan: plan.capacity,
                "subject figure load limit unit servers servers_needed verdict formula why",
            ),
            Section(
                "Bandwidth",
                lambda plan: plan.bandwidth,
                "subject client figure sessions each total unit available formula why",
            ),
            Section(
                "Storage",
                lambda plan: plan.storage,
                "subject shape name host holds folder disks amount unit formula reads writes why",
            ),
            Section("SQL Server versions", lambda plan: plan.sql_support, "product sql windows nodes why"),
            Section("Availability", lambda plan: plan.availability, "cluster topic level statement met why"),
        ),
    ),
    Page(
        "voice",
        "Dial plans and routing",
        "How dialled digits become numbers, and which way calls leave.",
        (
            Section(
                "Location profiles",
                lambda plan: plan.voice.location_profiles,
                "name description rules default_of mediation why",
            ),
            Section(
                "Policies",
                lambda plan: plan.voice.policies,
                "name usages simultaneous_ringing is_default why",
            ),
            Section("Users", lambda plan: plan.voice.users, "user location_profile policy why"),
            Section(
                "Routes, in the order they are tried",
                lambda plan: plan.voice.routes,
                "name pattern usages gateways why",
            ),
            Section(
                "Access numbers",
                lambda plan: plan.voice.access_numbers,
                "number display_name pool languages location_profile region why",
            ),
            Section(
                "Exchange UM dial plans",
                lambda plan: plan.voice.um_dial_plans,
                "name location_profile subscriber_access auto_attendant servers why",
            ),
            Section("Rules to keep", lambda plan: plan.voice.rules, "area subject level text seen why"),
            Section("Gateways", lambda plan: plan.voice.gateways, "host kind address mediation port transport why"),
            Section(
                "Mediation Servers",
                lambda plan: plan.voice.mediation,
                "host next_hop listening_address gateway_listening_address transport gateways av_edge media_ports why",
            ),
        ),
    ),
    Page(
        "prerequisites",
        "Prerequisites",
        "What must be there before setup runs, and what protects the servers.",
        (
            Section("Prerequisites", lambda plan: plan.prerequisites, "subject title verify why"),
            Section("Safeguards", lambda plan: plan.safeguards, "types title verify recommended why"),
        ),
    ),
)


def render(_topology: Topology, plan: Plan) -> t.Iterator[tuple[str, str]]:
    """The pages that have something to show."""
    for entry in PAGES:
        tables = [(section, _rows(section, plan)) for section in entry.sections]
        if not any(rows for _section, rows in tables):
            continue
        parts = [f"## {section.heading}\n\n{markdown(_headings(section), rows)}" for section, rows in tables if rows]
        yield f"{entry.name}.md", page(entry.title, entry.introduction, *parts)
        if entry.spreadsheet:
            section, rows = tables[0]
            yield f"{entry.name}.csv", comma_separated(_headings(section), rows)


def _headings(section: Section) -> tuple[str, ...]:
    return tuple(column.replace("_", " ") for column in section.columns)


def _rows(section: Section, plan: Plan) -> list[list[Cell]]:
    columns = section.columns
    return [[cell(getattr(item, column)) for column in columns] for item in section.items(plan)]


def cell(value: object) -> Cell:
    """A field of an item as a cell."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return value if all(isinstance(each, str) for each in value) else tuple([str(cell(each)) for each in value])
    if isinstance(value, San):
        return value.name
    if dataclasses.is_dataclass(value):
        return " ".join(str(getattr(value, field.name)) for field in dataclasses.fields(value))
    return value if isinstance(value, (int, float)) or value is None else str(value)
