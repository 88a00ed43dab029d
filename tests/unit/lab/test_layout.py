# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lab builds of an inventory; expectations are worked out by hand from the inventory."""

from __future__ import annotations

import ipaddress
import itertools

import pytest

from tests.lab.errors import LabError
from tests.lab.layout import CONTROLLER, CORE, WORLD, Layout, device_name, interface_name, service_networks
from tests.unit.lab.drawing import EXAMPLES, cards, draw, example_estate, host, routes, small

GATEWAYS = "uc_networks/gateways"
GATEWAY_NETWORK = {"cidr": "10.22.0.0/24", "zone": "internal", "kind": "gateways"}


def resolvers(layout: Layout, label: str) -> list[str]:
    return [str(address) for address in host(layout, label).resolvers]


# --- hosts and their cards --------------------------------------------------------------------------------------------


def test_a_server_has_a_card_in_its_network_and_one_to_be_managed_by() -> None:
    assert cards(small(), "ocs1") == {"lan": ["10.20.0.11/24"], "mgmt": ["172.31.0.3/24"]}


def test_addresses_of_a_network_share_a_card() -> None:
    assert cards(draw(example_estate("lab")), "edge1") == {
        "dmz_in": ["10.30.0.31/24"],
        "dmz_out": ["203.0.113.31/24", "203.0.113.41/24", "203.0.113.51/24"],
        "mgmt": ["172.31.0.31/24"],
    }


def test_a_firewall_has_the_cards_that_the_inventory_names() -> None:
    drawn = small()
    assert cards(drawn, "fw-ext") == {
        "internet": ["198.51.100.2/24"],
        "outside": ["203.0.113.1/24"],
        "mgmt": ["172.31.0.1/24"],
    }
    assert host(drawn, "fw-ext").forwards
    assert not host(drawn, "ocs1").forwards


def test_networks_of_a_zone_are_joined_by_a_router_that_the_lab_adds() -> None:
    drawn = small()
    assert cards(drawn, CORE) == {"lan": ["10.20.0.1/24"], "clients": ["10.21.0.1/24"]}
    assert cards(drawn, WORLD) == {"internet": ["198.51.100.1/24"]}
    assert (host(drawn, CORE).managed_at, host(drawn, WORLD).managed_at) == (None, None)


def test_one_internal_network_needs_no_router() -> None:
    changes = {"uc_networks/clients": "~delete", "@client1.corp.contoso.com/uc_network": "lan"}
    changes["@client1.corp.contoso.com/uc_addresses"] = "10.20.0.51"
    assert CORE not in {each.name for each in small(changes).hosts}


def test_without_an_internet_there_is_no_router_for_it() -> None:
    changes = {
        "uc_networks/internet": "~delete",
        "@fw-ext.contoso.com/uc_interfaces": {"outside": "perimeter", "inside": "lan"},
    }
    drawn = small(changes)
    assert WORLD not in {each.name for each in drawn.hosts}
    assert "0.0.0.0/0" not in routes(drawn, "ocs1")
    assert resolvers(drawn, "fw-ext") == ["10.20.0.5"]


def test_the_gateway_of_servers_is_the_address_of_the_router_there() -> None:
    changes = {"@ocs1.corp.contoso.com/uc_gateway": {"internal": "10.20.0.254"}}
    drawn = small(changes)
    # The first router of the network gets it, and the server its route.
    assert cards(drawn, CORE)["lan"] == ["10.20.0.254/24"]
    assert routes(drawn, "ocs1")["0.0.0.0/0"] == "10.20.0.254"


def test_a_router_address_that_somebody_has_is_not_given_twice() -> None:
    drawn = small({"@ocs1.corp.contoso.com/uc_addresses": "10.20.0.1"})
    assert cards(drawn, CORE)["lan"] == ["10.20.0.2/24"]
    assert cards(drawn, "fw-int")["inside"] == ["10.20.0.3/24"]


# --- routes -----------------------------------------------------------------------------------------------------------


def test_routes_follow_the_perimeter() -> None:
    drawn = small()
    assert routes(drawn, "client1") == {"0.0.0.0/0": "10.21.0.1"}
    assert routes(drawn, "ocs1") == {"0.0.0.0/0": "10.20.0.2", "10.21.0.0/24": "10.20.0.1"}
    assert routes(drawn, "fw-int") == {"0.0.0.0/0": "203.0.113.1", "10.21.0.0/24": "10.20.0.1"}
    assert routes(drawn, "fw-ext") == {"10.20.0.0/24": "203.0.113.2", "10.21.0.0/24": "203.0.113.2"}
    assert routes(drawn, WORLD)["203.0.113.0/24"] == "198.51.100.2"


def test_a_static_route_of_the_inventory_is_the_server_s() -> None:
    changes = {"@ocs1.corp.contoso.com/uc_routes": {"10.99.0.0/24": "10.20.0.2"}}
    assert routes(small(changes), "ocs1")["10.99.0.0/24"] == "10.20.0.2"


def test_the_internet_sends_translated_addresses_to_the_firewall() -> None:
    drawn = draw(example_estate("standard"))
    # The Edge Server's public addresses, that fw-ext translates to its own in 10.31.0.0/24.
    assert routes(drawn, WORLD)["203.0.113.31/32"] == "198.51.100.2"
    assert "203.0.113.31/32" not in routes(drawn, "edge1")


# --- management -------------------------------------------------------------------------------------------------------


