# SPDX-License-Identifier: GPL-3.0-or-later
"""Routes: every packet comes where it shall on the shortest way, whatever the routers and networks."""

from __future__ import annotations

import typing as t

from hypothesis import given
from hypothesis import strategies as st

from tests.lab.routing import EVERYWHERE, Address, Map, Network, Route

NETWORKS = {
    "internet": Network("198.51.100.0/24"),
    "perimeter": Network("203.0.113.0/24"),
    "lan": Network("10.20.0.0/24"),
    "clients": Network("10.21.0.0/24"),
}
ROUTERS = {
    "outer": {"internet": Address("198.51.100.2"), "perimeter": Address("203.0.113.1")},
    "inner": {"perimeter": Address("203.0.113.2"), "lan": Address("10.20.0.2")},
    "core": {"lan": Address("10.20.0.1"), "clients": Address("10.21.0.1")},
}
MAP = Map(NETWORKS, ("internet",), ROUTERS)


def found(host: str, *stands_in: str, **options: t.Any) -> dict[str, str]:
    return {str(r.destination): str(r.gateway) for r in MAP.routes(host, stands_in, **options)}


def test_a_server_has_a_default_route_outwards_and_one_to_what_lies_elsewhere() -> None:
    assert found("server", "lan") == {"0.0.0.0/0": "10.20.0.2", "10.21.0.0/24": "10.20.0.1"}


def test_one_route_is_enough_where_all_lies_behind_one_router() -> None:
    assert found("client", "clients") == {"0.0.0.0/0": "10.21.0.1"}


def test_the_internet_has_no_way_out_of_it() -> None:
    behind = {"203.0.113.0/24": "198.51.100.2", "10.20.0.0/24": "198.51.100.2", "10.21.0.0/24": "198.51.100.2"}
    assert found("world", "internet") == behind


def test_a_router_is_not_its_own_next_hop() -> None:
    assert found("inner", "perimeter", "lan") == {"0.0.0.0/0": "203.0.113.1", "10.21.0.0/24": "10.20.0.1"}


def test_what_the_inventory_gives_goes_first() -> None:
    own = Route(EVERYWHERE, Address("10.20.0.1"))
    assert found("server", "lan", given=[own]) == {
        "0.0.0.0/0": "10.20.0.1",
        "198.51.100.0/24": "10.20.0.2",
        "203.0.113.0/24": "10.20.0.2",
    }


def test_a_gateway_that_is_not_near_is_left_out() -> None:
    far = Route(Network("192.0.2.0/24"), Address("10.21.0.1"))
    assert "192.0.2.0/24" not in found("server", "lan", given=[far])


def test_translated_addresses_are_sent_to_their_firewall_from_the_internet_alone() -> None:
    public = {Network("192.0.2.31/32"): "perimeter"}
    assert found("world", "internet", translated=public)["192.0.2.31/32"] == "198.51.100.2"
    assert "192.0.2.31/32" not in found("client", "clients", translated=public)


def test_who_reaches_nobody_has_no_routes() -> None:
    alone = Map({"lan": NETWORKS["lan"]}, (), {})
    assert alone.routes("server", ["lan"]) == ()


# --- any estate -------------------------------------------------------------------------------------------------------


@st.composite
def maps(draw: st.DrawFn) -> Map:
    names = [f"n{number}" for number in range(draw(st.integers(1, 6)))]
    networks = {name: Network(f"10.{number}.0.0/24") for number, name in enumerate(names)}
    routers = {}
    for number in range(draw(st.integers(0, 5))):
        joined = draw(st.lists(st.sampled_from(names), min_size=min(2, len(names)), unique=True))
        routers[f"r{number}"] = {name: networks[name][1 + number] for name in joined}
    internet = draw(st.lists(st.sampled_from(names), unique=True, max_size=1))
    return Map(networks, tuple(internet), routers)


def in_reach(given: Map, start: str) -> set[str]:
    reached = {start}
    while more := {n for joined in given.routers.values() if reached & set(joined) for n in joined} - reached:
        reached |= more
    return reached


def next_hop(given: Map, host: str, stands_in: t.Collection[str], target: Address) -> Address | None:
    fitting = [route for route in given.routes(host, stands_in) if target in route.destination]
    longest = max(fitting, key=lambda route: route.destination.prefixlen, default=None)
    return longest.gateway if longest else None


@given(maps(), st.data())
def test_packets_arrive_wherever_there_is_a_way(given: Map, data: st.DataObject) -> None:
    start = data.draw(st.sampled_from(sorted(given.networks)))
    goal = data.draw(st.sampled_from(sorted(in_reach(given, start))))
    target, host, stands_in = given.networks[goal][200], "host", (start,)
    for _hop in range(len(given.routers) + 1):
        if goal in stands_in:
            return
        gateway = next_hop(given, host, stands_in, target)
        host = next(name for name, joined in given.routers.items() if gateway in joined.values())
        assert any(given.routers[host].get(network) == gateway for network in stands_in), "a gateway must be near"
        stands_in = tuple(given.routers[host])
    raise AssertionError(f"{goal} is not reached from {start}: the packet goes in circles")
