# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is meant, who is changed, and what forbids it."""

from __future__ import annotations

import pytest

from ansible_collections.openuc.ocs.plugins.module_utils.balancer import draining
from ansible_collections.openuc.ocs.plugins.module_utils.balancer.draining import Server
from ansible_collections.openuc.ocs.plugins.module_utils.balancer.runtime import Standing
from tests.unit.module_utils.balancer.made import SIP, STUN, services

SERVICES = services(SIP, {**SIP, "port": "444"}, STUN)
FRONT = ("openuc-10.20.0.100:5061", "openuc-10.20.0.100:444")
BACK = "openuc-203.0.113.102:3478:udp"


def servers(**statuses: str) -> list[Server]:
    """Both services of the Front Ends and the one of the Edge Servers; all members are up unless said otherwise."""
    places = [(section, name) for section in FRONT for name in ("fe1", "fe2")]
    places += [(BACK, "edge1"), (BACK, "edge2")]
    standings = [Standing(section, name, statuses.get(name, "UP"), 2) for section, name in places]
    return draining.servers_of(SERVICES, standings)


def test_all_services_of_a_member_are_meant_whether_by_name_or_address() -> None:
    by_name = draining.plan("drained", servers(), ["fe1"], [], 1)
    by_address = draining.plan("drained", servers(), ["10.20.0.11"], [], 1)
    assert [each.path for each in by_name.changed] == [f"{section}/fe1" for section in FRONT]
    assert by_address == by_name
    assert [(each.name, each.before, each.after) for each in by_name.operations("drained")] == [
        ("fe1 of tcp/10.20.0.100:5061", "up, 2 session(s)", "drained"),
        ("fe1 of tcp/10.20.0.100:444", "up, 2 session(s)", "drained"),
    ]


def test_services_may_be_chosen() -> None:
    found = draining.plan("drained", servers(), ["fe1"], ["tcp/10.20.0.100:444"], 1)
    assert [each.path for each in found.changed] == [f"{FRONT[1]}/fe1"]


@pytest.mark.parametrize(
    ("state", "status", "changed"),
    [
        ("drained", "UP", True),
        ("drained", "DOWN", True),
        ("drained", "DRAIN", False),
        ("drained", "MAINT", False),
        ("disabled", "DRAIN", True),
        ("disabled", "MAINT", False),
        ("enabled", "UP", False),
        ("enabled", "DOWN", False),
        ("enabled", "DRAIN", True),
        ("enabled", "MAINT", True),
    ],
)
def test_what_is_as_wanted_is_left_alone(state: str, status: str, changed: bool) -> None:
    found = draining.plan(state, servers(fe1=status), ["fe1"], [], 1)
    assert (bool(found.changed), found.problems) == (changed, ())
    assert len(found.meant) == 2


def test_services_that_would_have_too_few_members_are_told_together() -> None:
    found = draining.plan("drained", servers(fe2="DOWN"), ["fe1"], [], 1)
    assert found.problems == (
        (
            "tcp/10.20.0.100:5061, tcp/10.20.0.100:444: 0 member(s) would be left in service (none) without fe1, and "
            "least asks for 1. Put another member in service first, or lower least"
        ),
    )
    assert draining.plan("drained", servers(fe2="DOWN"), ["fe1"], [], 0).problems == ()


def test_a_member_that_serves_nobody_may_go() -> None:
    assert draining.plan("disabled", servers(fe1="DOWN", fe2="DOWN"), ["fe1"], [], 1).problems == ()


def test_more_members_at_once_count_together() -> None:
    found = draining.plan("drained", servers(), ["edge1", "edge2"], [], 1)
    assert "0 member(s) would be left in service (none) without edge1, edge2" in found.problems[0]


def test_out_of_service_afterwards_are_those_of_before_and_those_of_now() -> None:
    listed = servers(fe2="MAINT", edge1="DRAIN")
    gone = draining.plan("drained", listed, ["edge2"], [], 0)
    assert draining.out_of_service("drained", listed, gone.changed) == {
        FRONT[0]: ("fe2",),
        FRONT[1]: ("fe2",),
        BACK: ("edge1", "edge2"),
    }
    back = draining.plan("enabled", listed, ["fe2"], ["tcp/10.20.0.100:444"], 1)
    assert draining.out_of_service("enabled", listed, back.changed) == {FRONT[0]: ("fe2",), BACK: ("edge1",)}


def test_names_that_nobody_has_are_told() -> None:
    found = draining.plan("drained", servers(), ["fe11", "edge1"], ["tcp/10.20.0.100:445"], 1)
    assert found.problems == (
        "members[0]: 'fe11' is no member of a service here; did you mean fe1?; members are fe1, fe2, edge1, edge2",
        (
            "services[0]: there is no service 'tcp/10.20.0.100:445'; did you mean tcp/10.20.0.100:444?; services are "
            "tcp/10.20.0.100:5061, tcp/10.20.0.100:444, udp/203.0.113.102:3478"
        ),
    )
