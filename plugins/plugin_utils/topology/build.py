# SPDX-License-Identifier: GPL-3.0-or-later
"""From the raw inventory to the topology, with every problem of form found on the way."""

from __future__ import annotations

import dataclasses
import typing as t

from ..catalogue import loader
from ..catalogue.facts import ServerTypeFact
from ..catalogue.model import Catalogue
from ..findings import Violation, violation
from ..schema.decode import Reader, decode, decoder_of
from ..schema.fields import options_of
from ..schema.kinds import INVENTORY
from ..schema.problems import Problem, nearest
from .clusters import build_clusters, only
from .inputs.edge import EdgePoolInput
from .inputs.estate import EstateInput
from .inputs.host import HostInput
from .inputs.pools import PoolInput
from .inputs.run import RunInput
from .inventory import PREFIX, RawInventory
from .model import Server, Topology
from .network_map import NetworkMap
from .overrides import overridden

_ESTATE = {PREFIX + info.key for info in options_of(EstateInput)}
_HOST = {PREFIX + info.key for info in options_of(HostInput)}
RUN_VARIABLES = {PREFIX + info.key for info in options_of(RunInput)}
KNOWN_VARIABLES = frozenset(_ESTATE | _HOST | RUN_VARIABLES)

_FINDING_OF_RULE = {
    "unknown": "finding.unknown-key",
    "missing": "finding.missing-option",
    "type": "finding.wrong-type",
    "choice": "finding.not-a-choice",
    "reference": "finding.missing-reference",
    "malformed": "finding.malformed",
    "range": "finding.out-of-range",
}


def read(inventory: RawInventory) -> tuple[Topology, list[Violation]]:
    """The topology, as far as it can be read, and what is wrong with the inventory's form."""
    found: list[Violation] = []
    estate_values = _shared_values(inventory, _ESTATE, found)
    vocabulary = _vocabulary(inventory, estate_values)
    reader = Reader(vocabulary)
    estate = decode(EstateInput, estate_values, "", reader) or EstateInput()
    decode(RunInput, _shared_values(inventory, RUN_VARIABLES, found), "", reader)
    found.extend(_violations(reader.problems, ""))
    estate = _with_defaults(estate)
    known_types = {fact.id.partition(".")[2]: fact for fact in loader.load(estate.product).facts(ServerTypeFact)}
    servers = _servers(inventory, estate, vocabulary, known_types, found)
    products = {estate.product, *(server.product for server in servers.values()), *_declared_products(estate)}
    catalogues, wrong = overridden(
        estate.overrides, {name: loader.load(name) for name in loader.products() if name in products}
    )
    return _topology(estate, servers, catalogues), [*found, *wrong]


def _topology(estate: EstateInput, servers: t.Mapping[str, Server], catalogues: t.Mapping[str, Catalogue]) -> Topology:
    clusters = build_clusters(estate, servers, catalogues)
    by_type: dict[str, list[Server]] = {}
    for server in servers.values():
        for server_type in server.types:
            by_type.setdefault(server_type, []).append(server)
    by_role: dict[str, list[t.Any]] = {}
    for cluster in clusters.values():
        for role in cluster.roles:
            by_role.setdefault(role, []).append(cluster)
    firewalls = {server.name: server.given.interfaces for server in by_type.get("firewall", ())}
    return Topology(
        estate=estate,
        servers=servers,
        clusters=clusters,
        networks=NetworkMap(estate.networks, firewalls),
        catalogues=catalogues,
        by_type={name: tuple(members) for name, members in by_type.items()},
        by_role={name: tuple(members) for name, members in by_role.items()},
    )


def _shared_values(inventory: RawInventory, names: t.Collection[str], found: list[Violation]) -> dict[str, object]:
    """Variables of the estate or of a run, each of which must be the same wherever it is seen."""
    values: dict[str, object] = {}
    first: dict[str, str] = {}
    reported: set[str] = set()
    for host in inventory.hosts:
        for name, value in host.variables.items():
            if name not in names:
                continue
            key = name.removeprefix(PREFIX)
            if name not in first:
                first[name] = host.name
                values[key] = value
            elif values[key] is not value and values[key] != value and name not in reported:
                reported.add(name)
                found.append(
                    violation(
                        "finding.two-values",
                        name,
                        host=host.name,
                        value=value,
                        name=name,
                        other=first[name],
                        other_value=values[key],
                    )
                )
    return values


