# SPDX-License-Identifier: GPL-3.0-or-later
"""What the states come to, and what is said of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.openuc.ocs.plugins.module_utils.balancer import planning
from ansible_collections.openuc.ocs.plugins.module_utils.balancer.model import Address
from ansible_collections.openuc.ocs.plugins.module_utils.balancer.planning import Holding, Want
from ansible_collections.openuc.ocs.plugins.module_utils.limits import Limits
from tests.unit.module_utils.balancer.made import SIP, STUN, service, services

FIRST, SECOND, THIRD = services(SIP, {**SIP, "port": "444"}, STUN)
VIP, SNAT, OTHER = Address("10.20.0.100", "lan"), Address("10.20.0.250", "lan"), Address("203.0.113.102", "outside")
HAVE = Holding((FIRST, SECOND), (VIP, SNAT))
ONE = service(members=[{"name": "fe3", "address": "10.20.0.13"}])


def keys(holding: Holding) -> list[str]:
    return [each.key for each in holding.services]


@pytest.mark.parametrize("state", ["merged", "replaced"])
def test_services_that_are_not_listed_stay(state: str) -> None:
    after = planning.target(Want(state, (THIRD,), (OTHER,)), HAVE)
    assert keys(after) == ["tcp/10.20.0.100:5061", "tcp/10.20.0.100:444", "udp/203.0.113.102:3478"]
    assert after.addresses == (VIP, SNAT, OTHER)


def test_merged_adds_members_and_replaced_leaves_those_that_are_listed() -> None:
    merged = planning.target(Want("merged", (ONE,)), HAVE).services[0]
    assert [member.name for member in merged.members] == ["fe1", "fe2", "fe3"]
    replaced = planning.target(Want("replaced", (ONE,)), HAVE).services[0]
    assert [member.name for member in replaced.members] == ["fe3"]


def test_overridden_leaves_nothing_that_is_not_listed() -> None:
    assert planning.target(Want("overridden", (THIRD,), (OTHER,)), HAVE) == Holding((THIRD,), (OTHER,))


def test_deleted_removes_listed_services_and_addresses_that_nobody_needs_then() -> None:
    after = planning.target(Want("deleted", (SECOND,), (VIP,)), HAVE)
    assert (keys(after), after.addresses) == (["tcp/10.20.0.100:5061"], (VIP, SNAT))
    after = planning.target(Want("deleted", (FIRST, SECOND), (VIP,)), HAVE)
    assert after == Holding((), (SNAT,))
    assert planning.target(Want("deleted", everything=True), HAVE) == Holding()


def test_a_service_that_another_replaces_goes() -> None:
    successor = service(id="lb.new", port="5062", replaces=FIRST.id)
    assert keys(planning.target(Want("replaced", (successor,)), Holding((FIRST,)))) == ["tcp/10.20.0.100:5062"]


def test_differences_name_services_members_and_addresses() -> None:
    before = Holding((FIRST, SECOND), (VIP,))
    changed = service(idle_seconds=1800, check_port="5060")
    done = planning.operations(before, Holding((changed, THIRD), (VIP, OTHER)))
    assert [(each.action, each.name, each.before, each.after, each.why) for each in done] == [
        (
            "add",
            "service udp/203.0.113.102:3478",
            "",
            "to edge1 203.0.113.51:3478, edge2 203.0.113.52:3478; health by port 443; affinity source; from the client",
            "lb.sip",
        ),
        ("add", "address 203.0.113.102", "", "on outside", ""),
        (
            "change",
            "service tcp/10.20.0.100:5061",
            (
                "to fe1 10.20.0.11:5061, fe2 10.20.0.12:5061; health by port 5061; idle 1200 s then reset; "
                "from 10.20.0.250"
            ),
            (
                "to fe1 10.20.0.11:5061, fe2 10.20.0.12:5061; health by port 5060; idle 1800 s then reset; "
                "from 10.20.0.250"
            ),
            "lb.sip",
        ),
        (
            "remove",
            "service tcp/10.20.0.100:444",
            "to fe1 10.20.0.11:444, fe2 10.20.0.12:444; health by port 5061; idle 1200 s then reset; from 10.20.0.250",
            "",
            "",
        ),
    ]


def test_a_difference_in_reasons_alone_is_shown() -> None:
    [done] = planning.operations(Holding((FIRST,)), Holding((service(stage="voice"),)))
    assert done.before.endswith("; lb.sip@pool1:5061/tcp of first_pool by lb.sip")
    assert done.after.endswith("; lb.sip@pool1:5061/tcp of voice by lb.sip")


def test_an_address_that_moves_to_another_card_is_a_change() -> None:
    [done] = planning.operations(Holding((), (VIP,)), Holding((), (Address(VIP.address, "dmz"),)))
    assert (done.action, done.before, done.after) == ("change", "on lan", "on dmz")


def test_much_may_go_only_when_it_is_allowed() -> None:
    many = tuple(service(port=str(port)) for port in range(1, 21))
    have, after = Holding(many), Holding(many[:12])
    done = planning.operations(have, after)
    assert planning.excess(done, have, Limits(10, 0.4)) == ""
    assert planning.excess(done, have, Limits(7, 0.4)).startswith(
        "nothing was changed, since 8 of our 20 services would go (tcp/10.20.0.100:13, "
    )
    few = Holding(many[:3])
    assert planning.excess(planning.operations(few, Holding()), few, Limits(10, 0.1)) == ""


_HOLDINGS = st.lists(st.sampled_from([FIRST, SECOND, THIRD, ONE]), unique_by=lambda each: each.key).map(
    lambda listed: Holding(tuple(listed), (VIP,))
)


@given(_HOLDINGS, _HOLDINGS, st.sampled_from(["merged", "replaced", "overridden", "deleted"]))
def test_what_was_done_once_need_not_be_done_again(have: Holding, want: Holding, state: str) -> None:
    wanted = Want(state, want.services, want.addresses, everything=not want.services)
    after = planning.target(wanted, have)
    assert planning.operations(after, planning.target(wanted, after)) == []


@given(_HOLDINGS, _HOLDINGS)
def test_overridden_leads_anywhere_and_back(have: Holding, want: Holding) -> None:
    there = planning.target(Want("overridden", want.services, want.addresses), have)
    assert planning.target(Want("overridden", have.services, have.addresses), there) == have
