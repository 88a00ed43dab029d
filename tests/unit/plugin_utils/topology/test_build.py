# SPDX-License-Identifier: GPL-3.0-or-later
"""From raw hosts to the topology: what is derived, and what is said about an inventory's form."""

from __future__ import annotations

import random
import typing as t

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.openuc.ocs.plugins.plugin_utils.engine import design
from ansible_collections.openuc.ocs.plugins.plugin_utils.findings import Violation
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.build import KNOWN_VARIABLES, read
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.inventory import RawHost, RawInventory
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.model import Topology
from tests import support

GROUPS: dict[str, dict[str, t.Any]] = {
    "standard_edition": {"ocs1.example.com": {"addresses": "10.0.0.1"}},
    "firewall": {"fw1": {"interfaces": {"a": "lan"}}},
}
ESTATE: dict[str, t.Any] = {
    "sites": {"hq": {}},
    "pools": {"ocs1.example.com": {"edition": "standard"}},
    "networks": {
        "lan": {"cidr": "10.0.0.0/24", "zone": "internal", "kind": "servers"},
        "world": {"cidr": "198.51.100.0/24", "zone": "internet", "kind": "partner"},
    },
}

EXAMPLES = ("lab", "standard", "multisite", "ocs2007", "lync2010")


def topology_of(groups: t.Mapping[str, t.Any], estate: t.Mapping[str, t.Any]) -> tuple[Topology, list[Violation]]:
    return read(support.inventory_of(groups, estate))


def rules(found: list[Violation]) -> list[tuple[str, str, str]]:
    return [(item.finding, item.host, item.path) for item in found]


def test_a_small_inventory_is_read_without_remarks() -> None:
    topology, found = topology_of(GROUPS, ESTATE)
    assert found == []
    assert list(topology.servers) == ["fw1", "ocs1.example.com"]


def test_where_there_is_one_site_nobody_has_to_name_it() -> None:
    topology, _found = topology_of(GROUPS, ESTATE)
    assert topology.servers["ocs1.example.com"].site == "hq"
    assert topology.clusters["ocs1.example.com"].site == "hq"
    assert topology.estate.networks["lan"].site == "hq"
    assert topology.estate.networks["world"].site == ""


def test_with_two_sites_nothing_is_guessed() -> None:
    topology, _found = topology_of(GROUPS, {**ESTATE, "sites": {"hq": {}, "branch": {}}})
    assert topology.servers["fw1"].site == ""
    assert topology.estate.networks["lan"].site == ""


def test_a_server_that_is_named_like_a_pool_is_that_pool() -> None:
    topology, _found = topology_of(GROUPS, ESTATE)
    assert topology.servers["ocs1.example.com"].given.pool == "ocs1.example.com"


def test_site_and_product_come_from_the_pool_unless_the_host_says_otherwise() -> None:
    groups = {
        "front_end": {"fe1": {"pool": "pool1"}, "fe2": {"pool": "pool1", "host_product": "ocs2007r2", "site": "b"}}
    }
    estate = {
        "sites": {"a": {}, "b": {}},
        "pools": {"pool1": {"edition": "enterprise", "site": "a", "product": "lync2010"}},
    }
    topology, _found = topology_of(groups, estate)
    one, other = topology.servers["fe1"], topology.servers["fe2"]
    assert (one.site, one.product) == ("a", "lync2010")
    assert (other.site, other.product) == ("b", "ocs2007r2")
    assert set(topology.catalogues) == {"lync2010", "ocs2007r2"}


def test_an_empty_inventory_says_so() -> None:
    assert rules(read(RawInventory(()))[1]) == [("finding.empty-inventory", "", "groups")]


def test_an_estate_variable_with_two_values_names_both_places() -> None:
    inventory = support.inventory_of(GROUPS, ESTATE)
    one, other = inventory.hosts
    changed = RawHost(other.name, other.groups, {**other.variables, "uc_title": "Fabrikam"})
    _topology, found = read(RawInventory((RawHost(one.name, one.groups, {**one.variables, "uc_title": "A"}), changed)))
    assert rules(found) == [("finding.two-values", other.name, "uc_title")]
    assert (found[0].facts["other"], found[0].facts["other_value"]) == (one.name, "A")


def test_equal_values_from_two_places_are_one_value() -> None:
    inventory = support.inventory_of(GROUPS, ESTATE)
    hosts = [RawHost(host.name, host.groups, {**host.variables, "uc_sites": {"hq": {}}}) for host in inventory.hosts]
    assert read(RawInventory(tuple(hosts)))[1] == []


