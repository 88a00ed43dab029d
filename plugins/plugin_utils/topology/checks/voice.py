# SPDX-License-Identifier: GPL-3.0-or-later
"""What voice and mobile features need, Mediation Servers and their gateways, and Exchange's dial plans."""

from __future__ import annotations

import re
import typing as t

from ...findings import Violation, violation
from ...schema.problems import join
from ..applied import applications
from ..inputs.voice import MediationInput, UmDialPlanInput
from ..model import Topology
from ..numbers.patterns import read_pattern, translate
from ..voice import (
    TELEPHONY,
    Figure,
    figure,
    gateway_of,
    gateways,
    mediation_by_gateway,
    product_catalogue,
)

_PLUS = "+"


def needs(topology: Topology) -> t.Iterator[Violation]:
    """Rules that the inventory shows not to be kept."""
    for kind in TELEPHONY:
        for fact, context in applications(topology, kind):
            if fact.path and not fact.met(context):
                strict = fact.level == "must" and not fact.lenient
                yield violation(
                    "finding.calls-need" if strict else "finding.calls-should-have",
                    fact.path,
                    why=(fact.id,),
                    subject=fact.subject,
                    missing=fact.missing,
                )


def mediation_servers(topology: Topology) -> t.Iterator[Violation]:
    """Every Mediation Server is declared, is one, and has its gateway."""
    for member in topology.of_type("mediation"):
        if member.name not in topology.estate.mediation:
            yield violation("finding.mediation-undeclared", join("uc_mediation", member.name), host=member.name)
    for host, given in topology.estate.mediation.items():
        path = join("uc_mediation", host)
        server = topology.servers.get(host)
        if server is None or "mediation" not in server.types:
            continue
        if not given.gateways:
            yield violation("finding.mediation-without-gateway", f"{path}.gateways", host=host)
        yield from _gateways_of(topology, host, given)
        yield from _sides(topology, host)


def _gateways_of(topology: Topology, host: str, given: MediationInput) -> t.Iterator[Violation]:
    path = f"{join('uc_mediation', host)}.gateways"
    catalogue = product_catalogue(topology, host)
    most = figure(catalogue, "gateways_per_mediation")
    real = [name for name in given.gateways if name in topology.servers and _is_media_gateway(topology, name)]
    if most and len(real) > most.value:
        yield violation(
            "finding.mediation-many-gateways",
            path,
            host=host,
            value=", ".join(real),
            why=(most.row,),
            most=most.value,
            count=len(real),
        )
    recommended = figure(catalogue, "recommended_gateway_transport")
    if recommended and given.transport != recommended.value:
        yield violation(
            "finding.gateway-transport",
            f"{join('uc_mediation', host)}.transport",
            host=host,
            value=given.transport,
            why=(recommended.row,),
            recommended=recommended.value,
        )


def _is_media_gateway(topology: Topology, host: str) -> bool:
    return "media_gateway" in topology.servers[host].types


def _sides(topology: Topology, host: str) -> t.Iterator[Violation]:
    """The two network cards."""
    server = topology.servers[host]
    inside, outside = server.address("internal"), server.address("gateway_side")
    cards = figure(product_catalogue(topology, host), "mediation_nics")
    if cards and outside is None:
        yield violation("finding.mediation-one-card", "uc_addresses.gateway_side", host=host, why=(cards.row,))
    elif cards and inside and outside and topology.networks.locate(inside) == topology.networks.locate(outside):
        yield violation(
            "finding.mediation-same-network",
            "uc_addresses.gateway_side",
            host=host,
            value=outside,
            why=(cards.row,),
            network=topology.networks.locate(outside) or "no declared network",
        )


