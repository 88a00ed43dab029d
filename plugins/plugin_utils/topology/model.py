# SPDX-License-Identifier: GPL-3.0-or-later
"""The topology: the inventory as typed, immutable objects, with everything derived that can be derived."""

from __future__ import annotations

import dataclasses
import typing as t

from ..catalogue.model import Catalogue
from .inputs.edge import EdgePoolInput
from .inputs.estate import EstateInput
from .inputs.host import HostInput
from .inputs.network import Address, Endpoint
from .inputs.pools import PoolInput
from .inputs.web import WebAccessInput
from .network_map import NetworkMap

R = t.TypeVar("R")
ClusterKind = t.Literal["pool", "edge_pool", "web_access", "alone"]


@dataclasses.dataclass(frozen=True, slots=True)
class Server:
    """A host of the inventory that is of at least one known type."""

    name: str
    types: tuple[str, ...]
    product: str
    site: str
    given: HostInput

    def address(self, interface: str) -> Address | None:
        return t.cast("Address | None", getattr(self.given.addresses, interface, None))

    def public(self, interface: str) -> Address | None:
        """The address that the Internet sees: the translated one where there is one."""
        return self.given.public.get(interface) or self.address(interface)


@dataclasses.dataclass(frozen=True, slots=True)
class Cluster:
    """Servers that act as one: a pool, an Edge pool, a web access virtual server, or a single server.

    `roles` maps each role to the members that carry it: in a consolidated pool every Front End carries the conferencing
    roles too, in an expanded one they have servers of their own.
    """

    name: str
    kind: ClusterKind
    product: str
    site: str
    stage: str
    servers: tuple[Server, ...]
    roles: t.Mapping[str, tuple[Server, ...]]
    pool: PoolInput | None = None
    edge: EdgePoolInput | None = None
    web: WebAccessInput | None = None

    def members(self, role: str) -> tuple[Server, ...]:
        return self.roles.get(role, ())

    def has(self, role: str) -> bool:
        return role in self.roles


@dataclasses.dataclass(frozen=True, slots=True)
class Topology:
    """Everything the planners look at."""

    estate: EstateInput
    servers: t.Mapping[str, Server]
    clusters: t.Mapping[str, Cluster]
    networks: NetworkMap
    catalogues: t.Mapping[str, Catalogue]
    by_type: t.Mapping[str, tuple[Server, ...]]
    by_role: t.Mapping[str, tuple[Cluster, ...]]
    # Answers that were worked out once; a topology never changes, so neither do they.
    _memo: dict[object, t.Any] = dataclasses.field(default_factory=dict, repr=False, compare=False)

    def once(self, question: object, answer: t.Callable[[], R]) -> R:
        """The answer to a question that many rows ask, worked out at the first."""
        if question not in self._memo:
            self._memo[question] = answer()
        return t.cast("R", self._memo[question])

    @property
    def catalogue(self) -> Catalogue:
        """The catalogue of the estate's default product."""
        return self.catalogues[self.estate.product]

    def of_type(self, server_type: str) -> tuple[Server, ...]:
        return self.by_type.get(server_type, ())

    def with_role(self, role: str) -> tuple[Cluster, ...]:
        """Clusters of which some member carries the role."""
        return self.by_role.get(role, ())

    def cluster(self, name: str) -> Cluster | None:
        return self.clusters.get(name)

    def has_feature(self, feature: str) -> bool:
        return feature in self.estate.features


NO_ENDPOINT: t.Final = Endpoint()
