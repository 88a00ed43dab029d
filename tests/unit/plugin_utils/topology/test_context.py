# SPDX-License-Identifier: GPL-3.0-or-later
"""What rows are applied to, what their conditions and placeholders mean there."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue.model import CatalogueError
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.build import read
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.conditions import condition, holds
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.context import Context, Per, contexts
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.model import Topology
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.names import LOOKUPS, fill, look_up
from tests import support


def topology(name: str, changes: t.Mapping[str, t.Any] | None = None) -> Topology:
    return read(support.changed(support.example(name), changes or {}))[0]


def at(name: str, cluster: str = "", changes: t.Mapping[str, t.Any] | None = None, **more: t.Any) -> Context:
    found = topology(name, changes)
    chosen = found.clusters[cluster] if cluster else None
    return Context(found, found.estate.product, cluster=chosen, site=chosen.site if chosen else "", **more)


@pytest.mark.parametrize(
    ("per", "role", "expected"),
    [
        ("estate", "", [("", "", "", "")]),
        ("site", "", [("", "", "", "seattle"), ("", "", "", "dublin")]),
        (
            "sip_domain",
            "",
            [("", "", domain, "") for domain in ("contoso.com", "emea.contoso.com", "northwindtraders.com")],
        ),
        (
            "cluster",
            "access_edge",
            [
                ("edge.corp.contoso.com", "", "", "seattle"),
                ("edge-dub.emea.contoso.com", "", "", "dublin"),
            ],
        ),
        (
            "server",
            "director",
            [
                ("dirpool.corp.contoso.com", "dir1.corp.contoso.com", "", "seattle"),
                ("dirpool.corp.contoso.com", "dir2.corp.contoso.com", "", "seattle"),
            ],
        ),
        (
            "cluster_sip_domain",
            "director",
            [
                ("dirpool.corp.contoso.com", "", domain, "seattle")
                for domain in ("contoso.com", "emea.contoso.com", "northwindtraders.com")
            ],
        ),
    ],
)
def test_rows_are_applied_to(per: Per, role: str, expected: list[tuple[str, str, str, str]]) -> None:
    found = [
        (
            context.cluster.name if context.cluster else "",
            context.server.name if context.server else "",
            context.sip_domain,
            context.site,
        )
        for context in contexts(topology("multisite"), "ocs2007r2", per, role)
    ]
    assert found == expected


def test_rows_of_a_product_concern_its_servers_only() -> None:
    found = topology("multisite", {"uc_pools/se1.emea.contoso.com/product": "ocs2007"})
    old = [context.cluster.name for context in contexts(found, "ocs2007", "cluster", "front_end") if context.cluster]
    new = [context.cluster.name for context in contexts(found, "ocs2007r2", "cluster", "front_end") if context.cluster]
    assert (old, new) == (["se1.emea.contoso.com"], ["pool1.corp.contoso.com", "pool2.corp.contoso.com"])
    assert list(contexts(found, "ocs2007", "estate")) == list(contexts(found, "ocs2007", "site")) == []
    assert list(contexts(found, "ocs2007", "sip_domain")) == []


@pytest.mark.parametrize(
    ("name", "cluster", "true", "false"),
    [
        (
            "multisite",
            "pool1.corp.contoso.com",
            [
                "array",
                "has_vip",
                "edition.enterprise",
                "configuration.consolidated",
                "kind.pool",
                "monitored",
                "archived",
            ],
            ["single", "sign_in", "allow_tcp", "configuration.expanded", "edition.standard", "has_role.director"],
        ),
        (
            "multisite",
            "dirpool.corp.contoso.com",
            ["sign_in", "has_role.director", "several.director"],
            ["monitored", "archived"],
        ),
        (
            "multisite",
            "edge-dub.emea.contoso.com",
            ["single", "nat.av", "kind.edge_pool", "not has_vip", "not remote_users"],
            ["array", "federation_edge", "pool.users", "external_web_farm"],
        ),
        (
            "multisite",
            "edge.corp.contoso.com",
            ["balancing.hardware", "federation_edge", "has_vip", "remote_users"],
            ["nat.av"],
        ),
        ("multisite", "im.contoso.com", ["kind.web_access", "web.external", "web.https", "has_vip"], ["web.internal"]),
        ("lync2010", "pool1.corp.contoso.com", ["balancing.dns", "application.call_park"], ["has_vip"]),
        ("lync2010", "edge.corp.contoso.com", ["balancing.dns", "nat.access", "nat.web_conferencing"], ["has_vip"]),
        ("lync2010", "med1.corp.contoso.com", ["gateway_tls", "single"], ["balancing.hardware", "pool.users"]),
        ("lync2010", "se1.corp.contoso.com", ["not gateway_tls"], ["application.call_park"]),
        ("lync2010", "ns1.corp.contoso.com", ["serves.internal"], ["serves.external"]),
        ("lync2010", "ns-ext.contoso.com", ["serves.external"], ["serves.internal"]),
        (
            "lync2010",
            "",
            [
                "feature.mobile",
                "several_sip_domains",
                "automatic_sign_in",
                "sip_name_target",
                "federation_discovery",
                "federation_av",
                "role.director",
                "type.xmpp_gateway",
                "public_im.aol",
                "partner.ocs2007",
                "unknown_partners.ocs2007r2",
                "product.lync2010",
                "qos",
                "feature.web_access or feature.mobile",
            ],
            [
                "feature.web_access",
                "single",
                "array",
                "has_vip",
                "sign_in",
                "legacy_devices",
                "not feature.mobile",
                "product.ocs2007",
                "has_role.front_end",
                "serves.internal",
                "balancing.dns",
                "not feature.mobile or feature.web_access",
            ],
        ),
    ],
)
def test_conditions(name: str, cluster: str, true: list[str], false: list[str]) -> None:
    context = at(name, cluster)
    assert [word for word in true if not holds([word], context)] == []
    assert [word for word in false if holds([word], context)] == []
    assert holds(true, context)
    assert not holds([*true, false[0]], context)


def test_every_dns_server_answers_everyone_where_no_zones_are_declared() -> None:
    context = at("lync2010", "ns1.corp.contoso.com", {"uc_dns": "~delete"})
    assert holds(["serves.internal", "serves.external"], context)


@pytest.mark.parametrize("word", ["sunny", "weather.sunny", "not sunny", "qos or sunny"])
def test_an_unknown_condition_is_a_fault_of_the_catalogue(word: str) -> None:
    with pytest.raises(CatalogueError, match="sunny"):
        condition(word)


def server(name: str, host: str) -> Context:
    found = topology(name)
    chosen = next(
        (cluster, member) for cluster in found.clusters.values() for member in cluster.servers if member.name == host
    )
    return Context(found, found.estate.product, cluster=chosen[0], server=chosen[1])


@pytest.mark.parametrize(
    ("name", "cluster", "text", "expected"),
    [
        ("multisite", "pool1.corp.contoso.com", "{pool}", ["pool1.corp.contoso.com"]),
        ("multisite", "pool1.corp.contoso.com", "{pool.address}", ["10.20.0.100"]),
        ("multisite", "pool2.corp.contoso.com", "{web_farm.internal}", ["web2int.corp.contoso.com"]),
        ("multisite", "pool2.corp.contoso.com", "{web_farm.internal.address}", ["10.20.0.102"]),
        ("standard", "ocs1.corp.contoso.com", "{web_farm.internal}", ["ocs1.corp.contoso.com"]),
        ("multisite", "pool1.corp.contoso.com", "{web_farm.internal.address}", ["10.20.0.100"]),
        ("multisite", "se1.emea.contoso.com", "{web_farm.internal.address}", ["10.60.0.11"]),
        ("multisite", "se1.emea.contoso.com", "{web_farm.external}", ["webdub.contoso.com"]),
        ("multisite", "se1.emea.contoso.com", "{outside.address}", ["192.0.2.21"]),
        ("multisite", "pool1.corp.contoso.com", "{sign_in}", ["dirpool.corp.contoso.com"]),
        ("multisite", "", "{sign_in.address}", ["10.20.0.110"]),
        ("multisite", "", "a.{sip_domains}.", ["a.contoso.com.", "a.emea.contoso.com.", "a.northwindtraders.com."]),
        ("multisite", "", "{sip_domain.default}", ["contoso.com"]),
        ("multisite", "", "{pool}", []),
        ("multisite", "pool1.corp.contoso.com", "{access.external}", []),
        ("multisite", "edge.corp.contoso.com", "{access.internal}", ["access.corp.contoso.com"]),
        ("multisite", "edge.corp.contoso.com", "{access.internal.address}", ["10.30.0.100"]),
        ("multisite", "edge.corp.contoso.com", "{web_conferencing.internal}", ["edge.corp.contoso.com"]),
        ("multisite", "edge.corp.contoso.com", "{web_conferencing.internal.address}", ["10.30.0.31", "10.30.0.32"]),
        ("multisite", "edge.corp.contoso.com", "{av.external.address}", ["203.0.113.102"]),
        ("multisite", "edge-dub.emea.contoso.com", "{av.external.address}", ["192.0.2.33"]),
        ("multisite", "im.contoso.com", "{pool.address}", ["10.20.0.120"]),
        ("multisite", "im.corp.contoso.com", "{pool.address}", ["10.20.0.65"]),
        ("lync2010", "pool1.corp.contoso.com", "{pool.address}", ["10.20.0.11", "10.20.0.12", "10.20.0.13"]),
        ("lync2010", "pool1.corp.contoso.com", "{members}", [f"fe{n}.corp.contoso.com" for n in (1, 2, 3)]),
        ("lync2010", "edge.corp.contoso.com", "{access.external.address}", ["203.0.113.31", "203.0.113.32"]),
        ("ocs2007", "edge.corp.contoso.com", "{av.internal.address}", ["10.30.0.33"]),
        ("ocs2007", "edge.corp.contoso.com", "{access.external.address}", ["203.0.113.31"]),
    ],
)
def test_placeholders(name: str, cluster: str, text: str, expected: list[str]) -> None:
    found = list(fill(text, at(name, cluster)))
    if text == "{members}":
        found = [member for member in found if member.startswith("fe")]
    assert found == expected


def test_placeholders_of_a_server() -> None:
    assert fill("{server}={server.address}", server("lync2010", "med1.corp.contoso.com")) == (
        "med1.corp.contoso.com=10.20.0.32",
    )


def test_several_placeholders_make_every_combination_once() -> None:
    context = at("lync2010", "edge.corp.contoso.com")
    assert len(fill("{sip_domains} {access.external.address} {sip_domains}", context)) == 2 * 2 * 2


def test_plain_text_stays() -> None:
    assert fill("sip.example.com", at("standard")) == ("sip.example.com",)


def test_an_unknown_placeholder_is_a_fault_of_the_catalogue() -> None:
    with pytest.raises(CatalogueError, match="weather"):
        fill("{weather}", at("standard"))


@pytest.mark.parametrize("name", ["lab", "standard", "multisite", "ocs2007", "lync2010"])
def test_every_placeholder_answers_everywhere(name: str) -> None:
    found = topology(name)
    for cluster in (None, *found.clusters.values()):
        context = Context(found, found.estate.product, cluster=cluster, sip_domain=next(iter(found.estate.sip_domains)))
        for word in LOOKUPS:
            assert all(value for value in look_up(word, context)), word


def test_a_context_of_a_domain_is_the_same_but_for_the_domain() -> None:
    """Each field is copied by name there, so one that is added must be added there too."""
    whole = Context(
        topology("lab"), "ocs2007r2", t.cast("t.Any", "cluster"), t.cast("t.Any", "server"), "old", "site", "people"
    )
    assert all(getattr(whole, field.name) for field in dataclasses.fields(Context))
    assert whole.of_domain("new") == dataclasses.replace(whole, sip_domain="new")
