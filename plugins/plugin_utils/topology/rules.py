# SPDX-License-Identifier: GPL-3.0-or-later
"""What the documents allow and forbid between products, partners and sites: rows that only checks read."""

from __future__ import annotations

import dataclasses
import typing as t

from ..catalogue.model import Fact
from ..schema.fields import option
from ..schema.kinds import Feature, Peer, ServerType, Stage

PerimeterRule = t.Literal[
    "reverse_proxy_per_site",
    "scaled_primary_site",
    "one_federation_edge",
    "remote_site_users",
    "director_for_remote_access",
]
EdgeService = t.Literal["access", "web_conferencing", "av"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class TranslationFact(Fact):
    """What the external or internal firewall may translate."""

    KIND: t.ClassVar[str] = "nat_rules"

    verdict: t.Literal["forbidden", "doubtful", "all_or_none", "hairpin"] = option("What is to be said of it")
    side: t.Literal["external", "internal"] = option("Side of the Edge Servers", default="external")
    services: tuple[EdgeService, ...] = option("Services whose address is translated", default=())
    array: bool = option("Only where there are several Edge Servers", default=False)
    balancing: t.Literal["hardware", "dns", ""] = option("Only where they are balanced so", default="")
    makes: tuple[str, ...] = option("Makes of firewall that cannot translate as needed", default=())


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PerimeterFact(Fact):
    """What belongs to Edge Servers, site by site."""

    KIND: t.ClassVar[str] = "perimeter"

    rule: PerimeterRule = option("What is asked for")
    users: int = option("Users from which on it is asked for", default=0)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PartnerFact(Fact):
    """What a federated partner's product means for our side."""

    KIND: t.ClassVar[str] = "partner_rules"

    partner: Peer = option("Product that the partner runs")
    media_range_inbound: bool = option("Whether its media needs our media port range open inwards", default=False)
    features: tuple[Feature, ...] = option("The only features that work with it; all when left out", default=())


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CoexistenceFact(Fact):
    """Two products side by side: servers of this product and of another that may, or may not, work together.

    What no row allows is not supported.
    """

    KIND: t.ClassVar[str] = "coexistence"

    types: tuple[ServerType, ...] = option("Types of servers of this product")
    with_product: Peer = option("The other product")
    with_types: tuple[ServerType, ...] = option("Types of its servers")
    allowed: bool = option("Whether they may work together", default=True)
    without_feature: Feature = option("Feature for which such servers may not be there at all", default="")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class VirtualFact(Fact):
    """What virtual machines may carry."""

    KIND: t.ClassVar[str] = "virtualization"

    types: tuple[ServerType, ...] = option("Types that may be virtual", default=())
    judged: tuple[ServerType, ...] = option("All types that the documents speak of in this", default=())
    excluded_features: tuple[Feature, ...] = option("Features that a virtual pool does not have", default=())
    together: tuple[ServerType, ...] = option("Types of which all servers are virtual, or none", default=())


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RequiredFact(Fact):
    """What a feature needs: servers, applications and clients."""

    KIND: t.ClassVar[str] = "feature_roles"

    feature: Feature = option("The feature")
    when: tuple[str, ...] = option("Conditions under which this row speaks", default=())
    of_site: bool = option("Whether it speaks of each web access site and not of the estate", default=False)
    roles: tuple[str, ...] = option("Roles that must be there", default=())
    any_of: tuple[str, ...] = option("Sets of roles joined by `+`, of which one must be complete", default=())
    applications: tuple[str, ...] = option("Applications that must be active in some pool", default=())
    web_access: t.Literal["internal", "external", ""] = option("Kind of web access site it needs", default="")
    clients: tuple[str, ...] = option("Clients, any of which gives users the feature", default=())
    settings: tuple[str, ...] = option("What must be set in the product before it works", default=())
    summary: str = option("What it is about, where the feature's name does not say", default="")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ClientFact(Fact):
    """A client, and what users of this product's servers can do with which release of it."""

    KIND: t.ClassVar[str] = "clients"

    client: str = option("Client product, as in `uc_clients`")
    title: str = option("Name for people")
    releases: tuple[Peer, ...] = option("Releases of it that users of this product may have", default=())
    limited: t.Mapping[Peer, str] = option("What alone works with a release", default={})
    windows: tuple[str, ...] = option("Windows versions it is documented for; any when left out", default=())
    needs: tuple[str, ...] = option("What the computer or device needs", default=())
    stage: Stage = option("Stage from which on it is of use", default="first_pool")
