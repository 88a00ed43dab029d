# SPDX-License-Identifier: GPL-3.0-or-later
"""The printed virtual directories, row by row, beside what is planned for a Standard Edition server."""

from __future__ import annotations

import fnmatch
import functools
import typing as t
from pathlib import Path

import yaml

from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue import loader
from ansible_collections.openuc.ocs.plugins.plugin_utils.engine import design
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.iis import VirtualDirectory
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.plan import Plan
from tests import support

TABLES: dict[str, t.Any] = yaml.safe_load((Path(__file__).parent / "ocs2007r2" / "iis.yml").read_text())
SERVER = "ocs1.corp.contoso.com"
OUTSIDE = "webext.contoso.com"
FULL = {
    f"uc_pools/{SERVER}/applications": ["response_group"],
    "uc_features": ["im_presence", "remote_access", "device_updates"],
}


@functools.cache
def plan() -> Plan:
    found = design(support.changed(support.example("standard"), FULL), support.TODAY)
    assert found.plan, [finding.message for finding in found.errors]
    return found.plan


def printed(table: str) -> set[tuple[str, str]]:
    return {
        (row["feature"], row["uri"].replace("<Internal FQDN>", SERVER).replace("<External FQDN>", OUTSIDE))
        for row in TABLES["rows"]
        if row["printed_table"] == table
    }


def planned(directories: t.Iterable[VirtualDirectory], side: str) -> set[tuple[str, str]]:
    return {(directory.feature, directory.url) for directory in directories if directory.side == side}


def differences(directories: t.Sequence[VirtualDirectory]) -> list[str]:
    external = {(feature, uri.replace("<external FQDN>", OUTSIDE)) for feature, uri in printed("external")}
    wanted = {"internal": printed("internal"), "external": external}
    return [side for side, rows in wanted.items() if planned(directories, side) != rows]


def test_directories_are_those_printed() -> None:
    assert differences(plan().virtual_directories) == []


def test_every_directory_counts() -> None:
    directories = plan().virtual_directories
    for index in range(len(directories)):
        assert differences([*directories[:index], *directories[index + 1 :]])
    known = {row.id for row in loader.load("ocs2007r2").rows("iis")}
    assert known == {row for directory in directories for row in directory.why}


def test_a_balanced_pool_is_reached_by_https_alone() -> None:
    """The erratum about http inside: the same paths, and 443 is the only web port of the VIP."""
    lab = support.example_design("lab").plan
    assert lab
    inside = {row["uri"].partition(">")[2] for row in TABLES["rows"] if row["printed_table"] == "internal"}
    directories = [directory for directory in lab.virtual_directories if directory.side == "internal"]
    assert {directory.path for directory in directories} == inside
    assert all(directory.url.startswith("https://pool1.corp.contoso.com/") for directory in directories)


def test_the_reverse_proxy_lets_in_what_is_printed_and_nothing_for_the_inside() -> None:
    publication = next(found for found in plan().publications if found.name == OUTSIDE)

    def passes(path: str) -> bool:
        return any(fnmatch.fnmatchcase(path, pattern) or f"{path}/*" == pattern for pattern in publication.allowed)

    asked = [row["uri"].partition(">")[2] for row in TABLES["rows"] if row["printed_table"] != "internal"]
    assert all(passes(path) for path in asked)
    meeting = "/etc/place/null"  # erratum.iis-meeting-content-outside
    kept_in = {row["uri"].partition(">")[2] for row in TABLES["rows"] if row["printed_table"] == "internal"} - {meeting}
    assert not any(passes(path) for path in kept_in)
    assert set(publication.refused) == kept_in
