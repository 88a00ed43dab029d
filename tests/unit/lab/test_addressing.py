# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses that the lab gives away, and the network that it is managed over."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lab.addressing import EXTRA, Address, Network, Pool, management_network
from tests.lab.errors import LabError


def addresses(*given: str) -> dict[str, Address]:
    return {f"host{number}": Address(address) for number, address in enumerate(given)}


def test_free_addresses_are_given_from_both_ends() -> None:
    pool = Pool(Network("10.0.0.0/29"), [Address("10.0.0.1"), Address("10.0.0.6")])
    assert [str(pool.first()), str(pool.last()), str(pool.first())] == ["10.0.0.2", "10.0.0.5", "10.0.0.3"]


def test_an_address_is_claimed_once() -> None:
    pool = Pool(Network("10.0.0.0/29"), [])
    assert pool.claim(Address("10.0.0.1"))
    assert not pool.claim(Address("10.0.0.1"))
    assert pool.first() == Address("10.0.0.2")


def test_a_network_that_is_full_is_named() -> None:
    pool = Pool(Network("10.0.0.0/30"), addresses("10.0.0.1", "10.0.0.2").values())
    with pytest.raises(LabError, match=r"10\.0\.0\.0/30: the inventory uses every address"):
        pool.first()


@pytest.mark.parametrize(
    ("hosts", "expected"),
    [
        (3, "172.31.0.0/24"),
        (252, "172.31.0.0/24"),  # 252 hosts, the controller and the machine are 254
        (253, "172.31.0.0/23"),
        (1000, "172.31.0.0/22"),
    ],
)
def test_without_addresses_the_network_is_as_large_as_need_be(hosts: int, expected: str) -> None:
    assert management_network({}, hosts) == Network(expected)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["192.0.2.11"], "192.0.2.0/24"),
        (["10.9.0.200", "10.9.1.5"], "10.9.0.0/23"),
        (["10.9.3.255", "10.9.4.1"], "10.9.0.0/21"),
        (["10.9.0.1", "10.9.255.1"], "10.9.0.0/16"),
    ],
)
def test_the_network_holds_what_ansible_connects_to(given: list[str], expected: str) -> None:
    assert management_network(addresses(*given), 3) == Network(expected)


def test_addresses_far_apart_are_no_network() -> None:
    with pytest.raises(LabError, match=r"10\.0\.0\.1 and 10\.1\.0\.1 lie too far apart"):
        management_network(addresses("10.1.0.1", "10.0.0.1"), 3)


@given(st.integers(1, 5000), st.lists(st.integers(1, 0xFFFE), min_size=1, unique=True))
def test_every_address_and_every_host_has_room(hosts: int, offsets: list[int]) -> None:
    wanted = {str(offset): ipaddress.IPv4Address("10.9.0.0") + offset for offset in offsets}
    network = management_network(wanted, hosts)
    assert all(address in network for address in wanted.values())
    assert network.num_addresses - 2 >= hosts + EXTRA
