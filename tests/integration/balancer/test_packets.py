# SPDX-License-Identifier: GPL-3.0-or-later
"""Services whose members see the client's own address: datagrams and connections that the packet filter hands on."""

from __future__ import annotations

import typing as t

import pytest

from tests.integration.balancer.conftest import Balancer
from tests.integration.balancer.ends import CLIENT, MEMBER, End, until
from tests.integration.conftest import RunningLab

VIP, PORT, CHECKED = "203.0.113.230", 7478, 7443
WORLD, CLIENT_ADDRESS = "world1.example.net", "198.51.100.52"
EDGES: t.Final = {"edge1": "203.0.113.51", "edge2": "203.0.113.52"}
SERVICE: t.Final[dict[str, t.Any]] = {
    "id": "test",
    "stage": "external_access",
    "why": [],
    "vip": VIP,
    "port": str(PORT),
    "protocol": "udp",
    "members": [{"name": name, "address": address} for name, address in EDGES.items()],
    "method": "least_connections",
    "affinity": "source",
    "idle_seconds": 0,
    "check_port": str(CHECKED),
    "nat": "dnat",
}
TCP: t.Final = {**SERVICE, "protocol": "tcp", "affinity": "tcp", "port": str(CHECKED)}
HELD: t.Final = [{"address": VIP, "interface": "outside"}]
AT, TCP_AT = f"{VIP} {PORT}", f"{VIP} {CHECKED}"


@pytest.fixture
def edges(outside: Balancer) -> t.Iterator[dict[str, End]]:
    """Edge Servers whose way back to the client is the balancer."""
    shown = outside.on("ip", "-brief", "-4", "address", "show", "outside").stdout
    gateway = shown.split()[2].partition("/")[0]
    route = [f"{CLIENT_ADDRESS}/32", "via", gateway]
    ends = {}
    for name, address in EDGES.items():
        outside.lab.on(f"{name}.contoso.com", "ip", "route", "replace", *route)
        ends[name] = End(outside.lab, f"{name}.contoso.com", MEMBER, name)
        assert ends[name].tell(f"udp {address} {PORT}") == "done"
        assert ends[name].tell(f"tcp {address} {CHECKED}") == "done"
    yield ends
    for name, end in ends.items():
        end.stop()
        outside.lab.on(f"{name}.contoso.com", "ip", "route", "del", *route)


@pytest.fixture
def world(running_lab: RunningLab) -> t.Iterator[End]:
    """A client in the Internet."""
    end = End(running_lab, WORLD, CLIENT)
    yield end
    end.stop()


def _balanced(outside: Balancer, *services: dict[str, t.Any]) -> None:
    done = outside.balance(*services, addresses=HELD)
    assert "msg" not in done, done


def test_members_see_the_address_that_the_client_sends_from(
    outside: Balancer, edges: dict[str, End], world: End
) -> None:
    """It is what audio and video need of a balancer."""
    _balanced(outside, SERVICE, TCP)
    name, address, _port = world.tell(f"ask 1 {AT}").split()
    assert (name in EDGES, address) == (True, CLIENT_ADDRESS)
    assert [world.tell(f"open {number} {TCP_AT}").split()[1] for number in range(2, 6)] == [CLIENT_ADDRESS] * 4
    # What a client of STUN learns of itself: its own address, and the very port that it sends from.
    assert world.tell(f"stun 9 {AT}") == f"{CLIENT_ADDRESS} True"


def test_a_client_stays_with_its_member_and_connections_are_shared_out(
    outside: Balancer, edges: dict[str, End], world: End
) -> None:
    _balanced(outside, SERVICE, TCP)
    assert len({world.tell(f"ask {number} {AT}").split()[0] for number in range(6)}) == 1
    names = [world.tell(f"open {number} {TCP_AT}").split()[0] for number in range(10, 16)]
    assert sorted(names) == ["edge1"] * 3 + ["edge2"] * 3
    members = outside.module("load_balancer", {"state": "gathered"})["members"]
    given = {section: sorted(each["total"] for each in members if each["section"].endswith(section))
             for section in (f"{PORT}:udp", f"{CHECKED}:tcp")}  # fmt: skip
    assert given == {f"{PORT}:udp": [0, 6], f"{CHECKED}:tcp": [3, 3]}


def test_datagrams_of_a_client_move_on_when_the_check_of_their_member_fails(
    outside: Balancer, edges: dict[str, End], world: End
) -> None:
    """The same socket of the client, so the kernel has to forget where it sent its datagrams."""
    _balanced(outside, SERVICE)
    name = world.tell(f"ask 1 {AT}").split()[0]
    [other] = set(EDGES) - {name}
    edges[name].tell(f"close {EDGES[name]} {CHECKED}")
    until(lambda: world.tell(f"ask 1 {AT}").startswith(other))


def test_a_drained_member_keeps_its_connections(outside: Balancer, edges: dict[str, End], world: End) -> None:
    _balanced(outside, TCP)
    names = {world.tell(f"open {number} {TCP_AT}").split()[0]: number for number in range(2)}
    section = f"openuc-{VIP}:{CHECKED}:tcp"
    done = outside.module("drain", {"members": ["edge1"], "wait": 0, "at_limit": "leave"})
    assert done["left"] == {f"{section}/edge1": 1}
    until(lambda: f'"{section}": ["edge2"]' in outside.on("cat", "/run/openuc-balance.json").stdout)
    assert {world.tell(f"open {number} {TCP_AT}").split()[0] for number in range(10, 14)} == {"edge2"}
    assert world.tell(f"say {names['edge1']} alive") == "alive"


def test_a_rule_set_that_was_loaded_anew_gets_the_table_back(
    outside: Balancer, edges: dict[str, End], world: End
) -> None:
    _balanced(outside, SERVICE)
    outside.on("nft", "flush", "ruleset")
    until(lambda: "openuc_balance" in outside.on("nft", "list", "tables").stdout)
    assert world.tell(f"ask 1 {AT}").split()[1] == CLIENT_ADDRESS


def test_the_table_goes_with_the_last_service(outside: Balancer) -> None:
    _balanced(outside, SERVICE)
    assert "openuc_balance" in outside.on("nft", "list", "tables").stdout
    assert outside.module("load_balancer", {"state": "deleted"})["changed"]
    assert outside.on("nft", "list", "tables").stdout == ""