def test_ansible_finds_a_host_where_the_inventory_says() -> None:
    drawn = small(ocs1="192.0.2.11")
    assert cards(drawn, "ocs1")["mgmt"] == ["192.0.2.11/24"]
    assert str(host(drawn, "ocs1").managed_at) == "192.0.2.11"
    assert drawn.networks["mgmt"] == ipaddress.IPv4Network("192.0.2.0/24")


def test_a_host_managed_in_band_has_no_other_card() -> None:
    drawn = small(fw_int="10.20.0.2")
    assert cards(drawn, "fw-int") == {"outside": ["203.0.113.2/24"], "inside": ["10.20.0.2/24"]}
    assert [each.name for each in drawn.in_band] == ["fw-int.contoso.com"]
    # The controller stands in that network too, forwards, and is the way back to it.
    assert {each.name: str(each.addresses[0]) for each in drawn.controller.interfaces} == {
        "mgmt": "172.31.0.254/24",
        "lan": "10.20.0.254/24",
    }
    assert drawn.controller.forwards
    assert routes(drawn, "fw-int")["172.31.0.0/24"] == "10.20.0.254"
    assert not small().controller.forwards


def test_an_address_in_a_service_network_must_be_the_host_s_own() -> None:
    with pytest.raises(LabError, match=r"ocs1\.corp\.contoso\.com: ansible_host 10\.20\.0\.99 .*\(10\.20\.0\.11\)"):
        small(ocs1="10.20.0.99")


def test_a_firewall_takes_the_address_that_ansible_connects_to() -> None:
    assert cards(small(fw_int="10.20.0.77"), "fw-int")["inside"] == ["10.20.0.77/24"]


def test_the_management_network_is_the_lab_s_own() -> None:
    with pytest.raises(LabError, match="the lab needs the name mgmt for itself"):
        small({"uc_networks/mgmt": {"cidr": "10.50.0.0/24", "zone": "internal", "kind": "management"}})


# --- names ------------------------------------------------------------------------------------------------------------


def test_each_side_asks_its_own_name_server() -> None:
    drawn = small()
    assert resolvers(drawn, "client1") == ["10.20.0.5"]
    assert resolvers(drawn, "fw-int") == ["10.20.0.5"]
    # Nobody serves names in the perimeter, so the Internet's resolver does.
    assert resolvers(drawn, "fw-ext") == ["198.51.100.1"]
    assert resolvers(drawn, WORLD) == ["127.0.0.1"]


def test_the_inside_never_asks_the_internet() -> None:
    changes = {"@ns1.corp.contoso.com/groups": ["vantage"], "@ns1.corp.contoso.com/uc_vantage": "client"}
    changes |= {"@ns1.corp.contoso.com/uc_network": "lan", "uc_dns": "~delete"}
    assert resolvers(small(changes), "client1") == []


@pytest.mark.parametrize("name", ["a-name-of-16-long", "", "lo", "eth 0", "eth:0", "eth/0", ".."])
def test_a_name_that_linux_does_not_take_is_refused(name: str) -> None:
    with pytest.raises(LabError, match=r"fw1: .* cannot be the name of an interface"):
        interface_name("fw1", name)


def test_a_firewall_with_such_a_name_is_named() -> None:
    with pytest.raises(LabError, match=r"fw-ext\.contoso\.com: 'Ethernet Adapter' cannot be the name"):
        small({"@fw-ext.contoso.com/uc_interfaces": {"internet": "internet", "Ethernet Adapter": "perimeter"}})


def test_long_names_of_networks_stay_apart_when_shortened() -> None:
    names = [device_name("perimeter_of_headquarters_inside"), device_name("perimeter_of_headquarters_outside")]
    assert len(set(names)) == 2
    assert all(len(name) <= 15 and name.startswith("perimeter_") for name in names)
    assert device_name("lan") == "lan"


# --- every example ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("example", EXAMPLES)
class TestExamples:
    def test_no_address_is_given_twice(self, example: str) -> None:
        drawn = draw(example_estate(example))
        given = [address for each in (*drawn.hosts, drawn.controller) for address in each.addresses]
        assert len(given) == len(set(given))
        assert drawn.visitor not in given

    def test_every_address_lies_in_the_network_of_its_card(self, example: str) -> None:
        drawn = draw(example_estate(example))
        cards = [card for each in drawn.hosts for card in each.interfaces]
        for card in cards:
            assert all(address.network == drawn.networks[card.network] for address in card.addresses), card

    def test_every_gateway_is_a_neighbour_that_forwards(self, example: str) -> None:
        drawn = draw(example_estate(example))
        forwarding = [each for each in (*drawn.hosts, drawn.controller) if each.forwards]
        neighbours = set(itertools.chain.from_iterable(each.addresses for each in forwarding))
        for each in drawn.hosts:
            near = [drawn.networks[card.network] for card in each.interfaces]
            for route in each.routes:
                assert route.gateway in neighbours, (each.name, route)
                assert any(route.gateway in network for network in near), (each.name, route)

    def test_every_host_of_the_inventory_is_there_once_and_can_be_reached(self, example: str) -> None:
        estate = example_estate(example)
        drawn = draw(estate)
        names = [each.name for each in drawn.hosts]
        wanted = [each.name for each in estate.inventory.hosts]
        assert len(names) == len(set(names))
        assert set(names) - {CORE, WORLD} == set(wanted)
        assert all(drawn.host(name).managed_at for name in wanted)
        assert drawn.host(CONTROLLER) == drawn.controller
        assert drawn.host("nobody") is None

    def test_no_host_has_two_cards_of_the_same_name(self, example: str) -> None:
        for each in draw(example_estate(example)).hosts:
            names = [card.name for card in each.interfaces]
            assert len(names) == len(set(names)), each.name
            assert "mgmt" not in service_networks(each)
