# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections through a balancer: who gets them, from where, for how long, and what ends them."""

from __future__ import annotations

import collections
import subprocess

from tests.integration.balancer.conftest import ADDRESSES, CHECKED, FIRST, PORT, SERVICE, SNAT, VIP, Balancer
from tests.integration.balancer.ends import CLIENT, End, until
from tests.lab import lab, machine

Members = dict[str, End]
AT = f"{VIP} {PORT}"


def test_connections_are_shared_out_and_come_from_the_translated_address(
    balancer: Balancer, members: Members, client: End
) -> None:
    assert balancer.balance(SERVICE)["changed"]
    greetings = [client.tell(f"open {number} {AT}") for number in range(10)]
    assert collections.Counter(greetings) == {f"fe1 {SNAT}": 5, f"fe2 {SNAT}": 5}


def test_the_member_with_fewer_connections_gets_the_next(balancer: Balancer, members: Members, client: End) -> None:
    balancer.balance(SERVICE)
    first = {number: client.tell(f"open {number} {AT}").split()[0] for number in range(6)}
    for number, name in first.items():
        if name == "fe1":
            client.tell(f"close {number}")
    assert [client.tell(f"open {number} {AT}").split()[0] for number in (10, 11, 12)] == ["fe1"] * 3


def test_a_client_stays_with_its_member_where_affinity_is_by_source(
    balancer: Balancer, members: Members, client: End
) -> None:
    balancer.balance({**SERVICE, "affinity": "source"})
    assert len({client.tell(f"open {number} {AT}") for number in range(8)}) == 1


def test_health_is_judged_by_the_other_port(balancer: Balancer, members: Members, client: End) -> None:
    """The balanced port still answers; that the port of the check does not takes the member out, and back."""
    balancer.balance(SERVICE)
    address = ADDRESSES[FIRST]
    members["fe1"].tell(f"close {address} {CHECKED}")
    until(lambda: balancer.standing() == {"fe1": "DOWN", "fe2": "UP"})
    assert {client.tell(f"open {number} {AT}").split()[0] for number in range(4)} == {"fe2"}
    members["fe1"].tell(f"tcp {address} {CHECKED}")
    until(lambda: balancer.standing() == {"fe1": "UP", "fe2": "UP"})
    assert "fe1" in {client.tell(f"open {number} {AT}").split()[0] for number in range(10, 14)}


def test_connections_to_a_member_that_dies_end_and_come_back_elsewhere(
    balancer: Balancer, members: Members, client: End
) -> None:
    balancer.balance(SERVICE)
    names = {number: client.tell(f"open {number} {AT}").split()[0] for number in range(2)}
    [lost] = [number for number, name in names.items() if name == "fe1"]
    for port in (CHECKED, PORT):
        members["fe1"].tell(f"close {ADDRESSES[FIRST]} {port}")
    assert client.tell(f"end {lost} 25") in ("closed", "ConnectionResetError")
    assert {client.tell(f"open {number} {AT}").split()[0] for number in (10, 11, 12)} == {"fe2"}
    assert client.tell(f"say {1 - lost} alive") == "alive"


def test_an_idle_connection_is_reset_on_both_sides(balancer: Balancer, members: Members, client: End) -> None:
    """Seen on the wire: the client and the member both get a reset, once the idle time is over and not before.

    The client's comes right behind an ordinary end, so that it reads that first.
    """
    balancer.balance({**SERVICE, "idle_seconds": 3})
    capture = _capturing(balancer, "any", f"tcp[tcpflags] & tcp-rst != 0 and (port {PORT})")
    name = client.tell(f"open 1 {AT}").split()[0]
    assert client.tell("end 1 1") == "TimeoutError"
    assert client.tell("end 1 20") in ("closed", "ConnectionResetError")
    assert members[name].receive() == "ended ConnectionResetError"
    captured = capture.communicate(timeout=60)[0]
    assert f"{VIP}.{PORT} > 10.21.0.51" in captured
    assert f"{SNAT}." in captured


def _capturing(balancer: Balancer, card: str, what: str) -> subprocess.Popen[str]:
    """Two packets that are like this, as seen by the balancer; it is listening when this returns."""
    command = ["timeout", "60", "tcpdump", "-l", "-n", "-i", card, "--immediate-mode", "-c", "2", what]
    process = subprocess.Popen(
        machine.command_in(balancer.lab.lab.first_process(balancer.host), command),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    while "listening on" not in process.stderr.readline():
        pass
    return process


def test_what_is_said_keeps_a_connection_from_being_idle(balancer: Balancer, members: Members, client: End) -> None:
    balancer.balance({**SERVICE, "idle_seconds": 3})
    client.tell(f"open 1 {AT}")
    for word in ("one", "two", "three"):
        assert client.tell("end 1 1.6") == "TimeoutError"
        assert client.tell(f"say 1 {word}") == word


def test_a_change_ends_no_connection_and_loses_none_under_load(
    balancer: Balancer, members: Members, client: End
) -> None:
    """A second client connects anew all the time while services are changed three times."""
    balancer.balance(SERVICE)
    kept = [client.tell(f"open {number} {AT}") for number in range(4)]
    busy = End(balancer.lab, "client1.corp.contoso.com", CLIENT)
    busy.send(f"many {AT}")
    for seconds in (1500, 1600, 1700):
        assert balancer.balance({**SERVICE, "idle_seconds": seconds})["changed"]
        assert [client.tell(f"say {number} here") for number in range(len(kept))] == ["here"] * 4
    counts = dict(part.split("=") for part in busy.tell("stop").split())
    busy.stop()
    assert set(counts) == {"fe1", "fe2"}, counts
    assert sum(map(int, counts.values())) > 100
    assert client.tell("say 0 still") == "still"


def test_a_restart_of_the_balancer_brings_everything_back(balancer: Balancer, members: Members, client: End) -> None:
    balancer.balance(SERVICE)
    balancer.drain()
    lab.restart(balancer.lab.lab, balancer.host)
    until(lambda: balancer.standing() == {"fe1": "MAINT", "fe2": "UP"})
    until(lambda: client.tell(f"open 1 {AT}") == f"fe2 {SNAT}")
    assert not balancer.balance(SERVICE)["changed"]
