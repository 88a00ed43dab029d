# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with services and addresses is told with its place, its value and what is allowed."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.openuc.ocs.plugins.module_utils.balancer.model import decode, decode_addresses
from ansible_collections.openuc.ocs.plugins.module_utils.columns import Table
from tests.unit.module_utils.balancer.made import SIP, STUN


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"vip": "10.20.0.300"}, "services[0].vip: '10.20.0.300' is no IP address"),
        ({"vip": "0.0.0.0"}, "services[0].vip: '0.0.0.0' is no address of a host"),
        ({"vip": "224.0.0.1"}, "services[0].vip: '224.0.0.1' is no address of a host"),
        ({"vip": "2001:DB8::1"}, "services[0].vip: write 2001:db8::1 in place of '2001:DB8::1'"),
        ({"port": "0"}, "services[0].port: '0' is no port; 1 to 65535 are"),
        ({"check_port": "sip"}, "services[0].check_port: 'sip' is no port; 1 to 65535 are"),
        ({"member_port": "65536"}, "services[0].member_port: '65536' is no port; 1 to 65535 are"),
        (
            {"method": "least_connection"},
            ("services[0].method: 'least_connection' is none of least_connections; did you mean least_connections?"),
        ),
        (
            {"affinity": "cookies"},
            "services[0].affinity: 'cookies' is none of tcp, source, cookie; did you mean cookie?",
        ),
        ({"idle_seconds": -1}, "services[0].idle_seconds: expected 0 or more, got -1"),
        ({"snat": ["10.20.0.250", "10.20.0.250"]}, "services[0].snat[1]: '10.20.0.250' is listed before already"),
        (
            {"snat": ["2001:db8::1"]},
            "services[0].snat[0]: '2001:db8::1' cannot reach members of the other version of IP",
        ),
        ({"nat": "dnat"}, "services[0].snat: 10.20.0.250 is of no use with nat dnat"),
        (
            {"id": "a\nlisten b"},
            ("services[0]: 'a\\nlisten b' has a comma or a control character, which its comment cannot hold"),
        ),
        ({"members": []}, "services[0].members: is empty; a service without members refuses everyone"),
        (
            {"members": [{"name": "fe1"}]},
            ("services[0].members[0]: expected a mapping with name and address, got {'name': 'fe1'}"),
        ),
        (
            {"members": [{"name": "fe 1", "address": "10.20.0.11"}]},
            ("services[0].members[0].name: 'fe 1' cannot be a name; letters, digits, '.', '-' and '_' can"),
        ),
        (
            {"members": [{"name": "a", "address": "10.20.0.11"}] * 2},
            ("services[0].members[1].name: 'a' is a member already"),
        ),
        ({"prot": "tcp"}, "services[0].prot: no such option; did you mean port?"),
    ],
)
def test_each_mistake_has_its_words(change: dict[str, t.Any], problem: str) -> None:
    items = [STUN, {**SIP, **change}]
    told = ([], [problem.replace("services[0]", "services[1]")])
    assert decode(items) == told
    assert decode(Table.of(items)) == told


def test_a_table_says_what_a_list_does() -> None:
    items = [SIP, STUN, {key: value for key, value in SIP.items() if key not in ("nat", "snat")}]
    items[2]["port"] = "444"
    services, problems = decode(items)
    assert [service.port for service in services] == [5061, 3478, 444]
    assert decode(Table.of(items)) == (services, problems) == (services, [])


def test_problems_stand_in_the_order_of_items() -> None:
    _services, problems = decode([{**SIP, "members": []}, {**STUN, "vip": "x", "id": "a,b"}, {**SIP, "port": "0"}])
    assert [problem.partition(":")[0] for problem in problems] == [
        "services[0].members",
        "services[1].vip",
        "services[1]",
        "services[2].port",
    ]


def test_a_port_of_an_address_is_one_service() -> None:
    _services, problems = decode([SIP, STUN, {**SIP, "check_port": "5060"}])
    assert problems == ["services[2]: tcp/10.20.0.100:5061 is given in services[0] already; leave one"]


def test_what_is_left_out_is_derived() -> None:
    [found], _problems = decode([{**SIP, "snat": [], "nat": "snat", "check_port": "5060"}])
    assert (found.member_port, found.check_port, found.nat) == (5061, 5060, "snat")
    plain = {key: value for key, value in SIP.items() if key not in ("nat", "snat", "idle_reset")}
    [found], _problems = decode([plain])
    assert (found.nat, found.idle_reset, found.forwarded) == ("dnat", False, True)


@pytest.mark.parametrize(
    ("item", "problem"),
    [
        ("10.0.0.1", "addresses[0]: expected a mapping with address and interface, got '10.0.0.1'"),
        ({"address": "10.0.0", "interface": "lan"}, "addresses[0].address: '10.0.0' is no IP address"),
        (
            {"address": "10.0.0.1", "interface": "a name that is long"},
            "addresses[0].interface: 'a name that is long' cannot be the name of a network card",
        ),
    ],
)
def test_addresses_are_held_by_cards(item: object, problem: str) -> None:
    _addresses, problems = decode_addresses([item])
    assert problems == [problem]
