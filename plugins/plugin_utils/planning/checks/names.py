# SPDX-License-Identifier: GPL-3.0-or-later
"""Planned records: targets that exist, views that keep their secrets, zones that can be changed."""

from __future__ import annotations

import ipaddress
import typing as t

from ...findings import Violation, violation
from ...schema.problems import join
from ...topology.inputs.edge import EdgePoolInput
from ...topology.model import Topology
from ..dns import Record, ZoneMap
from ..plan import Plan

_NOT_ROUTED = tuple(
    ipaddress.IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
)  # RFC 1918
_MOST_LISTED = 2


def targets(topology: Topology, plan: Plan) -> t.Iterator[Violation]:
    """What an alias or service record points to exists in the same view, as far as the estate's zones go."""
    owned = ZoneMap(topology.estate.dns)
    known = {(record.view, record.name) for record in plan.records if record.type in ("A", "CNAME")}
    for record in plan.records:
        for target in _targets(record):
            ours = owned.zone(target, record.view) not in ("", target) or (record.view, target) in known
            if ours and (record.view, target) not in known:
                yield violation(
                    "finding.record-target-missing",
                    _path(topology, record),
                    value=target,
                    why=record.why,
                    name=record.name,
                    type=record.type,
                    view=record.view,
                )


def _targets(record: Record) -> tuple[str, ...]:
    if record.type not in ("CNAME", "SRV"):
        return ()
    return tuple(value.split()[-1].rstrip(".").lower() for value in record.values)


def _path(topology: Topology, record: Record) -> str:
    """Where a user would change the record: the entry that adds it, or the zones."""
    for index, extra in enumerate(topology.estate.extra_records):
        if (extra.view, extra.name.lower(), extra.type) == (record.view, record.name, record.type):
            return f"uc_extra_records[{index}]"
    return "uc_dns.zones"


def aliases(topology: Topology, plan: Plan) -> t.Iterator[Violation]:
    """An alias is alone at its name."""
    types: dict[tuple[str, str], list[Record]] = {}
    for record in plan.records:
        types.setdefault((record.view, record.name), []).append(record)
    for (view, name), records in types.items():
        aliases_here = [record for record in records if record.type == "CNAME"]
        others = sorted({record.type for record in records if record.type != "CNAME"})
        many = any(len(record.values) > 1 for record in aliases_here)
        if aliases_here and (others or many):
            paths = sorted((_path(topology, record) for record in records), reverse=True)
            yield violation(
                "finding.alias-not-alone",
                paths[0],
                value=name,
                why=aliases_here[0].why,
                view=view,
                others=" and ".join([*others, *(["another alias"] if many else [])]),
            )


def addresses_outside(topology: Topology, plan: Plan) -> t.Iterator[Violation]:
    """The outside is never told an address that it cannot reach."""
    places = _places_of_addresses(topology)
    told: dict[tuple[str, str, str], list[Record]] = {}
    for record in plan.records:
        if record.view == "external" and record.type == "A":
            for value in record.values:
                if _is_inside(topology, _address(value)):
                    extra = _path(topology, record)
                    host, path = ("", extra) if "extra.record" in record.why else places.get(value, ("", extra))
                    told.setdefault((host, path, value), []).append(record)
    for (host, path, value), records in told.items():
        why = tuple(dict.fromkeys(row for record in records for row in record.why))
        names = ", ".join(record.name for record in records)
        yield violation("finding.private-address-outside", path, host=host, value=value, why=why, names=names)


def _address(text: str) -> ipaddress.IPv4Address | None:
    try:
        return ipaddress.IPv4Address(text)
    except ValueError:
        return None


def _is_inside(topology: Topology, address: ipaddress.IPv4Address | None) -> bool:
    if address is None:
        return False
    network = topology.networks.locate(address)
    return topology.networks.zone(network) == "internal" or any(address in private for private in _NOT_ROUTED)


def _places_of_addresses(topology: Topology) -> dict[str, tuple[str, str]]:
    """Where the inventory says the addresses that may be told outside."""
    found: dict[str, tuple[str, str]] = {}
    for server in topology.servers.values():
        for interface in ("access", "web_conferencing", "av", "external"):
            if (address := server.public(interface)) is not None:
                variable = "uc_public" if interface in server.given.public else "uc_addresses"
                found[str(address)] = (server.name, f"{variable}.{interface}")
    for name, edge in topology.estate.edge_pools.items():
        found.update(_places_of_edge(name, edge))
    return found


