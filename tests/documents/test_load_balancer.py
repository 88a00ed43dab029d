# SPDX-License-Identifier: GPL-3.0-or-later
"""The printed rules about load balancers, row by row, beside what is planned for the lab."""

from __future__ import annotations

import dataclasses
import functools
import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue import loader
from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue.facts import ErratumFact
from ansible_collections.openuc.ocs.plugins.plugin_utils.engine import design
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.load_balancing import Service, ServiceFact
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.plan import Plan
from tests import support
from tests.documents import printed

Row = dict[str, t.Any]
TABLES: dict[str, t.Any] = yaml.safe_load((Path(__file__).parent / "ocs2007r2" / "load_balancer.yml").read_text())
POOL, DIRECTOR, EDGE = "pool1.corp.contoso.com", "dirpool.corp.contoso.com", "edge.corp.contoso.com"
WEB_ACCESS = ("im.contoso.com", "im.corp.contoso.com")
BALANCED_WEB_ACCESS = {
    "uc_web_access/im.contoso.com/vip": "10.20.0.120",
    "uc_web_access/im.contoso.com/balancer": "lb1.corp.contoso.com",
    "uc_web_access/im.corp.contoso.com/vip": "10.20.0.121",
    "uc_web_access/im.corp.contoso.com/balancer": "lb1.corp.contoso.com",
    "uc_web_access/im.corp.contoso.com/terminate": True,
}
# Printed rows that the plan reads differently, each for a reason that the catalogue gives.
ERRATA = {
    3505: "erratum.balancer-443-services",
    3515: "erratum.balancer-5062-purpose",
    3535: "erratum.stun-over-tcp",
    13373: "erratum.lb-conferencing-servers",
}
# The table of pool ports leaves these to a note below it.
APPLICATION_PORTS = ("erratum.lb-application-ports", {"5071", "5072", "5073", "5074"})


def rows(table: str) -> list[Row]:
    return [row for row in TABLES["rows"] if row["printed_table"] == table]


@functools.cache
def plan() -> Plan:
    found = design(support.changed(support.example("lab"), BALANCED_WEB_ACCESS), support.TODAY)
    assert found.plan, [finding.message for finding in found.errors]
    return found.plan


def listening(services: t.Sequence[Service], cluster: str, side: str = "") -> set[tuple[str, str]]:
    return {
        (service.port, service.protocol)
        for service in services
        if service.cluster == cluster and (not side or service.vip_name.startswith(side))
    }


def printed_ports(component: str, side: str = "") -> set[tuple[str, str]]:
    """Ports of the port table; a 3478 is UDP whatever its cell says (the erratum of line 3535)."""
    return {
        (port, "udp" if port == "3478" else "tcp")
        for row in rows("ports")
        if row["component"] == component and row.get("side", "") == side
        for port in row["port"].split("/")
    }


def differences(services: t.Sequence[Service]) -> list[str]:
    """Where planned services and the tables of ports do not agree."""
    wanted = {
        POOL: printed_ports("Load balancer for Front End Servers"),
        DIRECTOR: printed_ports("Load balancer for Director"),
    }
    found = [name for name, ports in wanted.items() if listening(services, name) != ports]
    found.extend(
        f"{EDGE} {side}"
        for side in ("internal", "external")
        if listening(services, EDGE, side) != printed_ports("Load balancer for Edge Servers", side)
    )
    if {port for port, _p in listening(services, POOL)} - APPLICATION_PORTS[1] != {r["port"] for r in rows("pool_vip")}:
        found.append("pool VIP")
    carried = {
        "SIP": {s.role for s in services if s.cluster == EDGE and (s.vip_name, s.port) == ("external.access", "443")},
        "Web": {s.role for s in services if s.vip_name == "external.web_conferencing" and s.port == "443"},
        "STUN": {s.role for s in services if s.vip_name == "external.av" and s.port == "443"},
        "STUN inside": {s.role for s in services if s.vip_name == "internal.av" and s.port == "443"},
    }
    found.extend(f"443 for {what}" for what, roles in carried.items() if len(roles) != 1)
    found.extend(name for name in WEB_ACCESS if listening(services, name) != {("443", "tcp")})
    return found + [service.id for service in services if not _behaves(service)]


def _behaves(service: Service) -> bool:
    """The rules of running text, for one service."""
    if service.cluster in (POOL, DIRECTOR):
        minutes = next(row["value"] for row in rows("pool_rules") if "idle timeout, minimum minutes" in row["rule"])
        checked = service.check_port in ("5060", "5061") if service.port in ("135", "444") else True
        return (
            service.idle_seconds >= minutes * 60
            and (service.affinity, service.nat, service.method) == ("tcp", "snat", "least_connections")
            and service.idle_reset
            and checked
        )
    if service.cluster in WEB_ACCESS:
        seconds = next(row["value"] for row in rows("web_access_rules") if "idle timeout" in row["rule"])
        affinity = "cookie" if service.terminate else "source"
        return (service.idle_seconds, service.nat, service.affinity) == (seconds, "snat", affinity)
    return service.nat in ("snat", "dnat") and service.vip_name != "internal.web_conferencing"


def test_ports_and_rules_are_those_printed() -> None:
    assert differences(plan().services) == []


