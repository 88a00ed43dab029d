# SPDX-License-Identifier: GPL-3.0-or-later
"""The estate in lines: clusters, features, clients."""

from __future__ import annotations

import pytest

from ansible_collections.openuc.ocs.plugins.plugin_utils.engine import design
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.features import Overview
from tests import support


@pytest.fixture(scope="module")
def overview() -> Overview:
    plan = support.example_design("lab").plan
    assert plan is not None
    return plan.overview


def test_a_pool_tells_its_form_and_who_carries_what(overview: Overview) -> None:
    pool = next(line for line in overview.clusters if line.name == "pool1.corp.contoso.com")
    assert pool.servers == ("fe1.corp.contoso.com", "fe2.corp.contoso.com")
    assert pool.roles["web_components"] == pool.servers
    assert pool.companions == {"front_end": ()}
    assert "ocs2007r2.topology.enterprise-consolidated" in pool.why
    assert "ocs2007r2.composition.front-end-consolidated" in pool.why
    assert "ocs2007r2.composition.front-end-expanded" not in pool.why


def test_every_cluster_has_a_line(overview: Overview) -> None:
    topology = support.example_design("lab").topology
    assert [line.name for line in overview.clusters] == list(topology.clusters)


def test_a_feature_names_its_servers_and_its_stage(overview: Overview) -> None:
    voice = next(line for line in overview.features if line.feature == "enterprise_voice")
    assert voice.stage == "voice"
    assert voice.roles == ("av_edge", "mediation", "media_gateway")
    assert voice.clusters == ("edge.corp.contoso.com", "med1.corp.contoso.com", "gw1.corp.contoso.com")
    assert voice.clients == ("communicator", "phone_edition")
    assert voice.sites == ("redmond",)


def test_what_a_person_sets_in_the_product_is_listed(overview: Overview) -> None:
    records = next(line for line in overview.features if line.feature == "call_detail_records")
    assert records.settings == ("call detail records are enabled in the global settings",)


def test_features_stand_in_the_inventorys_order(overview: Overview) -> None:
    assert [line.feature for line in overview.features] == list(support.example_design("lab").topology.estate.features)


def test_a_client_tells_what_its_computer_needs(overview: Overview) -> None:
    attendant = next(line for line in overview.clients if line.id == "client:hq:attendant")
    assert (attendant.release, attendant.network, attendant.count) == ("ocs2007r2", "clients", 900)
    assert "display of 1024x768, better 1280x1024" in attendant.needs
    assert attendant.why == ("ocs2007r2.client.attendant",)


def test_a_feature_that_the_documents_do_not_map_still_has_its_line() -> None:
    inventory = support.inventory_of(
        {"standard_edition": {"se1.corp.contoso.com": {"addresses": "10.20.0.11"}}},
        {
            "product": "lync2010",
            "features": ["im_presence"],
            "pools": {"se1.corp.contoso.com": {"edition": "standard"}},
        },
    )
    plan = design(inventory, support.TODAY).plan
    assert plan is not None
    (line,) = plan.overview.features
    assert (line.why, line.roles) == (("feature.im_presence",), ())
