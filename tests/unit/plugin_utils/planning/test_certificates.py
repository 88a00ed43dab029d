# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import itertools
import typing as t

import pytest

from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.base import Stages
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.certificate_trust import plan_trust
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.certificates import (
    CertificateSpec,
    key_of,
    plan_certificates,
)
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.flows import FlowFact
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.plan import Plan
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.build import read
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.model import Topology
from ansible_collections.openuc.ocs.plugins.plugin_utils.verification.shown import Shown
from tests import support

EXAMPLES = ("lab", "standard", "multisite", "ocs2007", "lync2010")


def topology_of(example: str, **changes: t.Any) -> Topology:
    raw = support.changed(support.example(example), {path.replace("__", "/"): value for path, value in changes.items()})
    topology, problems = read(raw)
    assert problems == []
    return topology


def planned(example: str = "lab", **changes: t.Any) -> dict[str, CertificateSpec]:
    topology = topology_of(example, **changes)
    return {
        spec.id.partition(".certificate.")[2]: spec for spec in plan_certificates(topology, Stages(topology.catalogue))
    }


def design_of(example: str) -> tuple[Topology, Plan]:
    found = support.example_design(example)
    assert found.plan is not None
    return found.topology, found.plan


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_name_that_leads_to_a_listener_stands_on_its_certificate(example: str) -> None:
    _topology, plan = design_of(example)
    shown: dict[str, set[str]] = {}
    for spec in plan.certificates:
        for listener in spec.listeners:
            shown.setdefault(f"{listener}@{spec.cluster}", set()).update(spec.names)
    reached = [(record.name, listener) for record in plan.records for listener in record.reaches if listener in shown]
    assert reached
    assert [(name, listener) for name, listener in reached if name not in shown[listener]] == []


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_tls_listener_shows_a_certificate(example: str) -> None:
    topology, plan = design_of(example)
    facts = {fact.id: fact for catalogue in topology.catalogues.values() for fact in catalogue.facts(FlowFact)}
    shown = {(listener.partition(":")[0], spec.cluster) for spec in plan.certificates for listener in spec.listeners}
    services = {service.id: service for service in plan.services}
    sets = {found.name: found for found in plan.sets}
    missing = set()
    for flow in plan.flows:
        fact = facts.get(flow.why[0])
        if not flow.tls or fact is None:
            continue
        for role in fact.listener.partition(":")[0].split("|"):
            hosts = {member.host for member in sets[flow.destination].members}
            clusters = (
                [services[flow.service].cluster]
                if flow.service
                else [
                    cluster.name
                    for cluster in topology.with_role(role)
                    if hosts & {server.name for server in cluster.members(role)}
                ]
            )
            # A server may carry sites with TLS and without.
            plain = {name for name, web in topology.estate.web_access.items() if web.scheme == "http"}
            carriers = {cluster.name for cluster in topology.with_role(role)} - plain
            missing |= {(role, name) for name in clusters if name in carriers and (role, name) not in shown}
    # The certificate of a trunk is its provider's.
    assert {(role, name) for role, name in missing if role != "sip_trunk"} == set()


@pytest.mark.parametrize("example", EXAMPLES)
def test_a_name_of_every_certificate_that_is_shown_resolves_where_whoever_connects_stands(example: str) -> None:
    """By a planned record, or since it is a server's own name, which the domain registers."""
    topology, plan = design_of(example)
    views = {"internal": "internal", "perimeter": "perimeter", "internet": "external"}
    known = {(record.view, record.name) for record in plan.records}
    sets, shown = {found.name: found for found in plan.sets}, Shown(plan)
    looked, lost = 0, set()
    for flow in plan.flows:
        if not flow.tls or flow.leg == "to_member":
            continue
        zones = {topology.estate.networks[name].zone for name in sets[flow.source].networks} or {"internet"}
        for zone, member in itertools.product(zones, sets[flow.destination].members):
            for spec in shown.at(flow, member.host):
                looked += 1
                if not any((views[zone], name) in known or name in topology.servers for name in spec.names):
                    lost.add((flow.id, zone, spec.id))
    assert looked
    assert lost == set()


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_server_that_opens_mutual_tls_has_a_certificate_to_show(example: str) -> None:
    topology, plan = design_of(example)
    holders = {host for spec in plan.certificates for host in spec.hosts}
    sets = {found.name: found for found in plan.sets}
    openers = {
        member.host
        for flow in plan.flows
        if flow.tls == "mtls"
        for member in sets[flow.source].members
        if member.host in topology.servers
    }
    assert openers
    assert openers - holders == set()


