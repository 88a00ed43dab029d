# SPDX-License-Identifier: GPL-3.0-or-later
"""Members that are taken out of service and put back while connections go on."""

from __future__ import annotations

from tests.integration.balancer.conftest import ADDRESSES, CHECKED, FIRST, PORT, SERVICE, VIP, Balancer
from tests.integration.balancer.ends import CLIENT, End, until

Members = dict[str, End]
AT = f"{VIP} {PORT}"


def _connected_to(client: End, name: str) -> str:
    """Number of a connection to that member."""
    numbers = [str(number) for number in range(2)]
    names = {client.tell(f"open {number} {AT}").split()[0]: number for number in numbers}
    return names[name]


def test_a_drained_member_keeps_its_connections_and_gets_no_more(
    balancer: Balancer, members: Members, client: End
) -> None:
    balancer.balance(SERVICE)
    number = _connected_to(client, "fe1")
    done = balancer.drain(wait=1)
    assert f"fe1 of tcp/{VIP}:{PORT}: 1 session(s)" in done["msg"]
    assert client.tell(f"say {number} alive") == "alive"
    assert {client.tell(f"open {each} {AT}").split()[0] for each in range(10, 16)} == {"fe2"}


def test_draining_ends_as_soon_as_the_last_connection_does(balancer: Balancer, members: Members, client: End) -> None:
    balancer.balance(SERVICE)
    number = _connected_to(client, "fe1")
    assert balancer.drain(wait=0, at_limit="leave")["left"] == {f"openuc-{VIP}:{PORT}/fe1": 1}
    client.tell(f"close {number}")
    done = balancer.drain(wait=30)
    assert (done["changed"], done["left"]) == (False, {})


def test_connections_that_a_former_haproxy_serves_are_waited_for_too(
    balancer: Balancer, members: Members, client: End
) -> None:
    balancer.balance(SERVICE)
    number = _connected_to(client, "fe1")
    balancer.balance({**SERVICE, "idle_seconds": 1500})
    assert balancer.drain(wait=0, at_limit="leave")["left"] == {f"openuc-{VIP}:{PORT}/fe1": 1}
    assert client.tell(f"say {number} alive") == "alive"


def test_the_limit_can_end_what_is_left(balancer: Balancer, members: Members, client: End) -> None:
    balancer.balance(SERVICE)
    number = _connected_to(client, "fe1")
    done = balancer.drain(wait=0, at_limit="cut")
    assert done["changed"]
    assert client.tell(f"end {number} 20") in ("closed", "ConnectionResetError")


def test_check_mode_tells_and_changes_nothing(balancer: Balancer, members: Members, client: End) -> None:
    balancer.balance(SERVICE)
    told = balancer.drain("--check")
    assert [operation["name"] for operation in told["operations"]] == [f"fe1 of tcp/{VIP}:{PORT}"]
    assert balancer.standing() == {"fe1": "UP", "fe2": "UP"}
    done = balancer.drain()
    assert done["operations"] == told["operations"]
    assert not balancer.drain("--check")["changed"]
    assert not balancer.drain()["changed"]


def test_the_last_member_in_service_is_not_taken_out(balancer: Balancer, members: Members) -> None:
    balancer.balance(SERVICE)
    balancer.drain()
    refused = balancer.drain(members=["10.20.0.12"])
    assert refused["msg"] == (
        "Nothing was changed:\n"
        f"tcp/{VIP}:{PORT}: 0 member(s) would be left in service (none) without fe2, and least asks for 1. "
        "Put another member in service first, or lower least"
    )
    assert balancer.standing() == {"fe1": "DRAIN", "fe2": "UP"}
    assert balancer.drain(members=["fe2"], least=0)["changed"]


def test_a_member_that_is_down_has_nothing_to_wait_for_and_is_not_missed(balancer: Balancer, members: Members) -> None:
    balancer.balance(SERVICE)
    for port in (PORT, CHECKED):
        members["fe1"].tell(f"close {ADDRESSES[FIRST]} {port}")
    until(lambda: balancer.standing()["fe1"] == "DOWN")
    done = balancer.drain()
    assert (done["changed"], done["left"]) == (True, {})
    again = balancer.drain(state="enabled", wait=1)
    assert "their health check fails" in again["msg"]
    assert balancer.standing()["fe1"] == "DOWN"


def test_a_member_stays_out_while_services_change_and_comes_back_when_told(
    balancer: Balancer, members: Members, client: End
) -> None:
    balancer.balance(SERVICE)
    balancer.drain()
    balancer.balance({**SERVICE, "idle_seconds": 1500})
    assert balancer.standing() == {"fe1": "DRAIN", "fe2": "UP"}
    assert {client.tell(f"open {each} {AT}").split()[0] for each in range(4)} == {"fe2"}
    done = balancer.drain(state="enabled", wait=20)
    assert done["changed"]
    assert "fe1" in {client.tell(f"open {each} {AT}").split()[0] for each in range(10, 14)}
    assert not balancer.drain(state="enabled")["changed"]


def test_no_connection_is_lost_while_members_are_drained_in_turn(balancer: Balancer, members: Members) -> None:
    """What a rolling change does, under load."""
    balancer.balance(SERVICE)
    busy = End(balancer.lab, "client1.corp.contoso.com", CLIENT)
    busy.send(f"many {AT}")
    for name in ("fe1", "fe2"):
        assert balancer.drain(members=[name], wait=30)["left"] == {}
        assert balancer.drain(members=[name], state="enabled", wait=30)["left"] == {}
    counts = dict(part.split("=") for part in busy.tell("stop").split())
    busy.stop()
    assert set(counts) == {"fe1", "fe2"}, counts


def test_a_disabled_member_loses_its_connections_at_once(balancer: Balancer, members: Members, client: End) -> None:
    balancer.balance(SERVICE)
    number = _connected_to(client, "fe1")
    assert balancer.drain(state="disabled")["changed"]
    assert client.tell(f"end {number} 20") in ("closed", "ConnectionResetError")
    assert balancer.standing() == {"fe1": "MAINT", "fe2": "UP"}


def test_names_that_are_not_there_are_told_with_what_is_near(balancer: Balancer, members: Members) -> None:
    balancer.balance(SERVICE)
    wrong = balancer.drain(members=["fe3"], services=[f"tcp/{VIP}:7777"])
    ours = f"tcp/{VIP}:{PORT}"
    assert wrong["msg"].splitlines() == [
        "Nothing was changed:",
        "members[0]: 'fe3' is no member of a service here; did you mean fe2?; members are fe1, fe2",
        f"services[0]: there is no service 'tcp/{VIP}:7777'; did you mean {ours}?; services are {ours}",
    ]
