# SPDX-License-Identifier: GPL-3.0-or-later
"""Ways between networks: where packets come in, and that there is a way back."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.inputs.network import NetworkInput, NetworkKind, Zone
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.network_map import Crossing, NetworkMap


def network(cidr: str, zone: Zone, kind: NetworkKind = "servers") -> NetworkInput:
    return NetworkInput(cidr=ipaddress.IPv4Network(cidr), zone=zone, kind=kind)


NETWORKS = {
    "internet": network("0.0.0.0/0", "internet"),
    "outside": network("203.0.113.0/24", "perimeter"),
    "inside": network("10.30.0.0/24", "perimeter"),
    "lan": network("10.20.0.0/24", "internal"),
    "clients": network("10.21.0.0/16", "internal"),
    "island": network("10.99.0.0/24", "perimeter"),
}
TWO = {"outer": {"e0": "internet", "e1": "outside"}, "inner": {"e0": "inside", "e1": "lan"}}
ONE = {"only": {"w": "internet", "o": "outside", "i": "inside", "l": "lan"}}


def way(firewalls: dict[str, dict[str, str]], source: str, destination: str) -> list[tuple[str, str, str]] | None:
    found = NetworkMap(NETWORKS, firewalls).path(source, destination)
    return None if found is None else [(c.firewall, c.ingress, c.egress) for c in found]


def test_from_the_internet_to_the_outer_perimeter_there_is_the_outer_firewall() -> None:
    assert way(TWO, "internet", "outside") == [("outer", "e0", "e1")]


def test_clients_reach_the_inner_perimeter_by_way_of_internal_routing() -> None:
    assert way(TWO, "clients", "inside") == [("inner", "e1", "e0")]


def test_no_firewall_joins_the_two_perimeter_networks() -> None:
    assert way(TWO, "outside", "inside") is None
    assert way(TWO, "lan", "island") is None


def test_a_single_firewall_has_a_leg_in_each_network() -> None:
    assert way(ONE, "internet", "outside") == [("only", "w", "o")]
    assert way(ONE, "clients", "inside") == [("only", "l", "i")]


def test_a_packet_comes_in_where_its_own_network_is_attached() -> None:
    forked = {"fw": {"one": "lan", "two": "clients", "dmz": "inside"}}
    assert way(forked, "lan", "inside") == [("fw", "one", "dmz")]
    assert way(forked, "inside", "clients") == [("fw", "dmz", "two")]


def test_sets_of_networks_meet_every_firewall_between_them_once() -> None:
    networks = NetworkMap(NETWORKS, TWO)
    assert networks.between(("lan", "clients", "internet"), ("inside", "outside", "lan")) == (
        Crossing("inner", "e1", "e0"),
        Crossing("outer", "e0", "e1"),
    )


def test_the_internet_is_there_even_if_nobody_declares_it() -> None:
    networks = NetworkMap({"lan": NETWORKS["lan"]}, {})
    assert networks.internet() == ("(internet)",)
    assert networks.zone("(internet)") == "internet"
    assert networks.path("lan", "(internet)") is None


@pytest.mark.parametrize("firewalls", [TWO, ONE])
@given(st.sampled_from(sorted(NETWORKS)), st.sampled_from(sorted(NETWORKS)))
def test_the_way_back_is_the_way_there_turned_round(
    firewalls: dict[str, dict[str, str]], source: str, destination: str
) -> None:
    there, back = way(firewalls, source, destination), way(firewalls, *reversed((source, destination)))
    assert (there is None) == (back is None)
    if there is not None and back is not None:
        assert sorted(there) == sorted((name, egress, ingress) for name, ingress, egress in back)
