# SPDX-License-Identifier: GPL-3.0-or-later
"""What an administrator of load balancers relies on."""

from __future__ import annotations

import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.openuc.ocs.plugins.plugin_utils.engine import Design, design
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.load_balancing import Service
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.plan import Plan
from tests import support

POOL = "pool1.corp.contoso.com"


def designed(changes: t.Mapping[str, t.Any], example: str = "lab") -> Design:
    return design(support.changed(support.example(example), changes), support.TODAY)


def plan_of(changes: t.Mapping[str, t.Any], example: str = "lab") -> Plan:
    found = designed(changes, example)
    assert found.plan, [finding.message for finding in found.errors]
    return found.plan


def services(plan: Plan, cluster: str, port: str = "") -> list[Service]:
    return [service for service in plan.services if service.cluster == cluster and port in ("", service.port)]


def test_members_of_a_service_are_servers_with_their_own_addresses() -> None:
    (sip,) = services(plan_of({}), POOL, "5061")
    assert dict(zip(sip.members, sip.addresses, strict=True)) == {
        "fe1.corp.contoso.com": "10.20.0.11",
        "fe2.corp.contoso.com": "10.20.0.12",
    }
    assert (sip.vip, sip.balancer, sip.snat) == ("10.20.0.100", "lb1.corp.contoso.com", ("10.20.0.250",))


def test_ports_of_applications_come_and_go_with_them() -> None:
    ports = {
        service.port
        for service in services(
            plan_of({f"uc_pools/{POOL}/applications": [], "uc_features": ["im_presence"], "uc_clients": {}}), POOL
        )
    }
    assert ports.isdisjoint({"5071", "5072", "5073", "5074"})
    assert "5065" in ports


def test_quality_reports_are_balanced_only_with_a_monitoring_server() -> None:
    assert services(plan_of({}), POOL, "5069")
    assert not services(plan_of({f"uc_pools/{POOL}/monitoring": "~delete"}), POOL, "5069")


def test_dcom_and_conference_control_are_judged_by_sip() -> None:
    checks = {service.port: service.check_port for service in services(plan_of({}), POOL)}
    assert checks["135"] == checks["444"] == "5061"
    assert checks["443"] == "443"


@pytest.mark.parametrize("name", ["lab", "multisite", "ocs2007"])
def test_what_each_server_of_a_pool_answers_for_itself_is_never_balanced(name: str) -> None:
    """Conferences, which clients are led to a certain server for, and media."""
    estate = support.example_design(name).topology.estate
    ports = {int(service.port) for service in plan_of({}, name).services if service.cluster in estate.pools}
    assert 5061 in ports
    assert ports.isdisjoint({5062, 5063, 5064, 8057, 8404})
    assert max(ports) < 49152


def test_media_keeps_the_address_of_the_client() -> None:
    found = [service for service in plan_of({}).services if service.vip_name.endswith(".av") and service.port != "5062"]
    assert {(service.port, service.protocol) for service in found} == {("443", "tcp"), ("3478", "udp")}
    assert {(service.nat, service.snat) for service in found} == {("dnat", ())}
    assert {service.check_port for service in found} == {"443"}


def test_an_edge_balancer_set_to_destination_translation_is_taken_at_its_word() -> None:
    found = services(plan_of({"@lb-out.contoso.com/uc_balancer/nat": "dnat"}), "edge.corp.contoso.com", "5061")
    assert {(service.vip_name, service.nat) for service in found} == {
        ("external.access", "dnat"),
        ("internal.access", "snat"),
    }


def test_an_edge_service_on_another_port_is_balanced_there() -> None:
    plan = plan_of({"uc_edge_pools/edge.corp.contoso.com/external/web_conferencing/port": 444})
    found = [service for service in plan.services if service.vip_name == "external.web_conferencing"]
    assert [service.port for service in found] == ["444"]


def test_web_access_stays_with_its_server_and_answers_on_the_port_of_its_url() -> None:
    site = "uc_web_access/im.corp.contoso.com"
    balanced = {f"{site}/vip": "10.20.0.120", f"{site}/balancer": "lb1.corp.contoso.com"}
    (service,) = services(plan_of(balanced), "im.corp.contoso.com")
    assert (service.port, service.member_port, service.check_port) == ("443", "4443", "4443")
    assert (service.affinity, service.idle_seconds, service.terminate) == ("source", 1800, False)
    (ended,) = services(plan_of({**balanced, f"{site}/terminate": True}), "im.corp.contoso.com")
    assert (ended.affinity, ended.terminate) == ("cookie", True)


