# SPDX-License-Identifier: GPL-3.0-or-later
"""How balancers see their members, and whether each of them gets connections."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest

from ansible_collections.openuc.ocs.plugins.plugin_utils.acting.compared import keep_members
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.load_balancing import Service
from ansible_collections.openuc.ocs.plugins.plugin_utils.verification.diagnosis import Diagnosis, Diagnostician
from ansible_collections.openuc.ocs.plugins.plugin_utils.verification.expectations import probes_of
from ansible_collections.openuc.ocs.plugins.plugin_utils.verification.members import KNOCKS, standings
from ansible_collections.openuc.ocs.plugins.plugin_utils.verification.observed import ObservedError
from ansible_collections.openuc.ocs.plugins.plugin_utils.verification.verdicts import KNOCK, Verdict, verdicts_of
from tests import support

LAB = support.example_design("lab")
assert LAB.plan is not None
BALANCER, VIP, PORT = "lb1.corp.contoso.com", "10.20.0.100", "5061"
FE1, FE2 = "fe1.corp.contoso.com", "fe2.corp.contoso.com"
SERVICE: Service = next(each for each in LAB.plan.services if (each.vip, each.port) == (VIP, PORT))


def standing(name: str, status: str = "UP", total: int = 3) -> dict[str, t.Any]:
    return {"section": f"openuc-{VIP}:{PORT}", "name": name, "status": status, "sessions": 0, "total": total}


def judged(folder: Path, *members: dict[str, t.Any]) -> tuple[dict[str, Verdict], tuple[Diagnosis, ...]]:
    assert LAB.plan is not None
    keep_members(folder / "members", BALANCER, members)
    verdicts = standings(folder, [SERVICE], ())
    told = Diagnostician(LAB.topology, LAB.plan, verdicts).diagnoses()
    return {verdict.host: verdict for verdict in verdicts}, told


def test_members_in_service_that_get_connections_pass(tmp_path: Path) -> None:
    found, told = judged(tmp_path, standing(FE1), standing(FE2))
    assert {name: verdict.status for name, verdict in found.items()} == {FE1: "passed", FE2: "passed"}
    assert found[FE1].detail == f"in service; connections so far: {FE1} 3, {FE2} 3"
    assert told == ()


@pytest.mark.parametrize("status", ["DOWN", "MAINT", "DRAIN"])
def test_a_member_that_is_not_in_service_is_told_with_the_port_it_is_judged_by(tmp_path: Path, status: str) -> None:
    found, (told,) = judged(tmp_path, standing(FE1), standing(FE2, status))
    assert (found[FE1].status, found[FE2].status) == ("passed", "failed")
    assert (told.id, told.host) == ("failure.member-out", FE2)
    assert f"{BALANCER} sends nothing to {FE2} for {VIP}:{PORT}: the balancer says that it is {status}" in told.cause
    assert f"judges it by port {SERVICE.check_port}" in told.remedy


def test_a_member_that_gets_none_of_many_connections_is_told(tmp_path: Path) -> None:
    found, (told,) = judged(tmp_path, standing(FE1, total=2 * KNOCKS), standing(FE2, total=0))
    assert (found[FE2].status, found[FE2].outcome, told.id) == ("failed", "unused", "failure.member-unused")
    assert f"{FE1} {2 * KNOCKS}, {FE2} 0" in told.cause


def test_of_a_few_connections_nothing_is_concluded(tmp_path: Path) -> None:
    found, told = judged(tmp_path, standing(FE1, total=1), standing(FE2, total=0))
    assert (found[FE2].status, told) == ("passed", ())


def test_a_member_that_the_balancer_does_not_know_fails(tmp_path: Path) -> None:
    found, _told = judged(tmp_path, standing(FE1))
    assert found[FE2].detail == "the balancer does not know it as a member"


def test_nothing_is_said_of_balancers_that_were_not_asked_or_hand_on_by_packet_filter(tmp_path: Path) -> None:
    assert standings(tmp_path, [SERVICE], ()) == ()
    assert judged(tmp_path)[0] == {}


def test_a_file_that_says_nothing_is_named(tmp_path: Path) -> None:
    (tmp_path / "members").mkdir()
    (tmp_path / "members" / f"{BALANCER}.json").write_text(json.dumps({"members": [{"name": "x"}]}))
    with pytest.raises(ObservedError, match=rf"{BALANCER}\.json cannot be used"):
        standings(tmp_path, [SERVICE], ())


def test_vantages_knock_often_enough_for_every_member_and_nothing_is_judged_of_that() -> None:
    assert LAB.plan is not None
    probes = dict(probes_of(LAB.topology, LAB.plan))["client1.corp.contoso.com"]
    knocks = [probe for probe in probes if probe["kind"] == KNOCK and (probe["address"], probe["port"]) == (VIP, 5061)]
    assert len(knocks) >= KNOCKS * 2
    assert len({probe["id"] for probe in knocks}) == len(knocks)
    assert list(verdicts_of("client1", knocks, ())) == []


STUN: Service = next(each for each in LAB.plan.services if each.protocol == "udp" and each.vip == "203.0.113.102")


def sticky(folder: Path, clients: int, *given: int) -> list[Verdict]:
    """A service that clients stay with a member of, after so many came through to it."""
    members = [
        {**standing(name), "section": f"openuc-{STUN.vip}:{STUN.port}:udp", "total": total}
        for name, total in zip(STUN.members, given, strict=True)
    ]
    keep_members(folder / "members", STUN.balancer, members)
    probe = {"kind": "flow", "stage": "", "host": "", "address": STUN.vip, "port": int(STUN.port), "protocol": "stun"}
    sent = [{**probe, "id": str(n), "source_address": f"192.0.2.{n}", "expect": "served"} for n in range(clients)]
    seen = [{"id": each["id"], "outcome": "open"} for each in sent]
    return list(standings(folder, [STUN], [*verdicts_of("world", sent, seen)]))


def test_members_that_packets_are_handed_on_to_are_counted_too(tmp_path: Path) -> None:
    assert [verdict.facts["total"] for verdict in sticky(tmp_path, 3, 2, 1)] == [2, 1]


def test_of_few_clients_that_stay_with_a_member_nothing_is_concluded(tmp_path: Path) -> None:
    _used, other = sticky(tmp_path, 10, 10, 0)
    assert (other.status, other.outcome) == ("passed", "in_service")
    assert other.detail.endswith("clients stay with a member, and 10 are too few to tell how they spread")


def test_a_member_that_none_of_many_clients_comes_to_is_told(tmp_path: Path) -> None:
    """Eleven coins that all fall on one side: less than one estate in a thousand."""
    _used, other = sticky(tmp_path, 11, 11, 0)
    assert (other.status, other.outcome) == ("failed", "unused")
    assert "of 11 clients, each of which stays with a member, none came to it" in other.detail
