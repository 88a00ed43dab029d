# SPDX-License-Identifier: GPL-3.0-or-later
"""Loads, and what they come to in servers, bandwidth and storage."""

from __future__ import annotations

import typing as t

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue.model import CatalogueError
from ansible_collections.openuc.ocs.plugins.plugin_utils.engine import design
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.capacity import CapacityLine
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.loads import number
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.measures import Measures
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.plan import Plan
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.context import Context
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.user_model import figure
from tests import support

POOL = "pool1.corp.contoso.com"
QUIET = {"uc_user_model": {"group_chat_users": 1, "voice_users": 1}}


def planned(changes: t.Mapping[str, t.Any], base: str = "lab") -> Plan:
    found = design(support.changed(support.example(base), changes), support.TODAY)
    assert found.plan, [finding.message for finding in found.errors]
    return found.plan


def line(plan: Plan, row: str, subject: str = "") -> CapacityLine:
    (found,) = [
        item
        for item in plan.capacity
        if item.why[0] == f"ocs2007r2.capacity.{row}" and (not subject or item.subject == subject)
    ]
    return found


def test_a_front_end_carries_an_eighth_of_a_full_pool() -> None:
    found = line(planned({f"uc_pools/{POOL}/users": 12501, **QUIET}), "enterprise-pool", POOL)
    assert (found.load, found.limit, found.servers, found.servers_needed) == (12501, 25000, 2, 2)


def test_presence_alone_doubles_what_a_pool_carries() -> None:
    clients = {"hq": {"network": "clients", "products": ["communicator"], "count": 900}}
    found = planned({"uc_features": ["im_presence"], "uc_clients": clients})
    assert line(found, "enterprise-pool-presence").limit == 50000
    assert not [item for item in found.capacity if item.why[0] == "ocs2007r2.capacity.enterprise-pool"]


def test_edge_services_are_loaded_by_the_user_model() -> None:
    plan = planned({})
    assert line(plan, "access-edge").load == 1000
    assert line(plan, "web-conferencing-edge").load == 250
    assert line(plan, "av-edge").load == 125


def test_a_pool_may_know_its_users_better_than_the_site_and_the_estate() -> None:
    changes = {
        "uc_user_model": {"voice_users": 10},
        "uc_sites/redmond/user_model": {"voice_users": 20},
        f"uc_pools/{POOL}/user_model": {"formal_agents": 12},
    }
    plan = planned(changes)
    assert line(plan, "mediation-calls").load == 200  # the Mediation Server's site
    assert line(plan, "gateway-ports").load == 100  # the estate
    assert line(plan, "formal-agents").load == 12
    assert line(plan, "formal-agents").verdict == "within"


def test_a_mediation_server_with_eight_cores_bears_more() -> None:
    assert line(planned({"@med1.corp.contoso.com/uc_cores": 8}), "mediation-calls-quad").limit == 480
    outside = planned({"uc_user_model": {"remote_users": 100, "voice_users": 20}})
    assert line(outside, "mediation-calls-outside").limit == 240


def test_group_chat_counts_associated_pools_and_shows_the_cautious_figure() -> None:
    plan = planned({})
    assert line(plan, "group-chat").verdict == "within"
    assert (line(plan, "group-chat-cautious").servers_needed, line(plan, "group-chat-cautious").finding) == (5, "")
    everyone = planned({"@gc1.corp.contoso.com/uc_associated_pools": []})
    assert line(everyone, "group-chat").load == 10000


def test_web_access_sessions_are_shared_among_servers() -> None:
    changes = {"uc_web_access/im.contoso.com/users": 1500, "uc_web_access/im.corp.contoso.com/users": 500}
    plan = planned(changes)
    assert line(plan, "web-access").load == 2000
    assert line(plan, "web-desktop-sharing").load == 40


def test_what_is_not_said_is_not_judged() -> None:
    plan = planned({})
    assert line(plan, "web-access").verdict == "not_stated"
    assert line(plan, "messages").verdict == "for_information"


