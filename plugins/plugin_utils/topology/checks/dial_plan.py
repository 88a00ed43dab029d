# SPDX-License-Identifier: GPL-3.0-or-later
"""Dial plans: rules that work, in an order in which each is reached, and profiles that everybody has."""

from __future__ import annotations

import re
import typing as t

from ...findings import Violation, violation
from ...schema.problems import join, nearest
from ..inputs.voice import LocationProfileInput, NormalizationRuleInput
from ..model import Topology
from ..numbers.patterns import (
    Pattern,
    early_match,
    example_of,
    is_bounded,
    is_hidden_by,
    missing_groups,
    overlap,
    read_pattern,
    takes_nothing,
    translate,
)
from ..voice import Figure, figure, pool_of_user, profile_of_mediation, profile_of_pool, profile_of_user, voice_pools

_PROFILES = "uc_voice.location_profiles"
_USERS = "uc_voice.users"


def _profiles(topology: Topology) -> t.Iterator[tuple[str, str, LocationProfileInput]]:
    for name, profile in topology.estate.voice.location_profiles.items():
        yield name, join(_PROFILES, name), profile


def _rules(topology: Topology) -> t.Iterator[tuple[str, str, NormalizationRuleInput]]:
    for name, path, profile in _profiles(topology):
        for index, rule in enumerate(profile.rules):
            yield name, f"{path}.rules[{index}]", rule


def _known(topology: Topology, name: str) -> Figure | None:
    return figure(topology.catalogue, name)


def _called(rule: NormalizationRuleInput) -> str:
    return rule.name or rule.pattern


def patterns(topology: Topology) -> t.Iterator[Violation]:
    """Patterns of rules and routes compile, are understood, and match something that can be dialled."""
    dialect = _known(topology, "pattern_dialect")
    why = (dialect.row,) if dialect else ()
    found = [(f"{path}.pattern", rule.pattern) for _name, path, rule in _rules(topology)]
    found += [
        (join("uc_voice.routes", name) + ".pattern", route.pattern)
        for name, route in topology.estate.voice.routes.items()
    ]
    for path, text in found:
        yield from _pattern(path, read_pattern(text), why)


def _pattern(path: str, pattern: Pattern, why: tuple[str, ...]) -> t.Iterator[Violation]:
    if pattern.broken:
        yield violation("finding.pattern-broken", path, value=pattern.text, why=why, reason=pattern.broken)
    elif pattern.unknown:
        yield violation("finding.pattern-not-understood", path, value=pattern.text, why=why, construct=pattern.unknown)
    elif pattern.nested:
        yield violation("finding.pattern-nested", path, value=pattern.text, why=why)
    elif takes_nothing(pattern):
        yield violation("finding.pattern-matches-nothing", path, value=pattern.text, why=why)
    elif not is_bounded(pattern):
        yield violation("finding.pattern-unbounded", path, value=pattern.text, why=why)


def translations(topology: Topology) -> t.Iterator[Violation]:
    """Translations refer to groups that exist."""
    for _name, path, rule in _rules(topology):
        pattern = read_pattern(rule.pattern)
        for reference in missing_groups(pattern, rule.translation):
            count = pattern.syntax.groups if pattern.syntax else 0
            yield violation(
                "finding.translation-without-group",
                f"{path}.translation",
                value=rule.translation,
                reference=reference,
                count=count,
            )


def hidden_rules(topology: Topology) -> t.Iterator[Violation]:
    """Every rule is the first to match some number."""
    for _name, path, profile in _profiles(topology):
        rules = [(rule, read_pattern(rule.pattern)) for rule in profile.rules]
        for index, (rule, pattern) in enumerate(rules):
            hiding = [other for other in rules[:index] if _stands_before(profile, other[0], rule)]
            if pattern.usable and not takes_nothing(pattern) and is_hidden_by(pattern, (p for _rule, p in hiding)):
                yield violation(
                    "finding.rule-hidden",
                    f"{path}.rules[{index}]",
                    rule=_called(rule),
                    others=", ".join(_hiders(pattern, hiding)),
                )


def _stands_before(
    profile: LocationProfileInput, earlier: NormalizationRuleInput, rule: NormalizationRuleInput
) -> bool:
    """Whether whoever tries the rule has tried the earlier one.

    Telephones pass over rules that are not for them and, after the prefix for an outside line, over internal ones.
    """
    by_devices = earlier.device or not rule.device
    outside = bool(profile.external_access_prefix) and rule.device and not rule.internal
    return by_devices and not (outside and earlier.internal)


def _hiders(pattern: Pattern, earlier: t.Sequence[tuple[NormalizationRuleInput, Pattern]]) -> list[str]:
    """The one earlier rule that hides another, or all that do so together."""
    for rule, other in earlier:
        if is_hidden_by(pattern, (other,)):
            return [_called(rule)]
    return [_called(rule) for rule, other in earlier if overlap(pattern, other) is not None]


def number_form(topology: Topology) -> t.Iterator[Violation]:
    """Rules make numbers in their final form."""
    form = _known(topology, "number_form")
    if form is None:
        return
    final = re.compile(form.value)
    spared = set(topology.estate.voice.emergency_numbers)
    for _name, path, rule in _rules(topology):
        pattern = read_pattern(rule.pattern)
        number = example_of(pattern)
        made = translate(pattern, rule.translation, number) if number is not None else None
        if made is None or made in spared or final.match(made) or missing_groups(pattern, rule.translation):
            continue
        yield violation(
            "finding.rule-gives-no-number",
            f"{path}.translation",
            value=rule.translation,
            why=(form.row,),
            rule=_called(rule),
            number=number,
            made=made,
        )


