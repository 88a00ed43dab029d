# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that see the addresses of their clients answer through the balancer that sent these."""

from __future__ import annotations

from ipaddress import IPv4Network

from tests import support
from tests.lab.balanced_routes import through_balancers
from tests.lab.estate import read
from tests.lab.layout import Layout, layout
from tests.unit.lab.drawing import draw, example_estate


def drawn() -> tuple[Layout, Layout]:
    estate = read(support.ROOT / "inventories" / "lab")
    before = layout(estate.design.topology, estate.connections, [host.name for host in estate.inventory.hosts])
    assert estate.design.plan is not None
    return before, through_balancers(before, estate.design.topology, estate.design.plan)


def gateways(laid_out: Layout, host: str) -> dict[str, str]:
    found = laid_out.host(host)
    assert found is not None
    return {str(route.destination): str(route.gateway) for route in found.routes}


def test_the_balancers_of_the_media_relay_are_the_gateways_of_its_servers() -> None:
    before, after = drawn()
    outside, inside = after.host("lb-out.contoso.com"), after.host("lb-in.contoso.com")
    assert outside is not None
    assert inside is not None
    assert gateways(before, "edge1.contoso.com")["0.0.0.0/0"] == "203.0.113.1"
    assert gateways(after, "edge1.contoso.com")["0.0.0.0/0"] == str(outside.address_in("dmz_out"))
    assert gateways(after, "edge1.contoso.com")["10.21.0.0/24"] == str(inside.address_in("dmz_in"))
    assert (outside.forwards, inside.forwards) == (True, True)


def test_all_other_hosts_and_all_destinations_stay_as_they_were() -> None:
    before, after = drawn()
    balanced = {"edge1.contoso.com", "edge2.contoso.com", "lb-in.contoso.com", "lb-out.contoso.com"}
    assert [h for h in before.hosts if h.name not in balanced] == [h for h in after.hosts if h.name not in balanced]
    for name in ("edge1.contoso.com", "edge2.contoso.com"):
        assert set(map(IPv4Network, gateways(before, name))) == set(map(IPv4Network, gateways(after, name)))


def test_of_two_balancers_in_turn_the_address_that_moves_is_the_gateway() -> None:
    changes = {
        "@lb-in.contoso.com/uc_addresses": "10.30.0.244",
        "@lb-in2.contoso.com/groups": ["load_balancer"],
        "@lb-in2.contoso.com/uc_addresses": "10.30.0.245",
        "@lb-in2.contoso.com/uc_balancer": {"interfaces": {"inside": "dmz_in"}, "stands_in_for": "lb-in.contoso.com"},
    }
    estate = example_estate("lab", changes)
    assert estate.design.plan is not None
    after = through_balancers(draw(estate), estate.design.topology, estate.design.plan)
    assert gateways(after, "edge1.contoso.com")["10.21.0.0/24"] == "10.30.0.101", "what av.corp.contoso.com leads to"
    first, second = after.host("lb-in.contoso.com"), after.host("lb-in2.contoso.com")
    assert first is not None
    assert second is not None
    assert (first.forwards, second.forwards) == (True, True)