def test_a_gateway_of_one_port_is_too_small() -> None:
    plan = planned({"@gw1.corp.contoso.com/uc_gateway_ports": 1})
    assert line(plan, "gateway-size").verdict == "too_little"
    found = design(
        support.changed(support.example("lab"), {"@gw1.corp.contoso.com/uc_gateway_ports": 1}), support.TODAY
    )
    (finding,) = [f for f in found.findings if f.id == "finding.over-model"]
    assert (finding.host, finding.allowed) == ("gw1.corp.contoso.com", "2 to 960 ports")


def test_a_gateway_link_takes_80_kbit_for_each_port() -> None:
    lines = planned({"@gw1.corp.contoso.com/uc_gateway_ports": 240}).bandwidth
    totals = {item.why[0].rpartition(".")[2]: item.total for item in lines if item.subject == "gw1.corp.contoso.com"}
    assert totals["gateway"] == 19200
    assert totals["gateway-without-vad"] == pytest.approx(240 * 25.9 * 1.15, abs=0.1)


def test_the_example_of_the_archive_formula() -> None:
    changes = {
        "uc_pools/ocs1.corp.contoso.com/users": 5000,
        "uc_user_model": {"archive_days": 15, "monitoring_days": 60},
    }
    assert planned(changes, "standard")
    lab = planned({"uc_user_model": {"archive_days": 15}, f"uc_pools/{POOL}/users": 10000})
    sizes = {item.name: item.amount for item in lab.storage if item.shape == "size"}
    assert sizes["Archiving database, with all the days that are kept"] == 10.8  # a fifth of the guide's 54 GB
    assert sizes["LcsCDR, with all the days that are kept"] == pytest.approx(25.2 / 5, abs=0.1)
    assert sizes["RTCab with its log"] == 1.3
    assert sizes["Address Book files"] == 0.5


def test_users_of_sites_stand_in_where_pools_say_nothing() -> None:
    plan = planned({f"uc_pools/{POOL}/users": 0})
    assert line(plan, "mobile-clients").load == 1800  # of the site's 10,000


def test_the_needs_of_each_site_are_added_up() -> None:
    sites = support.example_design("multisite").topology.estate.sites
    changes = {f"uc_sites/{name}/link_kbps": 1 for name in sites}
    found = design(support.changed(support.example("multisite"), changes), support.TODAY)
    narrow = {finding.path: finding.allowed for finding in found.findings if finding.id == "finding.narrow-link"}
    for name, site in sites.items():
        need = 2 * site.users * 0.05 * (0.5 * 45 + 0.35 * 300)
        assert narrow[f"uc_sites.{name}.link_kbps"] == f"at least {number(need)} kbit/s"


def test_other_products_have_no_figures() -> None:
    assert planned({}, "lync2010").capacity == ()
    assert planned({}, "ocs2007").bandwidth == ()


def test_words_nobody_knows_are_faults_of_the_catalogue() -> None:
    topology = support.example_design("lab").topology
    context, measures = Context(topology, "ocs2007r2"), Measures(topology)
    with pytest.raises(CatalogueError, match="no measure"):
        measures.measured("nonsense", context)
    with pytest.raises(CatalogueError, match="user model"):
        figure(context, "nonsense")


@pytest.mark.parametrize(
    "word", ["served_users.archiving", "pool_users", "mediation_users", "web_access_users", "site_users"]
)
def test_there_is_nothing_of_a_cluster_where_there_is_none(word: str) -> None:
    topology = support.example_design("lab").topology
    assert Measures(topology).measured(word, Context(topology, "ocs2007r2")) == 0


@settings(max_examples=15)
@given(st.integers(0, 25000))
def test_never_fewer_servers_than_the_load_asks_for(users: int) -> None:
    found = line(
        planned({f"uc_pools/{POOL}/users": users, **QUIET}),
        "enterprise-pool",
        POOL,
    )
    assert found.servers_needed * 12500 >= users > (found.servers_needed - 1) * 12500


@pytest.mark.parametrize(("value", "text"), [(1.0, "1"), (0.1, "0.1"), (34.82, "34.82"), (100.0, "100"), (0.0, "0")])
def test_numbers_have_no_needless_digits(value: float, text: str) -> None:
    assert number(value) == text