def test_a_misspelt_variable_is_reported_with_the_nearest_one() -> None:
    _topology, found = topology_of({**GROUPS, "dns_server": {"ns1": {"addreses": "10.0.0.5"}}}, ESTATE)
    assert rules(found) == [("finding.unknown-variable", "ns1", "uc_addreses")]
    assert found[0].nearest == "uc_addresses"


def test_a_host_in_no_known_group_is_left_alone_unless_it_has_something_to_say() -> None:
    _topology, found = topology_of({**GROUPS, "printers": {"lp0": {}, "lp1": {"addresses": "10.0.0.9"}}}, ESTATE)
    assert rules(found) == [("finding.ungrouped-host", "lp1", "groups")]


def test_references_to_what_is_not_there_are_found() -> None:
    _topology, found = topology_of(GROUPS, {**ESTATE, "edge_pools": {"edge": {"next_hop": "pool9"}}})
    assert rules(found) == [("finding.missing-reference", "", "uc_edge_pools.edge.next_hop")]


def test_all_that_is_wrong_is_found_at_once() -> None:
    groups = {"standard_edition": {f"se{n}": {"addresses": f"10.0.0.{n}x"} for n in range(100)}}
    _topology, found = topology_of(groups, {**ESTATE, "as_of": "yesterday", "features": ["telepathy"]})
    assert len(found) == 102


def test_every_variable_of_the_examples_is_known() -> None:
    for name in EXAMPLES:
        for host in support.example(name).hosts:
            assert set(host.variables) <= KNOWN_VARIABLES


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_have_no_errors_and_accept_their_warnings_with_reasons(name: str) -> None:
    found = support.example_design(name)
    assert found.errors == ()
    assert [finding.id for finding in found.findings if finding.severity == "warning" and not finding.waived] == []
    assert found.plan is not None


@pytest.mark.parametrize("name", ["standard", "lync2010"])
def test_the_order_of_hosts_does_not_matter(name: str) -> None:
    inventory = support.example(name)
    hosts = list(inventory.hosts)
    random.Random(7).shuffle(hosts)
    assert design(RawInventory(tuple(hosts)), support.TODAY).plan == support.example_design(name).plan


def places(value: object, path: str = "") -> t.Iterator[str]:
    """Paths of everything below a value, as `support.changed` takes them."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, element in pairs:
        below = f"{path}/{key}" if path else str(key)
        yield below
        yield from places(element, below)


JUNK: st.SearchStrategy[object] = st.sampled_from(
    ["~delete", None, "", "nonsense", -1, 0, 1.5, True, [], {}, [None], {"a": {}}, ["pool1"], "10.20.0.11", "0.0.0.0/0"]
)


@st.composite
def broken(draw: st.DrawFn) -> RawInventory:
    """An example in which one value, of the estate or of a host, is something else."""
    inventory = support.example(draw(st.sampled_from(EXAMPLES)))
    host = draw(st.sampled_from(inventory.hosts))
    place = draw(st.sampled_from(sorted(places(dict(host.variables)))))
    shared = all(place.partition("/")[0] in other.variables for other in inventory.hosts)
    return support.changed(inventory, {place if shared else f"@{host.name}/{place}": draw(JUNK)})


@settings(max_examples=80)
@given(broken())
def test_no_broken_inventory_raises(inventory: RawInventory) -> None:
    assert design(inventory, support.TODAY).topology


@pytest.mark.parametrize(
    "slip",
    [
        {"uc_pools/pool1.corp.contoso.com/edition": "~delete"},
        {"uc_pools/pool1.corp.contoso.com/edition": "enterprize"},
        {"uc_networks/lan/kind": "server"},
        {"uc_clients/hq/network": "client"},
        {"uc_mediation/med1.corp.contoso.com/next_hop": "pool2"},
        {"uc_edge_pools/edge.corp.contoso.com/next_hop": "dirpol.corp.contoso.com"},
    ],
    ids=str,
)
def test_one_slip_is_reported_once(slip: dict[str, object]) -> None:
    """And not again by everything that depends on what was mistyped."""
    before = set(support.example_design("lab").findings)
    found = design(support.changed(support.example("lab"), slip), support.TODAY).findings
    assert len(set(found) - before) == 1
