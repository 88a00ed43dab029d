# SPDX-License-Identifier: GPL-3.0-or-later
"""Usages, policies and routes: every permission leads somewhere, and emergency calls leave where the caller is."""

from __future__ import annotations

import typing as t

from ...findings import Violation, violation
from ...schema.problems import join, nearest
from ..inputs.voice import LocationProfileInput, NormalizationRuleInput
from ..model import Topology
from ..numbers.patterns import Pattern, is_hidden_by, overlap, read_pattern, translate
from ..voice import default_policy, figure, gateway_types, gateways, usages

_POLICIES = "uc_voice.policies"
_ROUTES = "uc_voice.routes"


def _why(topology: Topology, name: str) -> tuple[str, ...]:
    known = figure(topology.catalogue, name)
    return (known.row,) if known else ()


def usage_references(topology: Topology) -> t.Iterator[Violation]:
    """Usages are declared, where any is."""
    voice = topology.estate.voice
    if not voice.usages:
        return
    named = [(join(_POLICIES, name), policy.usages) for name, policy in voice.policies.items()]
    named += [(join(_ROUTES, name), route.usages) for name, route in voice.routes.items()]
    for path, given in named:
        for index, usage in enumerate(given):
            if usage not in voice.usages:
                yield violation(
                    "finding.no-such-usage",
                    f"{path}.usages[{index}]",
                    value=usage,
                    allowed=", ".join(voice.usages),
                    nearest=nearest(usage, voice.usages),
                )


def usage_associations(topology: Topology) -> t.Iterator[Violation]:
    """A usage is in a policy and on a route; with one alone it does nothing."""
    voice = topology.estate.voice
    of_policies = {usage for policy in voice.policies.values() for usage in policy.usages}
    of_routes = {usage for route in voice.routes.values() for usage in route.usages}
    why = _why(topology, "usage_associations")
    for usage in usages(topology):
        if usage not in of_policies:
            yield violation("finding.usage-without-policy", "uc_voice.usages", value=usage, why=why)
        if usage not in of_routes:
            yield violation("finding.usage-without-route", "uc_voice.usages", value=usage, why=why)


def policies(topology: Topology) -> t.Iterator[Violation]:
    """There is a default, and every policy lets its users call somebody."""
    voice = topology.estate.voice
    named = {"uc_voice.default_policy": voice.default_policy}
    named.update({f"{join('uc_voice.users', user)}.policy": given.policy for user, given in voice.users.items()})
    for path, name in named.items():
        if name and name not in voice.policies:
            yield violation(
                "finding.no-such-policy",
                path,
                value=name,
                allowed=", ".join(voice.policies) or "none is declared",
                nearest=nearest(name, voice.policies),
            )
    if voice.policies and not default_policy(topology):
        yield violation(
            "finding.no-default-policy",
            "uc_voice.default_policy",
            allowed=", ".join(voice.policies),
            why=_why(topology, "default_policy"),
        )
    ringing = figure(topology.catalogue, "ringing_with_pbx_integration")
    for name, policy in voice.policies.items():
        if not any(set(route.usages) & set(policy.usages) for route in voice.routes.values()):
            yield violation(
                "finding.policy-without-route",
                f"{join(_POLICIES, name)}.usages",
                value=", ".join(policy.usages) or "none",
                why=_why(topology, "usage_associations"),
                policy=name,
            )
        if ringing and policy.pbx_integration and policy.simultaneous_ringing:
            yield violation(
                "finding.ringing-beside-pbx",
                f"{join(_POLICIES, name)}.simultaneous_ringing",
                value="true",
                why=(ringing.row,),
                policy=name,
            )


def routes(topology: Topology) -> t.Iterator[Violation]:
    """Routes have what they need, and their gateways are gateways behind Mediation Servers."""
    fields = figure(topology.catalogue, "route_fields")
    known = set(gateways(topology))
    for name, route in topology.estate.voice.routes.items():
        path = join(_ROUTES, name)
        given: tuple[tuple[str, tuple[str, ...]], ...] = (("gateways", route.gateways), ("usages", route.usages))
        for option, values in given:
            if fields and option in fields.value and not values:
                yield violation(
                    "finding.route-incomplete", f"{path}.{option}", why=(fields.row,), route=name, option=option
                )
        for index, host in enumerate(route.gateways):
            if host not in known:
                yield _not_a_gateway(topology, f"{path}.gateways[{index}]", host)


def _not_a_gateway(topology: Topology, path: str, host: str) -> Violation:
    return violation(
        "finding.not-a-gateway",
        path,
        value=host,
        allowed=", ".join(gateways(topology)) or "no host is in a group of gateways",
        why=_why(topology, "gateway_server_types"),
        types=", ".join(gateway_types(topology)),
    )


