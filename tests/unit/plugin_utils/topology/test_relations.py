# SPDX-License-Identifier: GPL-3.0-or-later
"""Who hands on to whom, and who serves whom."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue.model import CatalogueError
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.build import read
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.model import Cluster, Topology
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.relations import (
    Walks,
    federation_edge,
    media_edge_pool_of,
    related,
    remote_access_edge,
    sign_in_cluster,
)
from tests import support


def topology(name: str, changes: t.Mapping[str, t.Any] | None = None) -> Topology:
    return read(support.changed(support.example(name), changes or {}))[0]


def short(clusters: t.Iterable[Cluster]) -> list[str]:
    return [cluster.name.partition(".")[0] for cluster in clusters]


def walk(found: Topology, name: str, relation: str, role: str) -> list[str]:
    """Both ways of walking a relation, which must agree."""
    cluster = found.clusters[name]
    one = short(related(found, cluster, relation, role))
    assert sorted(short(Walks(found).related(cluster, relation, [role]))) == sorted(one)
    return one


@pytest.mark.parametrize(
    ("start", "relation", "role", "end"),
    [
        ("pool1.corp.contoso.com", "next_hop", "director", ["dirpool"]),
        ("dirpool.corp.contoso.com", "next_hop", "access_edge", ["edge"]),
        ("edge.corp.contoso.com", "next_hop", "director", ["dirpool"]),
        ("dirpool.corp.contoso.com", "~next_hop", "front_end", ["pool1", "pool2", "se1"]),
        ("dirpool.corp.contoso.com", "~next_hop", "access_edge", ["edge", "edge-dub"]),
        ("se1.emea.contoso.com", "edge", "access_edge", ["edge"]),
        ("se1.emea.contoso.com", "media_edge", "av_edge", ["edge-dub"]),
        ("edge-dub.emea.contoso.com", "~media_edge", "av_conferencing", ["se1"]),
        ("edge.corp.contoso.com", "~media_edge", "av_conferencing", ["pool1", "pool2"]),
        ("pool1.corp.contoso.com", "back_end", "back_end", ["sql1"]),
        ("sql1.corp.contoso.com", "~back_end", "front_end", ["pool1"]),
        ("sql1.corp.contoso.com", "~back_end", "director", ["dirpool"]),
        ("se1.emea.contoso.com", "back_end", "back_end", ["se1"]),
        ("arch1.corp.contoso.com", "~archiving", "front_end", ["pool1", "pool2", "se1"]),
        ("se1.emea.contoso.com", "monitoring", "monitoring", ["mon1"]),
        ("med1.corp.contoso.com", "gateways", "media_gateway", ["gw1"]),
        ("gw2.corp.contoso.com", "~gateways", "mediation", ["med2"]),
        ("med2.corp.contoso.com", "next_hop", "front_end", ["pool2"]),
        ("im.contoso.com", "carriers", "web_access", ["cwa1", "cwa2"]),
        ("cwa3.corp.contoso.com", "web_pool", "front_end", ["pool1"]),
        ("se1.emea.contoso.com", "reverse_proxy", "reverse_proxy", ["rp-dub"]),
        ("rp1.contoso.com", "~reverse_proxy", "web_components", ["pool1", "pool2"]),
        ("pool1.corp.contoso.com", "file_server", "file_server", ["fs1"]),
        ("pool1.corp.contoso.com", "same", "front_end", ["pool1"]),
        ("pool1.corp.contoso.com", "same", "director", []),
        ("pool1.corp.contoso.com", "other", "front_end", ["pool2", "se1"]),
        ("pool1.corp.contoso.com", "site", "front_end", ["pool1", "pool2"]),
        ("dirpool.corp.contoso.com", "federation_edge", "access_edge", ["edge"]),
        ("pool1.corp.contoso.com", "federation_edge", "access_edge", []),
    ],
)
def test_relations_of_the_two_sites(start: str, relation: str, role: str, end: list[str]) -> None:
    assert walk(topology("multisite"), start, relation, role) == end


def test_any_is_everyone_with_the_role() -> None:
    found = topology("multisite")
    assert short(related(found, found.clusters["gw1.corp.contoso.com"], "any", "front_end")) == [
        "pool1",
        "pool2",
        "se1",
    ]


def test_group_chat_serves_the_pools_that_it_names() -> None:
    assert walk(topology("lync2010"), "gc1.corp.contoso.com", "associated_pools", "front_end") == ["pool1"]
    assert walk(topology("lync2010"), "pool1.corp.contoso.com", "~associated_pools", "group_chat") == ["gc1", "gc2"]


def test_an_archiving_server_may_name_its_pools_too() -> None:
    found = topology(
        "lync2010",
        {
            "uc_pools/pool1.corp.contoso.com/archiving": "~delete",
            "@arch1.corp.contoso.com/uc_associated_pools": ["pool1.corp.contoso.com"],
        },
    )
    assert walk(found, "pool1.corp.contoso.com", "archiving", "archiving") == ["arch1"]


def test_an_unknown_relation_is_a_fault_of_the_catalogue() -> None:
    found = topology("standard")
    for relation in ("friends", "~friends"):
        with pytest.raises(CatalogueError, match="friends"):
            related(found, found.clusters["ocs1.corp.contoso.com"], relation, "front_end")
        with pytest.raises(CatalogueError, match="friends"):
            Walks(found).related(found.clusters["ocs1.corp.contoso.com"], relation, ["front_end"])


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({}, "dirpool.corp.contoso.com"),
        ({"uc_pools/dirpool.corp.contoso.com/sign_in": False}, "dirpool.corp.contoso.com"),
        ({"uc_pools/pool2.corp.contoso.com/sign_in": True}, "pool2.corp.contoso.com"),
        ({"uc_sign_in": {"pool": "se1.emea.contoso.com"}}, "se1.emea.contoso.com"),
    ],
)
def test_clients_sign_in_where_it_is_said_or_at_the_director(changes: dict[str, t.Any], name: str) -> None:
    found = sign_in_cluster(topology("multisite", changes))
    assert found is not None
    assert found.name == name


def test_without_a_director_clients_sign_in_at_the_first_pool() -> None:
    found = sign_in_cluster(topology("standard"))
    assert found is not None
    assert found.name == "ocs1.corp.contoso.com"
    assert sign_in_cluster(topology("standard", {"uc_pools": {}})) is None


def test_the_only_edge_pool_is_everyones() -> None:
    found = topology("standard")
    only = "edge1.corp.contoso.com"
    assert (remote_access_edge(found, "contoso.com"), federation_edge(found)) == (only, only)
    assert media_edge_pool_of(found, found.clusters["ocs1.corp.contoso.com"]) == only


def test_of_several_edge_pools_the_inventory_says_which() -> None:
    changes = {
        "uc_sip_domains/emea.contoso.com/remote_access": "edge-dub.emea.contoso.com",
        "uc_pools/pool2.corp.contoso.com/edge_pool": "edge-dub.emea.contoso.com",
    }
    found = topology("multisite", changes)
    assert remote_access_edge(found, "emea.contoso.com") == "edge-dub.emea.contoso.com"
    assert remote_access_edge(found, "contoso.com") == "edge.corp.contoso.com"
    assert federation_edge(found) == "edge.corp.contoso.com"
    assert walk(found, "pool2.corp.contoso.com", "edge", "access_edge") == ["edge-dub"]


def test_without_a_next_hop_a_pool_hands_on_to_its_edge_and_the_edge_to_the_first_pool() -> None:
    found = topology("standard")
    assert walk(found, "ocs1.corp.contoso.com", "next_hop", "access_edge") == ["edge1"]
    assert walk(found, "edge1.corp.contoso.com", "next_hop", "front_end") == ["ocs1"]
    assert walk(found, "ocs1.corp.contoso.com", "federation_edge", "access_edge") == ["edge1"]
