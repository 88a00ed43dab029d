# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be set up for voice in the examples."""

from __future__ import annotations

import typing as t

from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue import loader
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.base import Stages
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.voice import plan_voice
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.voice_items import VoicePlan
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.build import read
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.voice import VoiceFigureFact
from tests import support

PROFILE = "Redmond.corp.contoso.com"


def plan_of(name: str, changes: t.Mapping[str, t.Any] | None = None) -> VoicePlan:
    topology, _problems = read(support.changed(support.example(name), changes or {}))
    return plan_voice(topology, Stages(topology.catalogue))


def test_the_mediation_server_of_the_lab() -> None:
    (server,) = plan_of("lab").mediation
    assert server.host == "med1.corp.contoso.com"
    assert server.next_hop == "pool1.corp.contoso.com"
    assert (server.listening_address, server.listening_port) == ("10.20.0.20", 5061)
    assert (server.gateway_listening_address, server.gateway_listening_port) == ("10.22.0.20", 5060)
    assert (server.av_edge_pool, server.av_edge) == ("edge.corp.contoso.com", "av.corp.contoso.com")
    assert server.media_ports == "60000-64000"
    assert server.location_profile == PROFILE
    assert server.settings == {"RemovePlusFromRequestURI": False, "QoSEnabled": False}
    assert server.stage == "voice"


def test_one_card_serves_both_sides() -> None:
    (server,) = plan_of("lab", {"@med1.corp.contoso.com/uc_addresses": "10.20.0.20"}).mediation
    assert server.gateway_listening_address == "10.20.0.20"


def test_a_gateway_is_told_of_its_mediation_server() -> None:
    (gateway,) = plan_of("lab").gateways
    assert (gateway.host, gateway.kind, gateway.address) == ("gw1.corp.contoso.com", "basic", "10.22.0.21")
    assert (gateway.mediation, gateway.mediation_address) == ("med1.corp.contoso.com", "10.22.0.20")
    assert (gateway.port, gateway.transport) == (5060, "tcp")


def test_the_plus_is_removed_before_a_pbx_that_refuses_it() -> None:
    settings = {server.host: server.settings["RemovePlusFromRequestURI"] for server in plan_of("multisite").mediation}
    assert settings == {"med1.corp.contoso.com": False, "med2.corp.contoso.com": True}


def test_profiles_of_pools_and_mediation_servers() -> None:
    found = {profile.name: profile for profile in plan_of("multisite").location_profiles}
    assert found["Seattle"].default_of == ("pool1.corp.contoso.com", "pool2.corp.contoso.com")
    assert found["Seattle"].mediation == ("med1.corp.contoso.com", "med2.corp.contoso.com")
    assert found["Dublin"].default_of == ("se1.emea.contoso.com",)


def test_rules_keep_their_order_and_marks() -> None:
    (profile,) = plan_of("lab").location_profiles
    assert [rule.name for rule in profile.rules][:3] == ["Emergency", "5digitExtension", "7digitcallingRedmond"]
    assert [rule.name for rule in profile.rules if not rule.device] == ["10digitcallingUS"]
    assert "ocs2007r2.voice-figures.rules-without-devices" in profile.why
    assert profile.external_access_prefix == "8"


def test_the_default_policy_is_marked() -> None:
    assert [policy.name for policy in plan_of("lab").policies if policy.is_default] == ["Default Calling Policy"]


def test_a_single_policy_is_the_default() -> None:
    assert [policy.is_default for policy in plan_of("multisite").policies] == [True]


def test_usages_that_are_not_declared_are_those_in_use() -> None:
    assert plan_of("multisite").usages == ("Seattle", "Anywhere")


def test_access_numbers_have_the_region_of_their_profile() -> None:
    found = [(number.number, number.pool, number.region) for number in plan_of("multisite").access_numbers]
    assert found == [
        ("+12065550199", "pool1.corp.contoso.com", "Seattle"),
        ("+35315550199", "se1.emea.contoso.com", "Dublin"),
    ]


def test_a_dial_plan_of_exchange_has_the_profile_of_its_name_and_all_servers() -> None:
    (plan,) = plan_of("lab").um_dial_plans
    assert (plan.name, plan.location_profile, plan.servers) == (PROFILE, PROFILE, ("um1.corp.contoso.com",))


def test_transport_decides_the_port_in_lync() -> None:
    ports = {(gateway.mediation, gateway.transport): gateway.port for gateway in plan_of("lync2010").gateways}
    assert ports[("med1.corp.contoso.com", "tls")] == 5067
    assert ports[("se1.corp.contoso.com", "tcp")] == 5068


def test_what_the_documents_do_not_give_is_left_open() -> None:
    (server, *_others) = plan_of("lync2010").mediation
    assert (server.listening_port, server.media_ports, server.settings) == (0, "", {})


def test_rules_are_seen_or_left_to_people() -> None:
    rules = {rule.id: rule for rule in plan_of("lab").rules}
    assert rules["ocs2007r2.voice.mediation-server"].seen
    assert not rules["ocs2007r2.voice.primary-number"].seen
    assert rules["ocs2007r2.mobile.outside-voice-application"].stage == "mobile"
    assert {rule.area for rule in rules.values()} == {"voice", "dial_plan", "mobile"}


def test_an_estate_without_voice_has_nothing_planned() -> None:
    plan = plan_of("standard")
    assert (plan.location_profiles, plan.policies, plan.routes, plan.mediation, plan.rules) == ((), (), (), (), ())


def test_ids_of_figures_follow_from_their_names() -> None:
    for name in loader.products():
        for fact in loader.load(name).facts(VoiceFigureFact):
            assert fact.id.startswith(f"{name}.voice-figures.")


def test_every_item_says_why() -> None:
    plan = plan_of("lab")
    items = [*plan.location_profiles, *plan.policies, *plan.routes, *plan.gateways, *plan.mediation]
    items += [*plan.access_numbers, *plan.um_dial_plans, *plan.rules]
    assert all(item.why for item in items)
    assert len({item.id for item in items}) == len(items)