def obsolete_markers(topology: Topology) -> t.Iterator[Violation]:
    """Rules hold no marker of the release before."""
    marker = _known(topology, "obsolete_marker")
    for _name, path, rule in _rules(topology):
        if marker and marker.value in rule.pattern:
            yield violation(
                "finding.rule-obsolete-marker",
                f"{path}.pattern",
                value=rule.pattern,
                why=(marker.row,),
                marker=marker.value,
            )


def early_rules(topology: Topology) -> t.Iterator[Violation]:
    """Telephones that send as soon as a rule matches do not send too early."""
    early, telephones = _known(topology, "off_hook_overlap"), _known(topology, "telephone_clients")
    used = {product for clients in topology.estate.clients.values() for product in clients.products}
    if early is None or telephones is None or not used.intersection(telephones.value):
        return
    for _name, path, profile in _profiles(topology):
        rules = [(index, rule, read_pattern(rule.pattern)) for index, rule in enumerate(profile.rules) if rule.device]
        for index, longer, pattern in rules:
            for _index, shorter, other in rules:
                apart = profile.external_access_prefix and longer.internal != shorter.internal
                number = None if apart or other is pattern else early_match(pattern, other)
                if number is not None:
                    yield violation(
                        "finding.rule-sent-early",
                        f"{path}.rules[{index}]",
                        why=(early.row,),
                        rule=_called(longer),
                        other=_called(shorter),
                        number=number,
                    )
                    break


def profiles(topology: Topology) -> t.Iterator[Violation]:
    """Profiles have rules, and a prefix that can be dialled."""
    fewest, prefix = _known(topology, "fewest_rules"), _known(topology, "external_access_prefix")
    for name, path, profile in _profiles(topology):
        if fewest and len(profile.rules) < fewest.value:
            yield violation(
                "finding.profile-without-rules",
                f"{path}.rules",
                why=(fewest.row,),
                name=name,
                least=fewest.value,
            )
        given = profile.external_access_prefix
        if prefix and given and not re.match(prefix.value, given):
            yield violation(
                "finding.access-prefix",
                f"{path}.external_access_prefix",
                value=given,
                allowed=f"text that {prefix.value} matches",
                why=(prefix.row,),
            )


def profile_references(topology: Topology) -> t.Iterator[Violation]:
    """Profiles that are referred to exist."""
    voice = topology.estate.voice
    named = [(join("uc_voice.default_profile", pool), name) for pool, name in voice.default_profile.items()]
    named += [
        (join("uc_mediation", host) + ".location_profile", given.location_profile)
        for host, given in topology.estate.mediation.items()
    ]
    named += [
        (f"uc_voice.access_numbers[{index}].location_profile", number.location_profile)
        for index, number in enumerate(voice.access_numbers)
    ]
    named += [(join(_USERS, user) + ".location_profile", given.location_profile) for user, given in voice.users.items()]
    for path, name in named:
        if name and name not in voice.location_profiles:
            yield violation(
                "finding.no-such-profile",
                path,
                value=name,
                allowed=", ".join(voice.location_profiles) or "none is declared",
                nearest=nearest(name, voice.location_profiles),
            )


def profile_assignments(topology: Topology) -> t.Iterator[Violation]:
    """Where there are profiles, every pool and every Mediation Server has one."""
    voice = topology.estate.voice
    choice, mediation = _known(topology, "profile_choice"), _known(topology, "mediation_profile")
    if not voice.location_profiles:
        return
    allowed = ", ".join(voice.location_profiles)
    for cluster in voice_pools(topology) if choice else ():
        if not profile_of_pool(topology, cluster.name):
            yield violation(
                "finding.pool-without-profile",
                join("uc_voice.default_profile", cluster.name),
                allowed=allowed,
                why=(choice.row,) if choice else (),
                pool=cluster.name,
            )
    for host, given in topology.estate.mediation.items() if mediation else ():
        if not profile_of_mediation(topology, given):
            yield violation(
                "finding.mediation-without-profile",
                join("uc_mediation", host) + ".location_profile",
                host=host,
                allowed=allowed,
                why=(mediation.row,) if mediation else (),
            )


def users(topology: Topology) -> t.Iterator[Violation]:
    """Users are of a SIP domain of the estate, and it is told which location profile they have."""
    voice = topology.estate.voice
    domains = {name.casefold(): name for name in topology.estate.sip_domains}
    for user, given in voice.users.items():
        domain = user.rpartition("@")[2]
        if domain.casefold() not in domains:
            yield violation(
                "finding.user-elsewhere",
                join(_USERS, user),
                value=domain,
                allowed=", ".join(domains.values()) or "none is declared",
                nearest=nearest(domain, domains.values()),
            )
        if voice.location_profiles and not (profile_of_user(topology, given) or pool_of_user(topology, given)):
            yield violation(
                "finding.user-without-profile",
                f"{join(_USERS, user)}.pool",
                allowed=", ".join(cluster.name for cluster in voice_pools(topology)),
                user=user,
            )


CHECKS = (
    patterns,
    translations,
    hidden_rules,
    number_form,
    obsolete_markers,
    early_rules,
    profiles,
    profile_references,
    profile_assignments,
    users,
)
