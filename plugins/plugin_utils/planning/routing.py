# SPDX-License-Identifier: GPL-3.0-or-later
"""The way of a call, from the digits that somebody dials to a gateway, or why there is none."""

from __future__ import annotations

import dataclasses
import typing as t

from ..schema.problems import nearest
from ..topology.numbers.patterns import Pattern, digits_of, read_pattern, translate
from .voice_items import LocationProfile, NormalizationRule, Route, VoicePlan, VoicePolicy, VoiceUser

Device = t.Literal["communicator", "telephone"]
_INTERNATIONAL = "+"
_SCHEME = "sip:"


class UnknownUserError(Exception):
    """The plan knows nothing of a user."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A route that may be taken, with its gateways and the Mediation Servers they are behind."""

    usage: str
    route: str
    gateways: tuple[str, ...]
    mediation: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What becomes of a call. `choices` are in the order they are tried: the rest stands by for the first."""

    dialled: str
    user: str
    profile: str
    policy: str
    rule: str
    number: str
    outcome: t.Literal["routed", "answered_inside", "not_routed"]
    reason: str
    choices: tuple[Choice, ...] = ()

    @property
    def route(self) -> str:
        return self.choices[0].route if self.choices else ""

    @property
    def gateways(self) -> tuple[str, ...]:
        return self.choices[0].gateways if self.choices else ()


def route_number(
    plan: VoicePlan,
    dialled: str,
    profile: str = "",
    policy: str = "",
    *,
    user: str = "",
    device: Device = "communicator",
    unavailable: t.Collection[str] = (),
) -> Call:
    """Where a call goes that this user dials, or one with this profile and policy, which come before the user's own.

    Without either the digits are taken as the final number, and the default policy holds. Gateways in `unavailable` are
    passed over.
    """
    caller = _user(plan, user) if user else None
    if caller:
        profile, policy = profile or caller.location_profile, policy or caller.policy
    chosen = _policy(plan, policy)
    call = Call(
        dialled=dialled,
        user=caller.user if caller else "",
        profile=profile,
        policy=chosen.name if chosen else policy,
        rule="",
        number=digits_of(dialled),
        outcome="not_routed",
        reason="",
    )
    dial_plan = next((item for item in plan.location_profiles if item.name == profile), None)
    if profile and dial_plan is None:
        return dataclasses.replace(call, number="", reason=f"there is no location profile {profile}")
    if dial_plan is not None:
        call = _normalized(call, dial_plan, device)
        if call.reason:
            return call
    inside = _inside(plan, call.number)
    if inside:
        return dataclasses.replace(call, outcome="answered_inside", reason=inside)
    if chosen is None:
        return dataclasses.replace(call, reason=f"there is no voice policy {policy}" if policy else "no policy holds")
    return _routed(call, plan, chosen, unavailable)


def _user(plan: VoicePlan, address: str) -> VoiceUser:
    wanted = address.casefold().removeprefix(_SCHEME)
    known = {item.user.casefold(): item for item in plan.users}
    if wanted in known:
        return known[wanted]
    near = nearest(wanted, known)
    meant = f" Did you mean {known[near].user}?" if near else ""
    allowed = f" Known: {', '.join(item.user for item in plan.users)}." if known else ""
    raise UnknownUserError(
        f"there is no user {address} in the plan.{meant}{allowed} "
        "Declare the user in uc_voice.users and plan again, or name a profile and a policy."
    )


def _policy(plan: VoicePlan, name: str) -> VoicePolicy | None:
    return next((item for item in plan.policies if (item.name == name if name else item.is_default)), None)


def _normalized(call: Call, profile: LocationProfile, device: Device) -> Call:
    """The number that the first matching rule makes; one in its final form stays as it is."""
    if call.number.startswith(_INTERNATIONAL):
        return call
    digits = call.number
    outside = False
    prefix = profile.external_access_prefix
    if device == "telephone" and prefix and digits.startswith(prefix):
        digits, outside = digits.removeprefix(prefix), True
    for rule in profile.rules:
        if device == "telephone" and _is_ignored(rule, outside=outside):
            continue
        number = translate(read_pattern(rule.pattern), rule.translation, digits)
        if number is not None:
            return dataclasses.replace(call, rule=rule.name, number=number)
    reason = f"no rule of {profile.name} matches {digits}"
    return dataclasses.replace(call, number="", reason=reason + _doubts([rule.pattern for rule in profile.rules]))


def _is_ignored(rule: NormalizationRule, *, outside: bool) -> bool:
    return not rule.device or (outside and rule.internal)


def _inside(plan: VoicePlan, number: str) -> str:
    """Who inside answers the number; users' own numbers stand in the directory and are not known here."""
    for access in plan.access_numbers:
        if access.number == number:
            return f"Conferencing Attendant of {access.pool}"
    for dial_plan in plan.um_dial_plans:
        if number and number in (dial_plan.subscriber_access, dial_plan.auto_attendant):
            return f"Exchange Unified Messaging, dial plan {dial_plan.name}"
    return ""


def _routed(call: Call, plan: VoicePlan, policy: VoicePolicy, unavailable: t.Collection[str]) -> Call:
    matching = [route for route in plan.routes if read_pattern(route.pattern).match(call.number)]
    choices: list[Choice] = []
    for usage in policy.usages:
        for route in matching:
            if usage in route.usages and route.name not in {choice.route for choice in choices}:
                choices.extend(_choice(plan, usage, route, unavailable))
    if choices:
        reason = f"usage {choices[0].usage} of {policy.name} allows {choices[0].route}"
        return dataclasses.replace(call, outcome="routed", reason=reason, choices=tuple(choices))
    return dataclasses.replace(call, reason=_refusal(call, plan, policy, matching))


def _choice(plan: VoicePlan, usage: str, route: Route, unavailable: t.Collection[str]) -> t.Iterator[Choice]:
    gateways = tuple(name for name in route.gateways if name not in unavailable)
    behind = tuple(dict.fromkeys(item.mediation for name in gateways for item in plan.gateways if item.host == name))
    if gateways and behind:
        yield Choice(usage=usage, route=route.name, gateways=gateways, mediation=behind)


def _refusal(call: Call, plan: VoicePlan, policy: VoicePolicy, matching: t.Sequence[Route]) -> str:
    if not matching:
        return f"no route matches {call.number}" + _doubts([route.pattern for route in plan.routes])
    allowed = [route.name for route in matching if set(route.usages) & set(policy.usages)]
    if not allowed:
        return f"{policy.name} has no usage of {', '.join(route.name for route in matching)}"
    return f"no gateway of {', '.join(allowed)} is available behind a Mediation Server"


def _doubts(texts: t.Iterable[str]) -> str:
    """Patterns that were not tried, so that nobody takes the answer for more than it is."""
    passed = [pattern.text for pattern in map(read_pattern, texts) if not _is_tried(pattern)]
    return f" (not tried: {', '.join(passed)})" if passed else ""


def _is_tried(pattern: Pattern) -> bool:
    return pattern.usable
