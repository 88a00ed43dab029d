# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory behind a lab, as Ansible reads it."""

from __future__ import annotations

import ipaddress
from pathlib import Path

import pytest

from tests.lab.errors import LabError
from tests.lab.estate import addresses_of, plain, read, read_inventory
from tests.unit.lab.drawing import SMALL


def written(folder: Path, old: str, new: str) -> Path:
    text = SMALL.read_text()
    assert old in text
    path = folder / "hosts.yml"
    path.write_text(text.replace(old, new, 1))
    return path


def test_hosts_groups_and_variables_are_those_of_ansible() -> None:
    inventory, connections = read_inventory(SMALL)
    first = inventory.hosts[0]
    assert first.name == "ocs1.corp.contoso.com"
    assert "standard_edition" in first.groups
    assert first.variables["uc_addresses"] == "10.20.0.11"
    assert "ansible_host" not in first.variables
    assert connections["ocs1.corp.contoso.com"] == ""


def test_templates_are_worked_out(tmp_path: Path) -> None:
    path = written(tmp_path, "uc_features: [im_presence]", "uc_features: '{{ [\"im_presence\"] }}'")
    assert read_inventory(path)[0].hosts[0].variables["uc_features"] == ["im_presence"]


def test_a_template_that_fails_names_host_and_variable(tmp_path: Path) -> None:
    path = written(tmp_path, "uc_features: [im_presence]", "uc_features: '{{ nobody_knows }}'")
    with pytest.raises(LabError, match=r"ocs1\.corp\.contoso\.com: uc_features cannot be worked out: 'nobody_knows'"):
        read(path)


def test_only_addresses_are_connected_to() -> None:
    given = {"a": "192.0.2.1", "b": "", "c": "host.example", "d": "2001:db8::1"}
    assert dict(addresses_of(given)) == {"a": ipaddress.IPv4Address("192.0.2.1")}


def test_an_inventory_that_is_whole_is_planned() -> None:
    estate = read(SMALL)
    assert estate.design.plan is not None
    assert estate.connections == {}


def test_an_inventory_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LabError, match=r"nothing: there is no such inventory\. Name one with INVENTORY="):
        read(tmp_path / "nothing")


def test_an_inventory_of_nobody_is_refused(tmp_path: Path) -> None:
    (tmp_path / "hosts.yml").write_text("all: {hosts: {}}\n")
    with pytest.raises(LabError, match="Ansible finds no hosts in this inventory"):
        read(tmp_path / "hosts.yml")


def test_an_inventory_with_errors_is_refused_with_all_of_them(tmp_path: Path) -> None:
    path = written(tmp_path, "uc_product: ocs2007r2", "uc_product: ocs2008\n    uc_titel: x")
    with pytest.raises(LabError, match="the inventory has errors") as refused:
        read(path)
    assert "uc_titel" in str(refused.value)
    assert "ocs2008" in str(refused.value)


def test_values_lose_what_ansible_keeps_on_them() -> None:
    class Tagged(str):
        __slots__ = ()

    found = plain({Tagged("a"): [Tagged("b"), (1, None, True)]})
    assert found == {"a": ["b", [1, None, True]]}
    assert found["a"][0].__class__ is str
