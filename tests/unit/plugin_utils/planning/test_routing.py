# SPDX-License-Identifier: GPL-3.0-or-later
"""Where calls of the lab go, and why some go nowhere. The guide's own examples are in tests/documents."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.base import Stages
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.routing import Call, UnknownUserError, route_number
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.voice import plan_voice
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.voice_items import VoicePlan
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.build import read
from tests import support

PROFILE = "Redmond.corp.contoso.com"
GATEWAY = "gw1.corp.contoso.com"


def plan_with(changes: t.Mapping[str, t.Any] | None = None) -> VoicePlan:
    topology, _problems = read(support.changed(support.example("lab"), changes or {}))
    return plan_voice(topology, Stages(topology.catalogue))


def call(dialled: str, changes: t.Mapping[str, t.Any] | None = None, **given: t.Any) -> Call:
    return route_number(plan_with(changes), dialled, given.pop("profile", PROFILE), **given)


@pytest.mark.parametrize(
    ("dialled", "rule", "number", "route"),
    [
        ("50100", "5digitExtension", "+14255550100", "Redmond Local Route"),
        ("555-0100", "7digitcallingRedmond", "+14255550100", "Redmond Local Route"),
        ("(206) 555-0100", "10digitcallingUS", "+12065550100", "Redmond Local Route"),
        ("12145550100", "LDCallingUS", "+12145550100", "Universal Route"),
        ("01191445550100", "IntlCallingUS", "+91445550100", "Intl Route"),
        ("64440100", "DallasSitePrefix", "+19725550100", "Universal Route"),
        ("0", "RedmondOperator", "+14255550100", "Redmond Local Route"),
        ("911", "Emergency", "911", "Redmond 911 Route"),
        ("+1 425 555 0100", "", "+14255550100", "Redmond Local Route"),
    ],
)
def test_calls_that_are_routed(dialled: str, rule: str, number: str, route: str) -> None:
    found = call(dialled)
    assert (found.outcome, found.rule, found.number, found.route) == ("routed", rule, number, route)
    assert found.gateways == (GATEWAY,)
    assert found.choices[0].mediation == ("med1.corp.contoso.com",)
    assert found.policy == "Default Calling Policy"


def test_later_usages_stand_by() -> None:
    assert [(c.usage, c.route) for c in call("50100").choices] == [
        ("Local", "Redmond Local Route"),
        ("GlobalPSTNHopoff", "Universal Route"),
    ]


def test_a_blocked_number_has_no_route() -> None:
    found = call("1 900 555 0100")
    assert (found.outcome, found.route, found.gateways) == ("not_routed", "", ())
    assert found.reason == "no route matches +19005550100"


def test_numbers_of_conferences_and_voice_mail_are_answered_inside() -> None:
    assert call("50199").reason == "Conferencing Attendant of pool1.corp.contoso.com"
    assert call("50198").reason == f"Exchange Unified Messaging, dial plan {PROFILE}"
    assert call("50198").outcome == "answered_inside"


def test_a_policy_without_the_usage_refuses() -> None:
    found = call("12145550100", policy="Redmond Local Policy")
    assert found.reason == "Redmond Local Policy has no usage of Universal Route"


def test_unknown_names_are_told() -> None:
    assert call("50100", profile="Dallas").reason == "there is no location profile Dallas"
    assert call("50100", policy="Nobody").reason == "there is no voice policy Nobody"
    assert call("50100", {"uc_voice/default_policy": ""}).reason == "no policy holds"


def test_digits_that_no_rule_knows() -> None:
    found = call("12")
    assert (found.number, found.reason) == ("", f"no rule of {PROFILE} matches 12")


def test_without_a_profile_digits_are_the_number() -> None:
    assert call("911", profile="").route == "Redmond 911 Route"


def test_gateways_that_are_down() -> None:
    found = call("50100", unavailable=[GATEWAY])
    assert found.reason == "no gateway of Redmond Local Route, Universal Route is available behind a Mediation Server"


def test_a_telephone_drops_the_prefix_and_then_knows_no_extensions() -> None:
    assert call("85550100", device="telephone").rule == "7digitcallingRedmond"
    assert call("850100", device="telephone").rule == ""
    assert call("50100", device="telephone").rule == "5digitExtension"


def test_a_telephone_passes_over_rules_of_communicator() -> None:
    assert call("4255550100", device="telephone").outcome == "not_routed"
    assert call("4255550100").rule == "10digitcallingUS"


def test_patterns_that_are_not_tried_are_named() -> None:
    rules = [{"pattern": r"^(\d+)+$", "translation": "+$1"}, {"pattern": r"^(\d)\1$", "translation": "+$1"}]
    found = call("22", {f"uc_voice/location_profiles/{PROFILE}/rules": rules})
    assert found.reason == rf"no rule of {PROFILE} matches 22 (not tried: ^(\d+)+$, ^(\d)\1$)"


def test_a_rule_without_a_name_is_called_by_its_place() -> None:
    rules = [{"pattern": r"^(\d{7})$", "translation": "+1425$1"}]
    assert call("5550100", {f"uc_voice/location_profiles/{PROFILE}/rules": rules}).rule == "rule 1"


def test_routing_is_pure() -> None:
    plan = plan_with()
    assert route_number(plan, "50100", PROFILE) == route_number(dataclasses.replace(plan), "50100", PROFILE)


def test_a_user_has_the_profile_of_the_pool_and_the_default_policy() -> None:
    found = route_number(plan_with(), "50100", user="sip:Anna@Contoso.com")
    assert (found.user, found.profile, found.policy) == ("anna@contoso.com", PROFILE, "Default Calling Policy")
    assert (found.rule, found.number, found.route) == ("5digitExtension", "+14255550100", "Redmond Local Route")


def test_a_users_own_policy_refuses_what_the_default_one_allows() -> None:
    abroad = "01191445550100"
    assert route_number(plan_with(), abroad, user="anna@contoso.com").route == "Intl Route"
    refused = route_number(plan_with(), abroad, user="lobby@contoso.com")
    assert (refused.outcome, refused.policy) == ("not_routed", "Redmond Local Policy")


def test_a_named_profile_and_policy_come_before_the_users_own() -> None:
    found = route_number(plan_with(), "01191445550100", PROFILE, "Default Calling Policy", user="lobby@contoso.com")
    assert (found.user, found.outcome, found.route) == ("lobby@contoso.com", "routed", "Intl Route")


def test_a_user_of_another_pool_dials_by_its_profile() -> None:
    rule = {"name": "short", "pattern": r"^(\d{3})$", "translation": "+4930$1"}
    changes = {
        "uc_voice/default_profile/pool1.corp.contoso.com": PROFILE,
        "uc_voice/location_profiles/berlin": {"rules": [rule]},
        "uc_voice/users/carl@contoso.com": {"location_profile": "berlin"},
    }
    assert route_number(plan_with(changes), "123", user="carl@contoso.com").number == "+4930123"
    assert route_number(plan_with(changes), "123", user="anna@contoso.com").number == ""


def test_an_unknown_user_is_told_with_the_nearest_and_what_to_do() -> None:
    with pytest.raises(UnknownUserError) as caught:
        route_number(plan_with(), "50100", user="ana@contoso.com")
    assert str(caught.value) == (
        "there is no user ana@contoso.com in the plan. Did you mean anna@contoso.com? "
        "Known: anna@contoso.com, lobby@contoso.com. "
        "Declare the user in uc_voice.users and plan again, or name a profile and a policy."
    )


def test_without_any_user_the_remedy_is_told_alone() -> None:
    with pytest.raises(UnknownUserError, match=r"^there is no user x@y in the plan\. Declare the user"):
        route_number(VoicePlan(), "1", user="x@y")