def test_an_expanded_pool_may_have_two_devices() -> None:
    plan = plan_of({}, "multisite")
    expanded = next(
        name
        for name, pool in support.example_design("multisite").topology.estate.pools.items()
        if pool.configuration == "expanded"
    )
    web = {service.vip for service in services(plan, expanded) if service.role == "web_components"}
    sip = {service.vip for service in services(plan, expanded) if service.role == "front_end"}
    assert web
    assert sip
    assert web.isdisjoint(sip)
    assert {service.port for service in services(plan, expanded) if service.role == "web_components"} == {"443"}


def test_requirements_are_listed_by_appliance() -> None:
    plan = plan_of({})
    by_balancer = {item.balancer for item in plan.balancer_requirements}
    assert by_balancer == {"lb1.corp.contoso.com", "lb-in.contoso.com", "lb-out.contoso.com"}
    idle = [item for item in plan.balancer_requirements if item.topic == "idle time"]
    assert {item.balancer for item in idle} == {"lb1.corp.contoso.com"}
    never = {port for item in plan.balancer_requirements for port in item.never}
    assert {"5062-5064", "8057", "8404", "50000-59999"} <= never


def test_nothing_is_asked_of_balancers_that_are_not_there() -> None:
    assert plan_of({}, "standard").balancer_requirements == ()
    assert plan_of({}, "standard").services == ()


def test_a_single_front_end_is_balanced_if_the_inventory_says_so() -> None:
    """Optional: both with and without an address for it."""
    away = {"@fe2.corp.contoso.com/uc_pool": "elsewhere"}
    missing = [f.path for f in designed({**away, f"uc_pools/{POOL}/vip": "~delete"}).findings if "balancer" in f.id]
    assert not [path for path in missing if path.endswith("pool1.corp.contoso.com'].vip")]


@given(users=st.integers(min_value=0, max_value=400_000), addresses=st.integers(min_value=0, max_value=6))
def test_one_translated_address_for_every_65000_users(users: int, addresses: int) -> None:
    changes = {
        f"uc_pools/{POOL}/users": users,
        "@lb1.corp.contoso.com/uc_balancer/snat": [f"10.20.0.{200 + number}" for number in range(addresses)],
    }
    reported = any(finding.id == "finding.snat-addresses" for finding in designed(changes).findings)
    assert reported == (addresses < 1 or addresses * 65_000 < users)


def test_tls_that_ends_on_a_balancer_takes_a_certificate_there_and_goes_on_in_the_clear() -> None:
    site = "uc_web_access/im.contoso.com"
    ended = {f"{site}/vip": "10.20.0.120", f"{site}/balancer": "lb1.corp.contoso.com", f"{site}/terminate": True}
    plan = plan_of(ended)
    (service,) = services(plan, "im.contoso.com")
    assert (service.port, service.member_port, service.check_port) == ("443", "80", "80")
    (certificate,) = [found for found in plan.certificates if found.cluster == "im.contoso.com"]
    assert certificate.hosts == ("lb1.corp.contoso.com",)
    assert certificate.subject == "im.contoso.com"
    assert {"as.im.contoso.com", "download.im.contoso.com"} <= {san.name for san in certificate.sans}


def test_lync_edge_servers_are_balanced_by_an_appliance_only_where_they_say_so() -> None:
    assert not [service for service in plan_of({}, "lync2010").services if "edge" in service.role]


@given(pool=st.sampled_from(["enterprise", "standard"]))
def test_an_array_of_directors_of_2007_is_balanced_whatever_its_edition(pool: str) -> None:
    name = "dir.corp.contoso.com"
    directors = {f"dir{n}.corp.contoso.com": {"addresses": f"10.20.0.{10 + n}", "pool": name} for n in (1, 2)}
    inventory = support.inventory_of(
        {
            "director": directors,
            "load_balancer": {
                "lb1.corp.contoso.com": {"balancer": {"interfaces": {"lan": "lan"}, "snat": ["10.20.0.250"]}}
            },
        },
        {
            "product": "ocs2007",
            "sites": {"hq": {}},
            "networks": {"lan": {"cidr": "10.20.0.0/24", "zone": "internal", "kind": "servers"}},
            "pools": {name: {"edition": pool, "role": "director", "vip": "10.20.0.100"}},
        },
    )
    found = [finding for finding in design(inventory, support.TODAY).findings if "balanc" in finding.id]
    assert found == []