def hidden_routes(topology: Topology) -> t.Iterator[Violation]:
    """Every route is the first choice of some call; otherwise it only stands by for others."""
    voice = topology.estate.voice
    for name, route in voice.routes.items():
        pattern = read_pattern(route.pattern)
        offered = [policy for policy in voice.policies.values() if set(policy.usages) & set(route.usages)]
        if not offered or pattern.numbers is None:
            continue
        before = [_before(topology, name, policy.usages) for policy in offered]
        if all(
            is_hidden_by(pattern, (read_pattern(voice.routes[other].pattern) for other in names)) for names in before
        ):
            yield violation(
                "finding.route-only-backup",
                join(_ROUTES, name),
                why=_why(topology, "usage_order"),
                route=name,
                others=", ".join(_takers(topology, pattern, before)),
            )


def _takers(topology: Topology, pattern: Pattern, before: t.Iterable[t.Iterable[str]]) -> list[str]:
    """Routes among those tried before that take some number of the pattern."""
    names = dict.fromkeys(name for group in before for name in group)
    routes_by_name = topology.estate.voice.routes
    return [name for name in names if overlap(pattern, read_pattern(routes_by_name[name].pattern)) is not None]


def _before(topology: Topology, name: str, ordered: t.Sequence[str]) -> list[str]:
    """Routes that a policy tries before the named one."""
    found: list[str] = []
    for usage in ordered:
        for other, route in topology.estate.voice.routes.items():
            if usage in route.usages:
                if other == name:
                    return found
                found.append(other)
    return found


def emergency_calls(topology: Topology) -> t.Iterator[Violation]:
    """Emergency numbers are routed for everybody, and leave at the caller's site."""
    voice = topology.estate.voice
    why = _why(topology, "emergency_gateway")
    for name, policy in voice.policies.items():
        for number in voice.emergency_numbers if policy.usages else ():
            first = _first_route(topology, policy.usages, number)
            if first is None:
                yield violation(
                    "finding.emergency-not-routed",
                    f"{join(_POLICIES, name)}.usages",
                    value=", ".join(policy.usages) or "none",
                    why=why,
                    policy=name,
                    number=number,
                )
                continue
            servers = (topology.servers.get(host) for host in voice.routes[first].gateways)
            away = [server.name for server in servers if server and policy.site not in ("", server.site)]
            if away:
                yield violation(
                    "finding.emergency-elsewhere",
                    f"{join(_POLICIES, name)}.usages",
                    value=", ".join(policy.usages),
                    why=why,
                    policy=name,
                    number=number,
                    route=first,
                    gateway=", ".join(away),
                    site=policy.site,
                )


def emergency_numbers(topology: Topology) -> t.Iterator[Violation]:
    """Emergency numbers pass every location profile unharmed, on telephones too."""
    voice = topology.estate.voice
    why = _why(topology, "emergency_gateway")
    for name, profile in voice.location_profiles.items():
        for number in voice.emergency_numbers if profile.rules else ():
            for device, made in _dialled(profile, number).items():
                if made != number:
                    yield violation(
                        "finding.emergency-not-dialled",
                        join("uc_voice.location_profiles", name) + ".rules",
                        why=why,
                        number=number,
                        device=device,
                        profile=name,
                        made=made or "nothing, as no rule matches",
                    )


def _dialled(profile: LocationProfileInput, number: str) -> dict[str, str]:
    """What becomes of a number in Communicator, and on telephones where these dial in another way."""
    found = {"Communicator": _first_result(profile.rules, number)}
    prefix = profile.external_access_prefix
    outside = bool(prefix) and number.startswith(prefix)
    rules = [rule for rule in profile.rules if rule.device and not (outside and rule.internal)]
    if outside or len(rules) < len(profile.rules):
        found["a telephone"] = _first_result(rules, number.removeprefix(prefix) if outside else number)
    return found


def _first_result(rules: t.Iterable[NormalizationRuleInput], number: str) -> str:
    made = (translate(read_pattern(rule.pattern), rule.translation, number) for rule in rules)
    return next((result for result in made if result is not None), "")


def _first_route(topology: Topology, ordered: t.Sequence[str], number: str) -> str | None:
    for usage in ordered:
        for name, route in topology.estate.voice.routes.items():
            if usage in route.usages and read_pattern(route.pattern).match(number):
                return name
    return None


CHECKS = (
    usage_references,
    usage_associations,
    policies,
    routes,
    hidden_routes,
    emergency_calls,
    emergency_numbers,
)
