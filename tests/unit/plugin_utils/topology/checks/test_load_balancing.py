# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings about balancers name the variable that is to be mended."""

from __future__ import annotations

import typing as t

from ansible_collections.openuc.ocs.plugins.plugin_utils.engine import design
from ansible_collections.openuc.ocs.plugins.plugin_utils.findings import Finding
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.balancing import subject_of, vip_of
from tests import support

POOL2 = "uc_pools['pool2.corp.contoso.com']"


def found(example: str, changes: t.Mapping[str, t.Any], finding: str) -> list[Finding]:
    findings = design(support.changed(support.example(example), changes), support.TODAY).findings
    return [one for one in findings if one.id == finding and not one.waived]


def test_web_components_have_an_address_and_a_balancer_of_their_own() -> None:
    changes = {
        "uc_pools/pool2.corp.contoso.com/web_vip": "192.0.2.1",
        "uc_pools/pool2.corp.contoso.com/web_balancer": "lb1.corp.contoso.com",
    }
    assert [one.path for one in found("multisite", changes, "finding.vip-outside-balancer")] == [f"{POOL2}.web_vip"]
    changes["uc_pools/pool2.corp.contoso.com/web_balancer"] = "fe1.corp.contoso.com"
    assert [one.path for one in found("multisite", changes, "finding.no-balancer")] == [f"{POOL2}.web_balancer"]


def test_a_shared_address_is_reported_once() -> None:
    path = "uc_pools/ocs1.corp.contoso.com"
    shared = found("standard", {f"{path}/vip": "10.20.0.99"}, "finding.balancer-unneeded")
    assert [one.path for one in shared] == ["uc_pools['ocs1.corp.contoso.com'].vip"]
    own = {f"{path}/vip": "10.20.0.99", f"{path}/web_vip": "10.20.0.98"}
    paths = [one.path.rpartition(".")[2] for one in found("standard", own, "finding.balancer-unneeded")]
    assert paths == ["vip", "web_vip"]


def test_a_site_of_several_web_access_servers_needs_an_address() -> None:
    site = "uc_web_access['im.contoso.com']"
    changes = {"uc_web_access/im.contoso.com/vip": "~delete"}
    assert [one.path for one in found("multisite", changes, "finding.balancer-missing")] == [f"{site}.vip"]
    changes = {"uc_web_access/im.contoso.com/balancer": "fe1.corp.contoso.com"}
    assert [one.path for one in found("multisite", changes, "finding.no-balancer")] == [f"{site}.balancer"]


def test_an_edge_pool_names_its_balancer_by_side() -> None:
    changes = {"uc_edge_pools/edge.corp.contoso.com/balancer/external": "fe1.corp.contoso.com"}
    paths = [one.path for one in found("lab", changes, "finding.no-balancer")]
    assert paths == ["uc_edge_pools['edge.corp.contoso.com'].balancer.external"]


def test_edge_pools_know_no_dns_balancing_before_lync() -> None:
    changes = {"uc_edge_pools/edge.corp.contoso.com/balancing": "dns"}
    assert [one.value for one in found("lab", changes, "finding.balancing-mode")] == ["dns"]


def test_interfaces_that_are_not_given_are_not_judged() -> None:
    changes = {"@lb1.corp.contoso.com/uc_balancer/interfaces": {}, "uc_pools/pool1.corp.contoso.com/vip": "10.21.0.9"}
    assert found("lab", changes, "finding.vip-outside-balancer") == []


def test_single_servers_have_nothing_to_balance() -> None:
    topology = support.example_design("lab").topology
    alone = topology.clusters["arch1.corp.contoso.com"]
    assert subject_of(alone) is None
    assert [vip_of(alone, name) for name in ("pool", "web", "site", "internal.access")] == [None] * 4


def test_redundancy_of_an_edge_pool_is_reported_at_the_pool() -> None:
    changes = {"uc_high_availability": True, "@edge2.contoso.com/uc_pool": "edge.elsewhere.com"}
    paths = {one.path for one in found("lab", changes, "finding.single-point-of-failure")}
    assert "uc_edge_pools['edge.corp.contoso.com']" in paths
