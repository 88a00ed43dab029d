# SPDX-License-Identifier: GPL-3.0-or-later
"""What is derived about dial plans and calls, and the rows about them.

`voice_figures` rows hold single documented values, found by name; the kinds `voice`, `dial_plan` and `mobile` hold
rules: what must be so, and, where the inventory can tell, how one sees whether it is.
"""

from __future__ import annotations

import dataclasses
import functools
import typing as t

from ..catalogue.model import Catalogue, CatalogueError, Fact
from ..schema.fields import option
from .applied import AppliedFact
from .clusters import only
from .conditions import holds
from .context import Context
from .inputs.voice import GatewayInput, MediationInput, VoiceUserInput
from .model import Cluster, Topology
from .relations import media_edge_pool_of

_USUAL_GATEWAY: t.Final = GatewayInput()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class VoiceFigureFact(Fact):
    """One documented value."""

    KIND: t.ClassVar[str] = "voice_figures"

    figure: str = option("Name that checks and planners look it up by")
    value: t.Any = option("The value")


@dataclasses.dataclass(frozen=True, slots=True)
class Figure:
    """A documented value, and the row that says so."""

    value: t.Any
    row: str


def figure(catalogue: Catalogue, name: str) -> Figure | None:
    """The value of that name; None where the product's documents give none."""
    return _figures(catalogue).get(name)


@functools.lru_cache(maxsize=16)
def _figures(catalogue: Catalogue) -> dict[str, Figure]:
    return {fact.figure: Figure(fact.value, fact.id) for fact in catalogue.facts(VoiceFigureFact)}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class TelephonyFact(AppliedFact):
    """A rule: one line of the report, and a finding where the inventory shows that it is not kept."""

    subject: str = option("What it is about")
    text: str = option("What must be so")
    needs: tuple[str, ...] = option("Conditions that show that it is so, all of which must hold", default=())
    path: str = option("Variable that would mend it; none where another finding tells already", default="")
    missing: str = option("What is missing, in the words of the finding", default="")
    level: t.Literal["must", "should", "info"] = option("How strongly it is said", default="must")
    lenient: bool = option("Whether it may well be kept without the inventory saying so", default=False)

    def met(self, context: Context) -> bool:
        return holds(self.needs, context)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class VoiceFact(TelephonyFact):
    """Rules about Enterprise Voice, dial-in conferences, Response Group, Exchange and PBXs."""

    KIND: t.ClassVar[str] = "voice"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DialPlanFact(TelephonyFact):
    """Rules about dial plans."""

    KIND: t.ClassVar[str] = "dial_plan"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class MobileFact(TelephonyFact):
    """Rules about mobile clients."""

    KIND: t.ClassVar[str] = "mobile"


TELEPHONY: tuple[type[TelephonyFact], ...] = (VoiceFact, DialPlanFact, MobileFact)


def gateway_of(topology: Topology, host: str) -> GatewayInput:
    return topology.estate.voice.gateways.get(host, _USUAL_GATEWAY)


def mediation_by_gateway(topology: Topology) -> dict[str, list[str]]:
    """Mediation Servers that each gateway is behind."""
    real = {server.name for server in topology.of_type("mediation")}
    found: dict[str, list[str]] = {}
    for host, given in topology.estate.mediation.items():
        for gateway in dict.fromkeys(given.gateways) if host in real else ():
            found.setdefault(gateway, []).append(host)
    return found


def gateway_types(topology: Topology) -> tuple[str, ...]:
    """Server types that calls to the outside world may leave through, over all products of the estate."""
    found: dict[str, None] = {}
    for catalogue in topology.catalogues.values():
        known = figure(catalogue, "gateway_server_types")
        found.update(dict.fromkeys(known.value if known else ()))
    return tuple(found)


def gateways(topology: Topology) -> tuple[str, ...]:
    """Hosts that calls to the outside world may leave through."""
    return tuple(dict.fromkeys(server.name for name in gateway_types(topology) for server in topology.of_type(name)))


def voice_pools(topology: Topology) -> tuple[Cluster, ...]:
    """Pools that home users."""
    return tuple(c for c in topology.clusters.values() if c.pool and c.pool.role == "users")


def profile_of_pool(topology: Topology, pool: str) -> str:
    """A pool's location profile: its own, or the only one."""
    voice = topology.estate.voice
    return voice.default_profile.get(pool) or only(voice.location_profiles)


def profile_of_mediation(topology: Topology, given: MediationInput) -> str:
    """A Mediation Server's location profile: its own, or that of the pool it hands calls to."""
    return given.location_profile or profile_of_pool(topology, given.next_hop)


def profile_of_user(topology: Topology, given: VoiceUserInput) -> str:
    """A user's location profile: the user's own, or that of the pool."""
    return given.location_profile or profile_of_pool(topology, pool_of_user(topology, given))


def pool_of_user(topology: Topology, given: VoiceUserInput) -> str:
    """A user's pool: the one that is named, or the only one."""
    return given.pool or only([cluster.name for cluster in voice_pools(topology)])


def default_policy(topology: Topology) -> str:
    voice = topology.estate.voice
    return voice.default_policy or only(voice.policies)


def usages(topology: Topology) -> tuple[str, ...]:
    """Phone usages: the declared ones, or all that policies and routes name."""
    voice = topology.estate.voice
    named = [usage for policy in voice.policies.values() for usage in policy.usages]
    named += [usage for route in voice.routes.values() for usage in route.usages]
    return voice.usages or tuple(dict.fromkeys(named))


def av_edge_of(topology: Topology, host: str, given: MediationInput) -> str:
    """Edge pool whose A/V service a Mediation Server uses."""
    cluster = topology.cluster(host)
    return given.edge_pool or (media_edge_pool_of(topology, cluster) if cluster else "")


def product_catalogue(topology: Topology, host: str) -> Catalogue:
    """Catalogue of a host's product."""
    server = topology.servers.get(host)
    found = topology.catalogues.get(server.product if server else topology.estate.product)
    if found is None:
        raise CatalogueError(f"no catalogue for {host}")
    return found
