# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that follows a call through a plan."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.openuc.ocs.plugins.filter.route_number import FilterModule
from ansible_collections.openuc.ocs.plugins.plugin_utils.json_text import plain
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.base import Stages
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.voice import plan_voice
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.build import read
from tests import support

route_number = FilterModule().filters()["route_number"]
PROFILE = "Redmond.corp.contoso.com"


@pytest.fixture(name="plan", scope="module")
def fixture_plan() -> dict[str, t.Any]:
    topology, _problems = read(support.example("lab"))
    return {"voice": json.loads(json.dumps(plain(plan_voice(topology, Stages(topology.catalogue)))))}


def test_a_call_as_plan_json_tells_it(plan: dict[str, t.Any]) -> None:
    call = route_number("50100", plan, PROFILE)
    assert (call["number"], call["outcome"]) == ("+14255550100", "routed")
    assert call["choices"][0] == {
        "usage": "Local",
        "route": "Redmond Local Route",
        "gateways": ["gw1.corp.contoso.com"],
        "mediation": ["med1.corp.contoso.com"],
    }


def test_the_voice_part_alone_will_do(plan: dict[str, t.Any]) -> None:
    assert route_number(911, plan["voice"])["number"] == "911"
    assert route_number("850100", plan, PROFILE, device="telephone")["rule"] == ""
    assert route_number("50100", plan, PROFILE, unavailable=["gw1.corp.contoso.com"])["choices"] == []


@pytest.mark.parametrize("wrong", ["", None, [], {"a": 1}, {"voice": 1}, {"voice": {"routes": [{"name": "x"}]}}])
def test_what_is_no_plan_is_refused(wrong: object) -> None:
    with pytest.raises(AnsibleFilterError, match="expected a plan"):
        route_number("1", wrong)


def test_an_unknown_device_is_refused(plan: dict[str, t.Any]) -> None:
    with pytest.raises(AnsibleFilterError, match="there is no device 'fax'; allowed: communicator, telephone"):
        route_number("1", plan, device="fax")


def test_a_user_stands_for_profile_and_policy(plan: dict[str, t.Any]) -> None:
    call = route_number("50100", plan, user="anna@contoso.com")
    assert (call["user"], call["profile"]) == ("anna@contoso.com", PROFILE)
    assert call["choices"][0]["route"] == "Redmond Local Route"


def test_an_unknown_user_is_refused(plan: dict[str, t.Any]) -> None:
    with pytest.raises(AnsibleFilterError, match=r"there is no user ana@contoso\.com in the plan\. Did you mean anna@"):
        route_number("1", plan, user="ana@contoso.com")
