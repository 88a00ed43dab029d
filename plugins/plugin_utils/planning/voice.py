# SPDX-License-Identifier: GPL-3.0-or-later
"""Enterprise Voice as it is to be set up: dial plans, usages, policies, routes, gateways, Mediation Servers."""

from __future__ import annotations

import dataclasses
import typing as t

from ..catalogue.model import Catalogue
from ..topology import voice as given
from ..topology.clusters import only
from ..topology.context import Context
from ..topology.inputs.voice import (
    LocationProfileInput,
    MediationInput,
    NormalizationRuleInput,
    RouteInput,
    VoicePolicyInput,
)
from ..topology.model import Topology
from ..topology.names import edge_name
from ..topology.numbers.patterns import read_pattern
from .base import Stages, applications
from .voice_items import (
    AccessNumber,
    Gateway,
    LocationProfile,
    MediationServer,
    NormalizationRule,
    Route,
    TelephonyRule,
    UmDialPlan,
    VoicePlan,
    VoicePolicy,
    VoiceUser,
)

_GATEWAY_ROWS = ("gateway_settings", "gateways_per_mediation", "mediation_per_gateway")


def plan_voice(topology: Topology, stages: Stages) -> VoicePlan:
    """The voice plan. What an estate without voice says of it (nothing) is planned as nothing."""
    planner = _Planner(topology, stages)
    return VoicePlan(
        location_profiles=planner.location_profiles(),
        usages=given.usages(topology),
        policies=planner.policies(),
        users=planner.users(),
        routes=planner.routes(),
        gateways=planner.gateways(),
        mediation=planner.mediation(),
        access_numbers=planner.access_numbers(),
        um_dial_plans=planner.um_dial_plans(),
        rules=plan_telephony_rules(topology, stages),
    )


