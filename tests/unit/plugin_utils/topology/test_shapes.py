# SPDX-License-Identifier: GPL-3.0-or-later
"""Forms of pools and other clusters."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.build import read
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.model import Topology
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.shapes import candidates, fitting, forms, kind_of
from tests import support

LAB = support.example_design("lab").topology


def ids(facts: t.Iterable[t.Any]) -> list[str]:
    return [fact.id.rpartition(".")[2] for fact in facts]


@pytest.mark.parametrize(
    ("cluster", "form"),
    [
        ("pool1.corp.contoso.com", "enterprise-consolidated"),
        ("dirpool.corp.contoso.com", "director-enterprise"),
        ("edge.corp.contoso.com", "edge-scaled"),
        ("im.contoso.com", "web-access-single"),
        ("arch1.corp.contoso.com", "archiving"),
        ("sql1.corp.contoso.com", "back-end"),
    ],
)
def test_forms_of_the_lab(cluster: str, form: str) -> None:
    assert ids(fitting(LAB, LAB.clusters[cluster])) == [form]


def test_a_cluster_is_judged_by_forms_of_its_kind_only() -> None:
    pool = LAB.clusters["pool1.corp.contoso.com"]
    assert kind_of(pool) == "pool"
    assert ids(forms(LAB, pool)) == ["enterprise-consolidated", "enterprise-expanded", "standard-edition"]
    assert ids(candidates(LAB, pool)) == ["enterprise-consolidated"]


def standard(product: str, **pool: object) -> Topology:
    inventory = support.inventory_of(
        {"standard_edition": {"se1.corp.contoso.com": {"addresses": "10.20.0.11"}}},
        {"product": product, "pools": {"se1.corp.contoso.com": {"edition": "standard", **pool}}},
    )
    return read(inventory)[0]


def test_a_standard_edition_server_carries_its_database() -> None:
    topology = standard("ocs2007r2")
    pool = topology.clusters["se1.corp.contoso.com"]
    assert {"standard-edition", "back-end"} == set(ids(fitting(topology, pool)))
    assert {"front_end", "back_end", "web_components", "application_sharing"} <= set(pool.roles)


def test_a_silent_product_has_no_forms() -> None:
    topology = standard("lync2010")
    assert forms(topology, topology.clusters["se1.corp.contoso.com"]) == ()


@pytest.mark.parametrize("product", ["ocs2007", "ocs2007r2", "lync2010"])
def test_an_edge_server_carries_all_three_services(product: str) -> None:
    addresses = {"internal": "10.30.0.31", "access": "203.0.113.31"}
    inventory = support.inventory_of(
        {"edge": {"edge1.contoso.com": {"addresses": addresses, "pool": "edge.corp.contoso.com"}}},
        {"product": product, "edge_pools": {"edge.corp.contoso.com": {}}},
    )
    edge = read(inventory)[0].clusters["edge.corp.contoso.com"]
    assert {"access_edge", "web_conferencing_edge", "av_edge"} <= set(edge.roles)


def test_three_edge_servers_of_2007_make_one_edge_pool() -> None:
    def server(service: str, number: int) -> dict[str, object]:
        return {"addresses": {"internal": f"10.30.0.{number}", service: f"203.0.113.{number}"}, "pool": "edge.local"}

    inventory = support.inventory_of(
        {
            "access_edge": {"ae1.contoso.com": server("access", 1)},
            "web_conferencing_edge": {"we1.contoso.com": server("web_conferencing", 2)},
            "av_edge": {"av1.contoso.com": server("av", 3)},
        },
        {"product": "ocs2007", "edge_pools": {"edge.local": {}}},
    )
    topology, _found = read(inventory)
    pool = topology.clusters["edge.local"]
    carriers = {role: [server.name for server in members] for role, members in pool.roles.items()}
    assert carriers == {
        "access_edge": ["ae1.contoso.com"],
        "av_edge": ["av1.contoso.com"],
        "web_conferencing_edge": ["we1.contoso.com"],
    }
    assert ids(fitting(topology, pool)) == ["access-edge", "web-conferencing-edge", "av-edge"]
