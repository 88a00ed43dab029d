# SPDX-License-Identifier: GPL-3.0-or-later
"""IPsec exemptions follow what the inventory says of IPsec, of servers and of clients."""

from __future__ import annotations

import typing as t

from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.base import Stages
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.ipsec import IpsecExemption, plan_ipsec
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.parties import Parties
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.build import read
from tests import support


def planned(changes: t.Mapping[str, t.Any]) -> dict[str, IpsecExemption]:
    topology, _found = read(support.changed(support.example("lab"), changes))
    return {item.id: item for item in plan_ipsec(topology, Stages(topology.catalogue), Parties(topology))}


def test_without_ipsec_nothing_is_exempt() -> None:
    assert planned({"uc_ipsec/deployed": False}) == {}


def test_clients_are_exempt_on_the_range_that_they_are_confined_to() -> None:
    found = planned({"uc_clients/hq/media_ports": "40000-40100"})
    assert found["ocs2007r2.ipsec.clients@hq"].source_ports == "40000-40100"
    assert found["ocs2007r2.ipsec.clients@phones"].source_ports == "1024-65535"


def test_a_population_without_a_network_is_left_to_the_findings() -> None:
    assert "ocs2007r2.ipsec.clients@hq" not in planned({"uc_clients/hq/network": "nowhere"})


def test_pools_without_the_attendant_are_not_exempt_for_it() -> None:
    found = planned({"uc_pools/pool1.corp.contoso.com/applications": []})
    assert not [name for name in found if "attendant" in name]
    assert "ocs2007r2.ipsec.av-conferencing-inbound@pool1.corp.contoso.com" in found


def test_a_server_without_the_address_is_not_exempt_on_it() -> None:
    found = planned({"@um1.corp.contoso.com/uc_addresses": {}})
    assert not [name for name in found if "exchange" in name]