def gateway_hosts(topology: Topology) -> t.Iterator[Violation]:
    """Every gateway is behind a Mediation Server, best behind one, and of a kind that exists."""
    catalogue = topology.catalogue
    announced, one = figure(catalogue, "announced_gateway_kinds"), figure(catalogue, "mediation_per_gateway")
    served, hybrid = figure(catalogue, "gateway_server_types"), figure(catalogue, "gateway_kinds_with_own_mediation")
    serving = mediation_by_gateway(topology)
    for host in gateways(topology):
        behind = serving.get(host, [])
        if served and not behind:
            yield violation(
                "finding.gateway-unserved", "uc_mediation", host=host, why=(served.row,), use=_use(topology, host)
            )
        kind = gateway_of(topology, host).kind
        if hybrid and kind in hybrid.value and len(behind) > 1:
            yield violation(
                "finding.gateway-hybrid-shared",
                "uc_mediation",
                host=host,
                value=", ".join(behind),
                why=(hybrid.row,),
                kind=kind,
            )
        elif one and _is_media_gateway(topology, host) and len(behind) > one.value:
            yield violation(
                "finding.gateway-many-mediation",
                "uc_mediation",
                host=host,
                value=", ".join(behind),
                why=(one.row,),
            )
        if announced and kind in announced.value:
            yield violation(
                "finding.gateway-announced",
                f"{join('uc_voice.gateways', host)}.kind",
                host=host,
                value=kind,
                why=(announced.row,),
            )


def _use(topology: Topology, gateway: str) -> str:
    """Who sends calls to a gateway, as the end of a sentence."""
    users = [name for name, route in topology.estate.voice.routes.items() if gateway in route.gateways]
    return f", and these routes send calls to it: {', '.join(users)}" if users else ""


def um_dial_plans(topology: Topology) -> t.Iterator[Violation]:
    """Dial plans of Exchange name users by SIP, have a location profile, and its rules know their numbers."""
    catalogue = topology.catalogue
    kind, profile = figure(catalogue, "um_dial_plan"), figure(catalogue, "um_profile")
    profiles = topology.estate.voice.location_profiles
    for name, plan in topology.estate.voice.um_dial_plans.items():
        path = join("uc_voice.um_dial_plans", name)
        if kind and plan.uri_type != kind.value:
            yield violation(
                "finding.um-dial-plan-kind",
                f"{path}.uri_type",
                value=plan.uri_type,
                allowed=kind.value,
                why=(kind.row,),
                name=name,
            )
        standing = plan.location_profile or name
        if profile and (standing not in profiles or standing != name):
            yield violation(
                "finding.um-without-profile",
                f"{path}.location_profile" if plan.location_profile else join("uc_voice.location_profiles", name),
                value=plan.location_profile or None,
                allowed=name,
                why=(profile.row,),
                name=name,
            )
        if standing in profiles:
            yield from _without_plus(topology, path, standing, plan)


def _without_plus(topology: Topology, path: str, profile: str, plan: UmDialPlanInput) -> t.Iterator[Violation]:
    sends = figure(topology.catalogue, "um_sends_plus")
    if sends is None or sends.value or plan.sends_plus:
        return
    rules = topology.estate.voice.location_profiles[profile].rules
    for option in ("subscriber_access", "auto_attendant"):
        number = getattr(plan, option)
        if not number.startswith(_PLUS):
            continue
        sent = number.removeprefix(_PLUS)
        made = (translate(read_pattern(rule.pattern), rule.translation, sent) for rule in rules)
        first = next((result for result in made if result is not None), "nothing")
        if first != number:
            yield violation(
                "finding.um-number-without-plus",
                f"{path}.{option}",
                value=number,
                why=(sends.row,),
                sent=sent,
                made=first,
                profile=profile,
            )


def whole_numbers(topology: Topology) -> t.Iterator[Violation]:
    """Numbers that are called from outside are in their final form."""
    form: Figure | None = figure(topology.catalogue, "number_form")
    if form is None:
        return
    voice = topology.estate.voice
    given = [(f"uc_voice.access_numbers[{i}].number", number.number) for i, number in enumerate(voice.access_numbers)]
    for name, plan in voice.um_dial_plans.items():
        path = join("uc_voice.um_dial_plans", name)
        given += [
            (f"{path}.subscriber_access", plan.subscriber_access),
            (f"{path}.auto_attendant", plan.auto_attendant),
        ]
    for path, number in given:
        if number and not re.match(form.value, number):
            yield violation("finding.number-not-whole", path, value=number, why=(form.row,))


CHECKS = (needs, mediation_servers, gateway_hosts, um_dial_plans, whole_numbers)