def _vocabulary(inventory: RawInventory, estate: t.Mapping[str, object]) -> dict[str, t.Collection[str]]:
    def keys(name: str) -> tuple[str, ...]:
        value = estate.get(name)
        return tuple(str(key) for key in value) if isinstance(value, dict) else ()

    declared = ("sites", "networks", "pools", "edge_pools", "web_access", "clients", "sip_domains")
    return {
        **loader.vocabulary(),
        **{INVENTORY + name: frozenset(keys(name)) for name in declared},
        INVENTORY + "hosts": frozenset(host.name for host in inventory.hosts),
    }


def _with_defaults(estate: EstateInput) -> EstateInput:
    """Networks and sites that need not be said where there is one site."""
    site = only(estate.sites)
    if not site:
        return estate
    networks = {
        name: network if network.site or network.zone == "internet" else dataclasses.replace(network, site=site)
        for name, network in estate.networks.items()
    }
    return dataclasses.replace(estate, networks=networks)


def _servers(
    inventory: RawInventory,
    estate: EstateInput,
    vocabulary: t.Mapping[str, t.Collection[str]],
    known_types: t.Mapping[str, ServerTypeFact],
    found: list[Violation],
) -> dict[str, Server]:
    servers: dict[str, Server] = {}
    reader_of_host = decoder_of(HostInput)
    found.extend(_unknown_variables(inventory))
    for host in sorted(inventory.hosts, key=lambda host: host.name):
        types = tuple(name for name in known_types if name in host.groups)
        own = {name.removeprefix(PREFIX): value for name, value in host.variables.items() if name in _HOST}
        if not types:
            if own.keys() - {"host_product", "site", "enforce", "access", "backend"}:
                found.append(violation("finding.ungrouped-host", "groups", host=host.name))
            continue
        reader = Reader(vocabulary)
        given = t.cast("HostInput", reader_of_host(own, "", reader))
        found.extend(_violations(reader.problems, host.name))
        servers[host.name] = _server(host.name, types, given, estate)
    if not servers:
        found.append(violation("finding.empty-inventory", "groups"))
    return servers


def _server(name: str, types: tuple[str, ...], given: HostInput, estate: EstateInput) -> Server:
    pool_name = given.pool or (name if name in estate.pools or name in estate.edge_pools else "")
    pool: PoolInput | EdgePoolInput | None = estate.pools.get(pool_name) or estate.edge_pools.get(pool_name)
    site = given.site or (pool.site if pool else "") or only(estate.sites)
    product = given.product or (pool.product if pool else "") or estate.product
    return Server(name, types, product, site, dataclasses.replace(given, pool=pool_name, site=site))


def _declared_products(estate: EstateInput) -> set[str]:
    pools: list[PoolInput | EdgePoolInput] = [*estate.pools.values(), *estate.edge_pools.values()]
    return {pool.product for pool in pools if pool.product}


def _unknown_variables(inventory: RawInventory) -> t.Iterator[Violation]:
    """Unknown names, each told once: of the host that has it, or of the estate where several have it."""
    holders: dict[str, list[str]] = {}
    for host in inventory.hosts:
        for name in host.variables:
            if name not in KNOWN_VARIABLES:
                holders.setdefault(name, []).append(host.name)
    for name, hosts in holders.items():
        owner = hosts[0] if len(hosts) == 1 else ""
        near = nearest(name, KNOWN_VARIABLES)
        yield violation("finding.unknown-variable", name, host=owner, value=name, nearest=near)


def _violations(problems: t.Iterable[Problem], host: str) -> t.Iterator[Violation]:
    for problem in problems:
        key = problem.path.rpartition(".")[2]
        yield violation(
            _FINDING_OF_RULE[problem.rule],
            PREFIX + problem.path,
            host=host,
            value=problem.value if problem.rule != "missing" else None,
            allowed=problem.allowed if problem.rule != "missing" else "",
            nearest=problem.nearest,
            key=key,
            meaning=problem.allowed,
        )
