# SPDX-License-Identifier: GPL-3.0-or-later
"""What comes in through a reverse proxy, and what does not."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.openuc.ocs.plugins.plugin_utils.engine import design
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.plan import Plan
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.publications import Publication
from tests import support


def plan_of(changes: t.Mapping[str, t.Any], example: str = "lab") -> Plan:
    found = design(support.changed(support.example(example), changes), support.TODAY)
    assert found.plan, [finding.message for finding in found.errors]
    return found.plan


def named(plan: Plan, name: str, port: str = "443") -> Publication:
    return next(found for found in plan.publications if (found.name, found.port) == (name, port))


def test_web_components_are_published_by_external_paths_alone() -> None:
    found = named(plan_of({}), "webext.contoso.com")
    assert (found.proxy, found.address) == ("rp1.contoso.com", "203.0.113.33")
    assert (found.backend, found.backend_addresses, found.backend_port) == (
        "pool1.corp.contoso.com",
        ("10.20.0.100",),
        "443",
    )
    assert "/ABS/Ext/*" in found.allowed
    assert "/Rgs" in found.refused
    assert "/*" not in found.allowed
    assert not any("int" in path.lower().split("/") for path in found.allowed)


@pytest.mark.parametrize("example", ["lab", "standard", "multisite", "departments", "ocs2007", "lync2010"])
def test_a_published_name_leads_to_its_proxy_and_stands_on_a_certificate_of_it(example: str) -> None:
    plan = plan_of({}, example)
    values = {record.name: record.values for record in plan.records if record.view == "external"}
    public = {nat.private: nat.public for flow in plan.flows for nat in flow.nat if nat.kind == "dnat"}
    borne = {(host, name) for spec in plan.certificates for host in spec.hosts for name in spec.names}
    published = [(found, name) for found in plan.publications for name in (found.name, *found.aliases)]
    assert published
    for found, name in published:
        (value,) = values[name]
        assert values.get(value.rstrip("."), (value,)) == (public.get(found.address, found.address),), found.id
        assert not found.certificate_names or (found.proxy, name) in borne, found.id


def test_paths_of_device_updates_follow_the_pool() -> None:
    plan = plan_of({"uc_pools/pool1.corp.contoso.com/device_updates": False})
    found = named(plan, "webext.contoso.com")
    assert not any("Device" in path or "RequestHandler" in path for path in found.allowed)
    assert not any(publication.name.startswith("ucupdates") for publication in plan.publications)


def test_web_access_is_published_with_the_names_of_desktop_sharing() -> None:
    found = named(plan_of({}), "im.contoso.com")
    assert found.aliases == ("as.im.contoso.com", "download.im.contoso.com")
    assert found.certificate_names == ("im.contoso.com", *found.aliases)
    assert (found.idle_seconds, found.host_header, found.backend_port) == (1800, "original", "443")
    assert not any(publication.name == "im.corp.contoso.com" for publication in plan_of({}).publications)


def test_web_access_without_desktop_sharing_needs_no_aliases() -> None:
    assert named(plan_of({"uc_web_access/im.contoso.com/desktop_sharing": False}), "im.contoso.com").aliases == ()


def test_a_web_access_site_is_reached_on_its_own_port_unless_a_balancer_stands_before_it() -> None:
    site = "uc_web_access/im.contoso.com"
    direct = {f"{site}/port": 8443, f"{site}/backend_name": "cwa.corp.contoso.com"}
    found = named(plan_of(direct), "im.contoso.com")
    assert (found.backend, found.backend_port) == ("cwa.corp.contoso.com", "8443")
    balanced = {**direct, f"{site}/vip": "10.20.0.120", f"{site}/balancer": "lb1.corp.contoso.com"}
    found = named(plan_of(balanced), "im.contoso.com")
    assert (found.backend_addresses, found.backend_port) == (("10.20.0.120",), "443")


def test_lync_moves_both_ports_and_keeps_the_name_that_was_asked_for() -> None:
    plan = plan_of({}, "lync2010")
    ports = {(publication.port, publication.backend_port) for publication in plan.publications}
    assert ports == {("443", "4443"), ("80", "8080")}
    assert {publication.host_header for publication in plan.publications} == {"original"}
    names = {publication.name for publication in plan.publications}
    assert {"webext.contoso.com", "meet.contoso.com", "dialin.contoso.com", "lyncdiscover.contoso.com"} <= names
    assert named(plan, "webext.contoso.com", "80").certificate_names == ()


def test_proxy_requirements_name_what_brings_them() -> None:
    found = {item.id.partition("@")[0]: item for item in plan_of({}).proxy_requirements}
    assert found["ocs2007r2.proxy-requirement.web-access-idle"].clusters == ("im.contoso.com",)
    assert found["ocs2007r2.proxy-requirement.perimeter"].clusters == ("pool1.corp.contoso.com",)


def test_without_a_reverse_proxy_nothing_is_published() -> None:
    found = support.inventory_of(
        {"standard_edition": {"ocs1.corp.contoso.com": {"addresses": "10.20.0.11", "pool": "ocs1.corp.contoso.com"}}},
        {
            "sites": {"hq": {}},
            "networks": {"lan": {"cidr": "10.20.0.0/24", "zone": "internal", "kind": "servers"}},
            "ad": {"forests": {"corp": {"kind": "single", "domains": ["corp.contoso.com"]}}},
            "sip_domains": {"contoso.com": {"default": True}},
            "pools": {"ocs1.corp.contoso.com": {"edition": "standard", "web_farm": {"external": "web.contoso.com"}}},
        },
    )
    plan = design(found, support.TODAY).plan
    assert plan is None or plan.publications == ()