class _Planner:
    def __init__(self, topology: Topology, stages: Stages) -> None:
        self._topology = topology
        self._voice = topology.estate.voice
        self._catalogue = topology.catalogue
        # Dial plans are of the stage in which Mediation Servers come; a row of the catalogue says which that is.
        self._stage = self._value("stage", "") or stages.names[-1]

    def _value(self, name: str, otherwise: t.Any, catalogue: Catalogue | None = None) -> t.Any:
        found = given.figure(catalogue or self._catalogue, name)
        return found.value if found else otherwise

    def _why(self, *names: str, catalogue: Catalogue | None = None) -> tuple[str, ...]:
        found = (given.figure(catalogue or self._catalogue, name) for name in names)
        return tuple(known.row for known in found if known)

    def location_profiles(self) -> tuple[LocationProfile, ...]:
        pools = {
            cluster.name: given.profile_of_pool(self._topology, cluster.name)
            for cluster in given.voice_pools(self._topology)
        }
        return tuple(
            LocationProfile(
                id=f"location-profile:{name}",
                stage=self._stage,
                why=self._profile_why(profile),
                name=name,
                description=profile.description,
                external_access_prefix=profile.external_access_prefix,
                rules=tuple(_rule(rule, number) for number, rule in enumerate(profile.rules, 1)),
                default_of=tuple(pool for pool, used in pools.items() if used == name),
                mediation=tuple(
                    host
                    for host, mediation in self._topology.estate.mediation.items()
                    if given.profile_of_mediation(self._topology, mediation) == name
                ),
            )
            for name, profile in self._voice.location_profiles.items()
        )

    def _profile_why(self, profile: LocationProfileInput) -> tuple[str, ...]:
        names = ["profile_fields", "fewest_rules", "pattern_dialect", "number_form", "profile_choice"]
        if profile.external_access_prefix:
            names += ["external_access_prefix", "prefix_matching"]
        if any(rule.internal for rule in profile.rules):
            names.append("internal_rules")
        if any(not rule.device for rule in profile.rules):
            names.append("rules_without_devices")
        return self._why(*names)

    def policies(self) -> tuple[VoicePolicy, ...]:
        return tuple(
            VoicePolicy(
                id=f"voice-policy:{name}",
                stage=self._stage,
                why=self._policy_why(name, policy),
                name=name,
                description=policy.description,
                usages=policy.usages,
                simultaneous_ringing=policy.simultaneous_ringing,
                is_default=self._is_default(name),
            )
            for name, policy in self._voice.policies.items()
        )

    def _policy_why(self, name: str, policy: VoicePolicyInput) -> tuple[str, ...]:
        names = ["policy_fields", "usage_order", "usage_associations"]
        if self._is_default(name):
            names.append("default_policy")
        if policy.simultaneous_ringing:
            names.append("simultaneous_ringing")
        if policy.pbx_integration:
            names.append("ringing_with_pbx_integration")
        return self._why(*names)

    def _is_default(self, name: str) -> bool:
        return name == given.default_policy(self._topology)

    def users(self) -> tuple[VoiceUser, ...]:
        return tuple(
            VoiceUser(
                id=f"voice-user:{address}",
                stage=self._stage,
                why=self._why("profile_choice", "default_policy"),
                user=address,
                location_profile=given.profile_of_user(self._topology, user),
                policy=user.policy or given.default_policy(self._topology),
            )
            for address, user in self._voice.users.items()
        )

    def routes(self) -> tuple[Route, ...]:
        return tuple(
            Route(
                id=f"voice-route:{name}",
                stage=self._stage,
                why=self._route_why(route),
                name=name,
                description=route.description,
                pattern=route.pattern,
                usages=route.usages,
                gateways=route.gateways,
            )
            for name, route in self._voice.routes.items()
        )

    def _route_why(self, route: RouteInput) -> tuple[str, ...]:
        pattern = read_pattern(route.pattern)
        emergency = any(pattern.match(number) for number in self._voice.emergency_numbers)
        names = ("route_fields", "routing_order", "usage_associations", "gateway_server_types")
        return self._why(*names, *(("emergency_gateway",) if emergency else ()))

    def gateways(self) -> tuple[Gateway, ...]:
        found = []
        serving = given.mediation_by_gateway(self._topology)
        for host in given.gateways(self._topology):
            server = self._topology.servers[host]
            for mediation in serving.get(host, ()):
                settings = self._topology.estate.mediation[mediation]
                catalogue = given.product_catalogue(self._topology, mediation)
                port, port_why = self._gateway_port(catalogue, settings.transport)
                found.append(
                    Gateway(
                        id=f"gateway:{host}:{mediation}",
                        stage=self._stage,
                        why=(*port_why, *self._why(*_GATEWAY_ROWS, catalogue=catalogue)),
                        host=host,
                        kind=given.gateway_of(self._topology, host).kind
                        if "media_gateway" in server.types
                        else "sip_trunk",
                        site=server.site,
                        address=_text(server.address("internal")),
                        mediation=mediation,
                        mediation_address=self._address(mediation, "gateway_side"),
                        port=port,
                        transport=settings.transport,
                    )
                )
        return tuple(found)

    def _gateway_port(self, catalogue: Catalogue, transport: str) -> tuple[int, tuple[str, ...]]:
        """The port that the transport has by the documents; 0 where they give none."""
        name = f"gateway_port_{transport}"
        return self._value(name, 0, catalogue), self._why(name, catalogue=catalogue)

    def _address(self, host: str, interface: str) -> str:
        """Address of a Mediation Server on a side; with one card it is the same on both."""
        server = self._topology.servers.get(host)
        return _text((server.address(interface) or server.address("internal")) if server else None)

    def mediation(self) -> tuple[MediationServer, ...]:
        return tuple(
            self._mediation_server(host, settings) for host, settings in self._topology.estate.mediation.items()
        )

    def _mediation_server(self, host: str, settings: MediationInput) -> MediationServer:
        catalogue = given.product_catalogue(self._topology, host)
        port, port_why = self._gateway_port(catalogue, settings.transport)
        edge_pool = given.av_edge_of(self._topology, host, settings)
        edge = self._topology.cluster(edge_pool)
        names = (
            "mediation_internal_port",
            "mediation_media_ports",
            "mediation_profile",
            "mediation_nics",
            "mediation_settings",
            "remove_plus",
        )
        return MediationServer(
            id=f"mediation:{host}",
            stage=self._stage,
            why=(*self._why(*names, catalogue=catalogue), *port_why),
            host=host,
            next_hop=settings.next_hop,
            listening_address=self._address(host, "internal"),
            listening_port=self._value("mediation_internal_port", 0, catalogue),
            gateway_listening_address=self._address(host, "gateway_side"),
            gateway_listening_port=port,
            transport=settings.transport,
            gateways=settings.gateways,
            av_edge_pool=edge_pool,
            av_edge=next(iter(edge_name(edge, "internal", "av")), "") if edge else "",
            media_ports=settings.media_ports or self._value("mediation_media_ports", "", catalogue),
            location_profile=given.profile_of_mediation(self._topology, settings),
            settings=self._settings(settings, catalogue),
        )

    def _settings(self, settings: MediationInput, catalogue: Catalogue) -> t.Mapping[str, t.Any]:
        found = dict(self._value("mediation_settings", {}, catalogue))
        refused = any(not given.gateway_of(self._topology, host).accepts_plus for host in settings.gateways)
        remove_plus = self._value("remove_plus", "", catalogue)
        return {**found, remove_plus: refused} if remove_plus else found

    def access_numbers(self) -> tuple[AccessNumber, ...]:
        found = []
        for number in self._voice.access_numbers:
            pool = number.pool or only([cluster.name for cluster in given.voice_pools(self._topology)])
            profile = number.location_profile or given.profile_of_pool(self._topology, pool)
            region = self._voice.location_profiles.get(profile, LocationProfileInput()).description
            found.append(
                AccessNumber(
                    id=f"access-number:{number.number}",
                    stage=self._stage,
                    why=self._why("access_number", "regions"),
                    number=number.number,
                    display_name=number.display_name or number.number,
                    pool=pool,
                    languages=number.languages,
                    location_profile=profile,
                    region=region or profile,
                )
            )
        return tuple(found)

    def um_dial_plans(self) -> tuple[UmDialPlan, ...]:
        every = tuple(server.name for server in self._topology.of_type("exchange_um"))
        return tuple(
            UmDialPlan(
                id=f"um-dial-plan:{name}",
                stage=self._stage,
                why=self._why("um_dial_plan", "um_contacts", "um_profile", "um_sends_plus"),
                name=name,
                location_profile=plan.location_profile or name,
                subscriber_access=plan.subscriber_access,
                auto_attendant=plan.auto_attendant,
                servers=plan.servers or every,
            )
            for name, plan in self._voice.um_dial_plans.items()
        )