def test_every_planned_port_counts() -> None:
    services = plan().services
    for index, service in enumerate(services):
        others = [*services[:index], *services[index + 1 :]]
        assert differences(others), service.id
        assert differences([*others, dataclasses.replace(service, port="4711")]), service.id


def test_every_row_of_the_product_is_compared() -> None:
    planned = {row for service in plan().services for row in service.why}
    known = {row.id for row in loader.load("ocs2007r2").rows("balanced_services")}
    # The site over plain HTTP is not printed; the guide speaks of web access without naming a port.
    assert known - planned == {"ocs2007r2.lb.web-access-http"}


@pytest.mark.parametrize(
    ("deployment", "example", "changes", "path"),
    [
        ("Standard Edition server", "standard", {}, ""),
        (
            "Enterprise Pool with multiple Front End Servers",
            "lab",
            {f"uc_pools/{POOL}/vip": "~delete"},
            f"uc_pools['{POOL}'].vip",
        ),
        (
            "Enterprise pool with single Front End Server",
            "lab",
            {f"uc_pools/{POOL}/vip": "~delete", "@fe2.corp.contoso.com/uc_pool": "other"},
            "",
        ),
        (
            "Array of Directors",
            "lab",
            {f"uc_pools/{DIRECTOR}/vip": "~delete"},
            f"uc_pools['{DIRECTOR}'].vip",
        ),
        (
            "Array of Consolidated Edge Servers",
            "lab",
            {f"uc_edge_pools/{EDGE}/external/access/vip": "~delete"},
            f"uc_edge_pools['{EDGE}'].external.access.vip",
        ),
    ],
)
def test_where_a_balancer_is_required(deployment: str, example: str, changes: dict[str, t.Any], path: str) -> None:
    printed = next(row["value"] for row in rows("requirement") if row["deployment"] == deployment)
    found = design(support.changed(support.example(example), changes), support.TODAY).findings
    missing = [finding.path for finding in found if finding.id == "finding.balancer-missing"]
    assert printed.startswith("Required") == bool(missing)
    assert missing == ([path] if path else [])


def test_translated_addresses_for_the_printed_example() -> None:
    """100,000 users take two addresses."""
    rule = next(row["value"] for row in rows("pool_rules") if "100000 users" in row["rule"])
    for count, expected in ((rule - 1, True), (rule, False)):
        changes = {
            f"uc_pools/{POOL}/users": 100000,
            "@lb1.corp.contoso.com/uc_balancer/snat": [f"10.20.0.{number}" for number in range(240, 240 + count)],
        }
        found = design(support.changed(support.example("lab"), changes), support.TODAY).findings
        assert any(finding.id == "finding.snat-addresses" for finding in found) is expected


def test_differences_are_explained() -> None:
    known = {fact.id for fact in loader.load("ocs2007r2").facts(ErratumFact)}
    assert {*ERRATA.values(), APPLICATION_PORTS[0]} <= known
    marked = {
        row["line"] for row in TABLES["rows"] if row["printed_table"] == "ports" and "side" in row and "note" in row
    }
    assert marked == {line for line in ERRATA if line < 4000}


NEVER = {"5062", "5063", "5064", "8057", "8404"}


@pytest.mark.parametrize("example", ["lab", "multisite", "standard", "ocs2007", "lync2010"])
def test_conferencing_and_media_ports_are_never_balanced_in_pools(example: str) -> None:
    found = support.example_design(example).plan
    assert found
    for service in found.services:
        if service.vip_name in ("pool", "web"):
            assert service.port not in NEVER
            assert int(service.port.partition("-")[0]) < 49152
        assert service.vip_name != "internal.web_conferencing"
        assert service.affinity != "cookie" or service.terminate


def test_lync_pools_carry_the_ports_of_the_poster() -> None:
    """With DNS balancing the web ports alone; 8080 is erratum.lb-lync-8080."""
    poster = yaml.safe_load((Path(__file__).parent / "lync2010" / "ports.yml").read_text())
    printed = {str(row["port"]): row.get("condition") for row in poster["rows"] if row["section"] == "load_balancer"}
    hardware = {
        f"uc_pools/{POOL}/balancing": "hardware",
        f"uc_pools/{POOL}/vip": "10.20.0.100",
    }
    for changes, expected in (({}, {"443", "4443"}), (hardware, set(printed))):
        found = design(support.changed(support.example("lync2010"), changes), support.TODAY)
        assert found.plan, [finding.message for finding in found.errors]
        carried = {service.port for service in found.plan.services if service.cluster == POOL}
        assert carried - {"8080"} == expected
    assert "erratum.lb-lync-8080" in {fact.id for fact in loader.load("lync2010").facts(ErratumFact)}


@pytest.mark.parametrize("product", ["ocs2007", "ocs2007r2"])
def test_behind_a_balancer_that_ends_tls_a_site_listens_where_it_does_without_tls(product: str) -> None:
    (plain,) = [
        row
        for row in printed.rows("ocs2007r2/ports")
        if row["component"] == "Communicator Web Access server" and row["protocol"] == "HTTP"
    ]
    ending = [fact for fact in loader.load(product).facts(ServiceFact) if fact.terminate]
    assert [fact.member_port for fact in ending] == [int(plain["port"])]