def test_the_media_key_is_of_its_own_and_of_the_whole_array() -> None:
    specs = planned()
    media = specs["av-authentication@edge.corp.contoso.com"]
    assert (media.shared, media.own_key, media.hosts) == (
        "edge_array",
        True,
        ("edge1.contoso.com", "edge2.contoso.com"),
    )
    assert [spec.id for spec in specs.values() if spec.own_key] == [media.id]


def test_the_inside_of_scaled_edges_holds_the_names_of_all_three_services() -> None:
    spec = planned()["edge-internal@edge.corp.contoso.com:edge2.contoso.com"]
    assert [(san.name, san.derived) for san in spec.sans] == [
        ("access.corp.contoso.com", False),
        ("av.corp.contoso.com", True),
        ("edge2.contoso.com", True),
    ]
    assert not spec.auto_enrolment


def test_aliases_of_web_access_are_added_as_derived_names() -> None:
    spec = planned()["web-access-site-internal@im.corp.contoso.com"]
    assert [san.name for san in spec.sans if san.derived] == ["as.im.corp.contoso.com", "download.im.corp.contoso.com"]


def test_extra_names_go_to_the_certificates_they_name() -> None:
    extra = [{"certificate": "pool1.corp.contoso.com", "name": "Old.contoso.com", "reason": "An old name"}]
    specs = planned(uc_extra_sans=extra)
    holding = [name for name, spec in specs.items() if "old.contoso.com" in spec.names]
    assert holding == ["enterprise-consolidated@pool1.corp.contoso.com"]
    assert specs[holding[0]].sans[-1].why == ("extra.certificate-name",)


def test_issuers_follow_the_policy() -> None:
    specs = planned(
        uc_certificates={"internal_ca": "standalone", "edge_external_ca": "private", "av_authentication_ca": "public"}
    )
    kinds = {name.partition("@")[0]: (spec.issuer, spec.issuer_kind) for name, spec in specs.items()}
    assert kinds["enterprise-consolidated"] == ("internal", "standalone")
    assert kinds["edge-access"] == ("internal", "standalone")
    assert kinds["av-authentication"] == ("public", "public")
    assert {spec.issuer for spec in planned(uc_certificates={"internal_ca": "public"}).values()} == {"public"}


def test_only_an_enterprise_authority_enrols_by_itself() -> None:
    pool = "enterprise-consolidated@pool1.corp.contoso.com"
    assert planned()[pool].auto_enrolment
    assert not planned(uc_certificates={"internal_ca": "standalone"})[pool].auto_enrolment


def test_gateways_need_a_certificate_only_where_they_speak_tls() -> None:
    assert "media-gateway@gw1.corp.contoso.com" not in planned()
    changes = {"uc_mediation__med1.corp.contoso.com__transport": "tls"}
    assert planned(**changes)["media-gateway@gw1.corp.contoso.com"].subject == "gw1.corp.contoso.com"


@pytest.mark.parametrize(("text", "key"), [("rsa2048", ("rsa", 2048)), ("rsa", None), ("2048", None), ("", None)])
def test_keys_are_an_algorithm_and_bits(text: str, key: tuple[str, int] | None) -> None:
    assert key_of(text) == key


def test_nobody_must_be_made_to_trust_a_public_authority() -> None:
    topology = topology_of("lab")
    trust = plan_trust(topology, Stages(topology.catalogue))
    assert {entry.population for entry in trust if entry.population} >= {"hq", "phones"}
    assert {host for entry in trust for host in entry.hosts} >= {"cwa1.corp.contoso.com", "gc1.corp.contoso.com"}
    topology = topology_of("lab", uc_certificates={"internal_ca": "public"})
    assert plan_trust(topology, Stages(topology.catalogue)) == ()
