# SPDX-License-Identifier: GPL-3.0-or-later
"""Slices as the actions of mechanisms read them."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible.errors import AnsibleError

from ansible_collections.openuc.ocs.plugins.plugin_utils.acting.slices import read_slice, service_address, staged

SLICE = {
    "zone": "contoso.com",
    "records": [
        {"id": "a", "stage": "first"},
        {"id": "b", "stage": "second", "replaces": "a"},
        {"id": "c", "stage": "third", "replaces": "b"},
    ],
    "sets": [{"name": "edges"}],
    "protected": ["10.0.0.1"],
}


def _ids(content: dict[str, object]) -> list[str]:
    records = content["records"]
    assert isinstance(records, list)
    return [record["id"] for record in records]


def test_without_stages_all_of_them_are_reached() -> None:
    assert _ids(staged(SLICE, None)) == ["c"]
    assert staged(SLICE, None)["sets"] == SLICE["sets"]


@pytest.mark.parametrize(
    ("stages", "ids"),
    [("first", ["a"]), (["first", "second"], ["b"]), (["first", "second", "third"], ["c"]), ([], [])],
)
def test_what_a_later_stage_replaces_goes_when_it_is_reached(stages: list[str] | str, ids: list[str]) -> None:
    content = staged(SLICE, stages)
    assert _ids(content) == ids
    assert content["sets"] == [{"name": "edges"}]
    assert content["protected"] == ["10.0.0.1"]


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "No such file"), ("{", "is no JSON"), ("[]", "expected a mapping, got list")],
)
def test_a_slice_that_cannot_be_read_says_where_slices_come_from(
    tmp_path: Path, content: str | None, words: str
) -> None:
    path = tmp_path / "zone.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(AnsibleError, match=words):
        read_slice(str(path), "dns_records")


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("10.0.0.1/24", "10.0.0.1"),
        (["10.0.0.2", "10.0.0.3"], "10.0.0.2"),
        ({"internal": "10.0.0.4", "access": "10.0.0.5"}, "10.0.0.4"),
        (None, ""),
        ([], ""),
    ],
)
def test_a_server_is_reached_at_the_first_address_it_serves(given: object, address: str) -> None:
    assert service_address("dns1", {"hostvars": {"dns1": {"uc_addresses": given}}}) == address


def test_a_server_of_no_inventory_has_no_address() -> None:
    assert service_address("dns1", {"hostvars": {}}) == ""
