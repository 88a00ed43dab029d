# SPDX-License-Identifier: GPL-3.0-or-later
"""Two balancers that hold the same addresses in turn: one of them dies, and comes back."""

from __future__ import annotations

import typing as t

import pytest

from tests.integration.balancer.conftest import PORT, SERVICE, SNAT, VIP, Balancer, Result, cleared
from tests.integration.balancer.ends import End, until
from tests.integration.conftest import RunningLab
from tests.lab import lab

AT = f"{VIP} {PORT}"
SECOND: t.Final = "arch1.corp.contoso.com"


@pytest.fixture
def second(running_lab: RunningLab) -> t.Iterator[Balancer]:
    """A server in the balancer's network, which has all it takes to be the other one."""
    found = Balancer(running_lab, SECOND)
    yield found
    cleared(found)


def _own(balancer: Balancer) -> str:
    network = str(VIP).rpartition(".")[0]
    shown = balancer.on("ip", "-brief", "-4", "address", "show", "lan").stdout.split()[2:]
    return next(each.partition("/")[0] for each in shown if each.startswith(network) and each.endswith("/24"))


def _paired(*both: Balancer, **changes: t.Any) -> list[Result]:
    """What the module says on each of them."""
    own = [_own(each) for each in both]
    done = []
    for number, each in enumerate(both):
        pair = {
            "virtual_router": 51,
            "interface": "lan",
            "address": own[number],
            "peer": own[1 - number],
            "priority": 150 - 50 * number,
        }
        found = each.balance({**SERVICE, **changes}, pair=pair)
        assert "msg" not in found, found
        done.append(found)
    return done


def _holds(balancer: Balancer) -> set[str]:
    shown = balancer.on("ip", "-brief", "-4", "address", "show", "lan").stdout.split()[2:]
    return {each.partition("/")[0] for each in shown} & {VIP, SNAT}


def test_the_addresses_move_when_the_one_that_holds_them_dies_and_stay_when_it_comes_back(
    balancer: Balancer, second: Balancer, members: dict[str, End], client: End
) -> None:
    _paired(balancer, second)
    assert (_holds(balancer), _holds(second)) == ({VIP, SNAT}, set())
    assert client.tell(f"open 1 {AT}").split()[1] == SNAT
    # Each judges the members for itself, though only one of them has the address that connections come from.
    until(lambda: balancer.standing() == second.standing() == {"fe1": "UP", "fe2": "UP"})
    assert not any(done["changed"] for done in _paired(balancer, second))

    lab.stop(balancer.lab.lab, balancer.host)
    until(lambda: _holds(second) == {VIP, SNAT})
    assert client.tell(f"open 2 {AT}").split()[1] == SNAT

    lab.start(balancer.lab.lab, balancer.host)
    until(lambda: "BACKUP" in balancer.on("cat", "/run/openuc-pair.json", check=False).stdout)
    assert (_holds(balancer), _holds(second)) == (set(), {VIP, SNAT})
    assert client.tell("say 2 alive") == "alive"

    # Who holds the addresses and has a HAProxy that does not answer gives them up too.
    second.on("sh", "-c", "kill $(cat /run/haproxy.pid)")
    until(lambda: (_holds(balancer), _holds(second)) == ({VIP, SNAT}, set()))
    assert client.tell(f"open 3 {AT}").split()[1] == SNAT
