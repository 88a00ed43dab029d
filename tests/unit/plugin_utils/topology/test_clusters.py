# SPDX-License-Identifier: GPL-3.0-or-later
"""Which servers act as one, and which of them carries which role."""

from __future__ import annotations

import typing as t

from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.build import read
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.clusters import only
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.model import Cluster, Topology
from tests import support


def topology(name: str) -> Topology:
    return support.example_design(name).topology


def carriers(cluster: Cluster, role: str) -> list[str]:
    return [server.name.partition(".")[0] for server in cluster.members(role)]


def test_in_a_consolidated_pool_every_front_end_does_everything() -> None:
    pool = topology("multisite").clusters["pool1.corp.contoso.com"]
    assert pool.kind == "pool"
    for role in ("front_end", "web_components", "web_conferencing", "av_conferencing", "application_sharing"):
        assert carriers(pool, role) == ["fe1", "fe2"]


def test_in_an_expanded_pool_roles_have_servers_of_their_own() -> None:
    pool = topology("multisite").clusters["pool2.corp.contoso.com"]
    assert carriers(pool, "front_end") == ["fe3", "fe4", "fe5", "fe6"]
    assert carriers(pool, "web_components") == ["web1", "web2"]
    assert carriers(pool, "web_conferencing") == ["wc1", "wc2"]
    assert carriers(pool, "av_conferencing") == ["avc1", "avc2"]
    assert carriers(pool, "application_sharing") == ["fe3", "fe4", "fe5", "fe6"]


def test_a_standard_edition_server_is_a_pool_of_one_with_its_own_database() -> None:
    pool = topology("standard").clusters["ocs1.corp.contoso.com"]
    assert pool.pool
    assert pool.pool.edition == "standard"
    assert carriers(pool, "back_end") == carriers(pool, "front_end") == ["ocs1"]


def test_edge_servers_carry_three_services_or_one_each() -> None:
    together = topology("lync2010").clusters["edge.corp.contoso.com"]
    assert carriers(together, "access_edge") == carriers(together, "av_edge") == ["edge1", "edge2"]
    apart = topology("ocs2007").clusters["edge.corp.contoso.com"]
    assert [carriers(apart, role) for role in ("access_edge", "web_conferencing_edge", "av_edge")] == [
        ["access1"],
        ["webconf1"],
        ["av1"],
    ]


def test_stages_follow_what_a_cluster_is() -> None:
    clusters = topology("multisite").clusters
    stages = {
        "pool1.corp.contoso.com": "first_pool",
        "pool2.corp.contoso.com": "further_pools",
        "dirpool.corp.contoso.com": "director",
        "edge.corp.contoso.com": "external_access",
        "arch1.corp.contoso.com": "internal_addons",
        "med1.corp.contoso.com": "voice",
        "dc1.corp.contoso.com": "directory",
        "im.corp.contoso.com": "internal_addons",
        "im.contoso.com": "external_access",
    }
    assert {name: clusters[name].stage for name in stages} == stages


def test_web_access_sites_are_carried_by_servers_that_they_share() -> None:
    clusters = topology("multisite").clusters
    assert clusters["im.contoso.com"].kind == "web_access"
    assert carriers(clusters["im.contoso.com"], "web_access_site") == ["cwa1", "cwa2"]
    assert carriers(clusters["im.northwindtraders.com"], "web_access_site") == ["cwa1", "cwa2"]
    assert clusters["im.contoso.com"].site == "seattle"


def test_the_director_is_known_by_its_role() -> None:
    assert topology("lync2010").clusters["dirpool.corp.contoso.com"].has("director")
    assert not topology("lync2010").clusters["pool1.corp.contoso.com"].has("director")


def collocated(host_groups: t.Sequence[str]) -> Topology:
    groups = {group: {"fe1": {"pool": "pool1", "addresses": "10.0.0.1"}} for group in host_groups}
    groups.setdefault("front_end", {}).update({"fe2": {"pool": "pool1", "addresses": "10.0.0.2"}})
    found, _violations = read(
        support.inventory_of(groups, {"product": "lync2010", "pools": {"pool1": {"edition": "enterprise"}}})
    )
    return found


def test_what_stands_alone_on_a_front_end_is_no_part_of_its_pool() -> None:
    found = collocated(["front_end", "mediation"])
    assert not found.clusters["pool1"].has("mediation")
    assert carriers(found.clusters["fe1"], "mediation") == ["fe1"]
    assert [cluster.name for cluster in found.with_role("mediation")] == ["fe1"]


def test_what_is_clustered_on_a_front_end_is_a_part_of_its_pool() -> None:
    found = collocated(["front_end", "central_management"])
    assert carriers(found.clusters["pool1"], "central_management") == ["fe1"]
    assert "fe1" not in found.clusters


def test_on_a_pool_of_one_everything_is_one_cluster() -> None:
    found = topology("lync2010")
    assert carriers(found.clusters["se1.corp.contoso.com"], "mediation") == ["se1"]
    assert [cluster.name for cluster in found.with_role("mediation")] == [
        "se1.corp.contoso.com",
        "med1.corp.contoso.com",
        "med2.corp.contoso.com",
    ]


def test_one_host_of_two_lone_types_is_one_cluster_of_the_earlier_stage() -> None:
    cluster = topology("standard").clusters["dc1.corp.contoso.com"]
    assert set(cluster.roles) == {"domain_controller", "certification_authority", "dns_server"}
    assert cluster.stage == "directory"


def test_the_only_one() -> None:
    assert (only(["a"]), only([]), only(["a", "b"])) == ("a", "", "")
