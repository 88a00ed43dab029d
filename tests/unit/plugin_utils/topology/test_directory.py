# SPDX-License-Identifier: GPL-3.0-or-later
"""Directories, Windows versions and conditions that prerequisites are judged by."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.openuc.ocs.plugins.plugin_utils.engine import design
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.directory import topology_of
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.inputs.directory import DirectoryInput, ForestInput
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.prerequisites import will_do
from tests import support


@pytest.mark.parametrize(
    ("forests", "name"),
    [
        ([("single", ("a.com",))], "single_forest_single_domain"),
        ([("single", ())], "single_forest_single_domain"),
        ([("single", ("a.com", "b.a.com", "C.B.A.com"))], "single_forest_single_tree_multiple_domains"),
        ([("single", ("a.com", "b.com"))], "single_forest_multiple_trees_disjoint_namespaces"),
        ([("single", ("a.com", "ba.com"))], "single_forest_multiple_trees_disjoint_namespaces"),
        ([("central", ("a.com",)), ("user", ("b.com",))], "multiple_forests_central_forest"),
        ([("resource", ("a.com",)), ("user", ("b.com",)), ("user", ("c.com",))], "multiple_forests_resource_forest"),
        ([("central", ("a.com",))], "central_forest_without_users"),
        ([("user", ("a.com",))], "no_forest_with_servers"),
        ([("central", ("a.com",)), ("resource", ("b.com",))], "several_forests_with_servers"),
        ([("single", ("a.com",)), ("user", ("b.com",))], "user_forests_beside_single_forest"),
    ],
)
def test_topology_names(forests: list[tuple[str, tuple[str, ...]]], name: str) -> None:
    made = [ForestInput(kind=t.cast("t.Any", kind), domains=domains) for kind, domains in forests]
    directory = DirectoryInput(forests={f"f{number}": forest for number, forest in enumerate(made)})
    assert topology_of(directory) == name


@pytest.mark.parametrize(
    ("stated", "wanted", "fits"),
    [
        ("Windows Server 2008 Enterprise x64", "2008", True),
        ("2008 SP2", "2008", True),
        ("2008 R2", "2008", False),
        ("2003 R2 SP2", "2003 SP2", False),
        ("2003 SP1", "2003 SP2", False),
        ("2003 SP2", "2003 SP1", True),
        ("2003 R2", "2003 R2 SP2", True),
        ("Windows Vista SP1", "Vista SP1", True),
        ("2000 SP4", "2003 SP1", False),
    ],
)
def test_windows_versions(stated: str, wanted: str, fits: bool) -> None:
    assert will_do(stated, ("98", wanted)) is fits


def findings(changes: dict[str, object]) -> set[str]:
    return {finding.id for finding in design(support.changed(support.example("lab"), changes), support.TODAY).findings}


def test_nothing_is_said_of_a_directory_that_is_not_declared() -> None:
    assert not {name for name in findings({"uc_ad": "~delete"}) if "forest" in name or "directory" in name}


def test_a_central_forest_in_order() -> None:
    changes: dict[str, object] = {
        "uc_ad/forests/corp/kind": "central",
        "uc_ad/forests/corp/users_as": "contact",
        "uc_ad/forests/staff": {"kind": "user", "domains": ["staff.example.com"], "trust": "two_way"},
    }
    assert not {name for name in findings(changes) if "forest" in name}


def test_memory_of_the_databases_follows_the_pool() -> None:
    enough: dict[str, object] = {"@sql1.corp.contoso.com/uc_memory_gb": 16}
    assert "finding.memory" not in findings(enough)
    assert "finding.memory" in findings({**enough, "uc_pools/pool1.corp.contoso.com/users": 150000})


def test_each_product_asks_for_its_own_platform() -> None:
    """A domain controller too old for one product does for its predecessor."""
    for name, expected in (("lab", True), ("ocs2007", False)):
        inventory = support.example(name)
        controller = next(host.name for host in inventory.hosts if "domain_controller" in host.groups)
        changed = support.changed(inventory, {f"@{controller}/uc_windows": "2000 SP4"})
        found = {finding.id for finding in design(changed, support.TODAY).findings}
        assert ("finding.windows-version" in found) is expected