def _rule(rule: NormalizationRuleInput, number: int) -> NormalizationRule:
    return NormalizationRule(
        name=rule.name or f"rule {number}",
        pattern=rule.pattern,
        translation=rule.translation,
        description=rule.description,
        internal=rule.internal,
        device=rule.device,
    )


def _text(value: object) -> str:
    return "" if value is None else str(value)


def plan_telephony_rules(topology: Topology, stages: Stages) -> tuple[TelephonyRule, ...]:
    """Every documented rule that concerns the estate, once, in the order of the catalogue."""
    found: dict[str, TelephonyRule] = {}
    for kind in given.TELEPHONY:
        for fact, context in applications(topology, kind):
            seen = bool(fact.needs) and fact.met(context)
            known = found.get(fact.id)
            if known is None:
                found[fact.id] = _telephony_rule(fact, context, stages, seen=seen)
            elif known.seen and not seen:
                found[fact.id] = dataclasses.replace(known, seen=False)
    return tuple(found.values())


def _telephony_rule(fact: given.TelephonyFact, context: Context, stages: Stages, *, seen: bool) -> TelephonyRule:
    return TelephonyRule(
        id=fact.id,
        stage=stages.of(fact, context),
        why=(fact.id,),
        area=fact.KIND,
        subject=fact.subject,
        level=fact.level,
        text=fact.text,
        seen=seen,
    )
