# SPDX-License-Identifier: GPL-3.0-or-later
"""Which network an address is in, and which firewalls a packet crosses."""

from __future__ import annotations

import ipaddress
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.inputs.network import NetworkInput, Zone
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.network_map import Crossing, NetworkMap

NETWORKS: dict[str, tuple[str, Zone]] = {
    "world": ("198.51.100.0/24", "internet"),
    "out": ("203.0.113.0/24", "perimeter"),
    "in": ("10.30.0.0/24", "perimeter"),
    "lan": ("10.20.0.0/16", "internal"),
    "clients": ("10.21.0.0/16", "internal"),
    "servers": ("10.20.5.0/24", "internal"),
    "branch_dmz": ("10.60.0.0/24", "perimeter"),
    "branch": ("10.61.0.0/24", "internal"),
}
TWO_FIREWALLS = {"fw-ext": {"e0": "world", "e1": "out"}, "fw-int": {"e0": "in", "e1": "lan"}}
THREE_LEGS = {"fw-branch": {"wan": "world", "dmz": "branch_dmz", "lan": "branch"}}


def network_map(firewalls: t.Mapping[str, t.Mapping[str, str]]) -> NetworkMap:
    networks = {
        name: NetworkInput(cidr=ipaddress.IPv4Network(cidr), zone=zone, kind="servers")
        for name, (cidr, zone) in NETWORKS.items()
    }
    return NetworkMap(networks, firewalls)


@pytest.mark.parametrize(
    ("address", "network"),
    [("10.20.5.9", "servers"), ("10.20.6.9", "lan"), ("203.0.113.1", "out"), ("8.8.8.8", ""), ("0.0.0.0", "")],
)
def test_an_address_is_in_the_smallest_network_that_holds_it(address: str, network: str) -> None:
    assert network_map({}).locate(ipaddress.IPv4Address(address)) == network


@given(st.ip_addresses(v=4))
def test_locating_agrees_with_the_networks_themselves(address: ipaddress.IPv4Address) -> None:
    found = network_map({}).locate(address)
    holding = {name: net for name, (cidr, _z) in NETWORKS.items() if address in (net := ipaddress.ip_network(cidr))}
    assert found == max(holding, key=lambda name: holding[name].prefixlen, default="")


def test_internal_networks_are_joined_by_routers() -> None:
    assert network_map(TWO_FIREWALLS).path("clients", "servers") == ()


def test_each_perimeter_network_has_its_own_firewall() -> None:
    found = network_map(TWO_FIREWALLS)
    assert found.path("world", "out") == (Crossing("fw-ext", "e0", "e1"),)
    assert found.path("clients", "in") == (Crossing("fw-int", "e1", "e0"),)
    assert found.path("in", "clients") == (Crossing("fw-int", "e0", "e1"),)


def test_two_perimeter_networks_that_nothing_joins_have_no_way_between_them() -> None:
    assert network_map(TWO_FIREWALLS).path("out", "in") is None


def test_one_firewall_with_three_legs_is_crossed_once() -> None:
    found = network_map(THREE_LEGS)
    assert found.path("world", "branch_dmz") == (Crossing("fw-branch", "wan", "dmz"),)
    assert found.path("branch_dmz", "clients") == (Crossing("fw-branch", "dmz", "lan"),)


def test_firewalls_side_by_side_are_both_crossed() -> None:
    pair = {"a": {"o": "world", "i": "out"}, "b": {"o": "world", "i": "out"}}
    assert network_map(pair).path("world", "out") == (Crossing("a", "o", "i"), Crossing("b", "o", "i"))


def test_a_chain_of_firewalls_is_crossed_in_order() -> None:
    chain = {"one": {"a": "world", "b": "out"}, "two": {"a": "out", "b": "in"}, "three": {"a": "in", "b": "lan"}}
    path = network_map(chain).path("world", "clients")
    assert path is not None
    assert [crossing.firewall for crossing in path] == ["one", "two", "three"]


def test_between_sets_of_networks_every_firewall_counts_once() -> None:
    found = network_map({**TWO_FIREWALLS, **THREE_LEGS})
    crossed = found.between(("lan", "clients"), ("in", "branch_dmz"))
    assert [crossing.firewall for crossing in crossed] == ["fw-int", "fw-branch"]


def test_zones() -> None:
    found = network_map(TWO_FIREWALLS)
    assert (found.zone("out"), found.zone("nowhere"), found.internet()) == ("perimeter", "", ("world",))
    assert found.zone_of_interface("fw-ext", "e0") == "internet"
    assert found.zone_of_interface("fw-ext", "e9") == ""