def _places_of_edge(name: str, edge: EdgePoolInput) -> t.Iterator[tuple[str, tuple[str, str]]]:
    for service in ("access", "web_conferencing", "av"):
        endpoint = getattr(edge.external, service)
        key = "public" if endpoint.public else "vip"
        if endpoint.public or endpoint.vip:
            yield str(endpoint.public or endpoint.vip), ("", f"{join('uc_edge_pools', name)}.external.{service}.{key}")


def names_outside(topology: Topology, plan: Plan) -> t.Iterator[Violation]:
    """The outside is told no name that belongs to the inside."""
    inside, outside = _domains(topology)
    for record in plan.records:
        if record.view != "external":
            continue
        ours, theirs = _longest(record.name, inside), _longest(record.name, outside)
        if len(ours) > len(theirs):
            yield violation(
                "finding.internal-name-outside",
                _place_of_name(topology, record),
                value=record.name,
                why=record.why,
                domain=ours,
            )


def _domains(topology: Topology) -> tuple[frozenset[str], frozenset[str]]:
    """Domains of the inside alone, and those that the outside knows."""
    owned = ZoneMap(topology.estate.dns).owned
    directory = [domain for forest in topology.estate.ad.forests.values() for domain in forest.domains]
    outside = {zone for view, zone in owned if view == "external"} | {
        name.lower() for name in topology.estate.sip_domains
    }
    inside = {zone for view, zone in owned if view == "internal"} | {name.lower() for name in directory}
    return frozenset(inside - outside), frozenset(outside)


def _longest(name: str, domains: frozenset[str]) -> str:
    labels = name.split(".")
    return next((".".join(labels[at:]) for at in range(len(labels)) if ".".join(labels[at:]) in domains), "")


def zones(topology: Topology, plan: Plan) -> t.Iterator[Violation]:
    """Every record has a zone that can be changed, unless all of DNS is somebody else's."""
    if not topology.estate.dns.zones and not topology.estate.dns.pinpoint:
        return
    homeless: dict[str, list[str]] = {}
    for record in plan.records:
        if not record.zone and record.view != "perimeter":
            homeless.setdefault(record.view, []).append(record.name)
    for view, names in homeless.items():
        distinct = tuple(dict.fromkeys(names))
        more = len(distinct) - _MOST_LISTED
        listed = ", ".join(distinct[:_MOST_LISTED]) + (f" and {more} more" if more > 0 else "")
        yield violation("finding.zone-not-owned", "uc_dns.zones", value=listed, count=len(distinct), view=view)


def _place_of_name(topology: Topology, record: Record) -> str:
    for name, pool in topology.estate.pools.items():
        if pool.web_farm.external.lower() == record.name:
            return f"{join('uc_pools', name)}.web_farm.external"
    for name, edge in topology.estate.edge_pools.items():
        for service in ("access", "web_conferencing", "av"):
            if getattr(edge.external, service).name.lower() == record.name:
                return f"{join('uc_edge_pools', name)}.external.{service}"
    for name in topology.estate.web_access:
        if record.name == name.lower() or record.name.endswith("." + name.lower()):
            return join("uc_web_access", name)
    return _path(topology, record)


def strict_names(topology: Topology, plan: Plan) -> t.Iterator[Violation]:
    """A client or partner accepts a target only in the domain that it asked about."""
    domains = {name.lower(): name for name in topology.estate.sip_domains}
    last = {(record.view, record.name): record for record in plan.records if record.type == "SRV"}
    told: set[tuple[str, str]] = set()
    for (view, owner), record in last.items():
        domain = owner.split(".", 2)[-1]
        if domain not in domains or "extra.record" in record.why or (view, domain) in told:
            continue
        for found in _strict(topology, view, domains[domain], record):
            told.add((view, domain))
            yield found


def _strict(topology: Topology, view: str, domain: str, record: Record) -> t.Iterator[Violation]:
    target = _targets(record)[0]
    by_suffix = view == "internal" and topology.estate.sign_in.strict_naming_disabled
    matches = target.endswith("." + domain.lower()) if by_suffix else target.partition(".")[2] == domain.lower()
    if matches:
        return
    if view == "internal":
        finding = "finding.sign-in-name-foreign" if by_suffix else "finding.sign-in-name-not-strict"
        yield violation(finding, "uc_sign_in.target", value=target, why=record.why, domain=domain)
    else:
        path = f"{join('uc_sip_domains', domain)}.federation_name"
        yield violation("finding.srv-target-foreign", path, value=target, why=record.why, domain=domain)


CHECKS = (targets, aliases, addresses_outside, names_outside, zones, strict_names)
