# SPDX-License-Identifier: GPL-3.0-or-later
"""What each host is to find on the wire: whose certificate, with which names, and what it shows of its own."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.openuc.ocs.plugins.plugin_utils.engine import Design, design
from ansible_collections.openuc.ocs.plugins.plugin_utils.verification.certificates import checks_of
from tests import support

ROW = "ocs2007r2.certificate."
POOL = f"{ROW}enterprise-consolidated@pool1.corp.contoso.com"
FRONT_ENDS = {"fe1.corp.contoso.com": "10.20.0.11", "fe2.corp.contoso.com": "10.20.0.12"}
Checks = dict[str, dict[str, t.Any]]


def checks(planned: Design, host: str) -> Checks:
    """By address and port that a host looks at."""
    assert planned.plan is not None
    listed = dict(checks_of(planned.topology, planned.plan))[host]
    found = {f"{check['address']}:{check['port']}": check for check in listed}
    assert len(found) == len(listed)
    return found


@pytest.fixture(scope="module")
def lab() -> Design:
    return support.example_design("lab")


def test_a_front_end_expects_the_names_of_the_edge_it_connects_to_and_shows_its_own(lab: Design):
    found = checks(lab, "fe1.corp.contoso.com")["10.30.0.32:8057"]
    assert found["certificates"] == [f"{ROW}edge-internal@edge.corp.contoso.com:edge2.contoso.com"]
    assert set(found["names"]) == {"access.corp.contoso.com", "av.corp.contoso.com", "edge2.contoso.com"}
    assert (found["eku"], found["client"], found["revocation"]) == (["server"], POOL, True)
    assert found["source_address"] == "10.20.0.11"


def test_behind_a_virtual_address_any_member_may_show_its_own(lab: Design):
    """A client outside reaches either Edge, of which each has a certificate for the same names."""
    found = checks(lab, "world1.example.net")["203.0.113.100:443"]
    edges = [f"{ROW}edge-access@edge.corp.contoso.com:edge{number}.contoso.com" for number in (1, 2)]
    assert found["certificates"] == edges
    assert found["names"] == ["sip.contoso.com"]
    assert "client" not in found
    assert "same_key" not in found


def test_each_member_of_a_pool_shows_the_key_of_the_pool(lab: Design):
    """A member that the balancer leads to looks at itself, so that none is left out."""
    for host, address in FRONT_ENDS.items():
        found = checks(lab, host)
        assert {found[f"{address}:{port}"]["same_key"] for port in (443, 444, 5061, 5069)} == {POOL}
        assert found["10.20.0.100:5061"]["same_key"] == POOL


def test_an_edge_shows_itself_what_it_shows_partners(lab: Design):
    """Inside and outside have certificates of different authorities, and each is judged by those of its own side."""
    found = checks(lab, "edge1.contoso.com")
    assert found["203.0.113.31:5061"]["client"] == f"{ROW}edge-access@edge.corp.contoso.com:edge1.contoso.com"
    assert found["10.30.0.31:5061"]["client"] == f"{ROW}edge-internal@edge.corp.contoso.com:edge1.contoso.com"


def test_who_has_no_certificate_is_not_sent_to_servers_that_want_one(lab: Design):
    """The partner's Edge has one, which is not of this plan."""
    assert lab.plan is not None
    assert checks(lab, "edge.fabrikam.com") == {}
    mutual = {port for flow in lab.plan.flows if flow.tls == "mtls" for port in flow.ports}
    plain = {port for flow in lab.plan.flows if flow.tls == "tls" for port in flow.ports}
    ports = {key.rpartition(":")[2] for key in checks(lab, "client1.corp.contoso.com")}
    assert not ports & (mutual - plain)


def test_every_mutual_flow_that_ends_at_a_listener_with_a_certificate_is_seen_from_its_opener(lab: Design):
    assert lab.plan is not None
    sets = {item.name: item for item in lab.plan.sets}
    listed = dict(checks_of(lab.topology, lab.plan))
    holders = {host for spec in lab.plan.certificates if "mtls" in spec.uses for host in spec.hosts}
    lacking = [
        f"{member.host} > {goal.address}:{port}"
        for flow in lab.plan.flows
        if flow.tls == "mtls"
        for member in sets[flow.source].members
        if member.host in holders & listed.keys()
        for goal in sets[flow.destination].members
        for port in flow.ports
        if not any(c["address"] == goal.address and str(c["port"]) == port for c in listed[member.host])
    ]
    assert lacking == []


def test_nothing_is_expected_before_the_certificate_is_there(lab: Design):
    """The stage of a check is the later one of its flow and its certificate."""
    assert lab.plan is not None
    stages = [item.stage for item in lab.plan.stages]
    planned = {spec.id: stages.index(spec.stage) for spec in lab.plan.certificates}
    for _host, listed in checks_of(lab.topology, lab.plan):
        for check in listed:
            assert stages.index(check["stage"]) >= max(planned[name] for name in check["certificates"])


def test_xmpp_begins_without_tls():
    changes = {
        "@seen.example.net/groups": ["vantage"],
        "@seen.example.net/uc_vantage": "internet",
        "@seen.example.net/uc_addresses": "198.51.100.77",
    }
    estate = design(support.changed(support.example("multisite"), changes), support.TODAY)
    found = [check for check in checks(estate, "seen.example.net").values() if "starttls" in check]
    assert [(check["starttls"], check["certificates"]) for check in found] == [
        ("xmpp", [f"{ROW}xmpp-outside@xmpp1.contoso.com"])
    ]
