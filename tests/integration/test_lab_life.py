# SPDX-License-Identifier: GPL-3.0-or-later
"""Labs come up, stand beside one another, and go without a trace, also when their maker is killed."""

from __future__ import annotations

import os
import typing as t
from pathlib import Path

import pytest

from tests.integration import snapshot
from tests.integration.conftest import lab_command, own_name
from tests.lab import estate, kernel, packages
from tests.lab.__main__ import main
from tests.lab.layout import layout
from tests.lab.services.choice import Chooser, Secrets
from tests.support import ROOT

SMALL = ROOT / "tests/integration/inventories/small.yml"


@pytest.fixture
def name() -> t.Iterator[str]:
    """A name for a lab of this test alone; whatever it leaves is removed."""
    chosen = own_name("u")
    yield chosen
    lab_command("--name", chosen, "down")


@pytest.fixture
def other(name: str) -> t.Iterator[str]:
    chosen = f"v{name[1:]}"
    yield chosen
    lab_command("--name", chosen, "down")


def test_up_and_down_again_and_again_leaves_nothing(name: str) -> None:
    before = snapshot.take(name)
    for _round in range(2):
        up = lab_command("--name", name, "up", str(SMALL), "--closed")
        assert up.returncode == 0, up.stderr
        assert kernel.first_processes(name)
        assert lab_command("--name", name, "down").stdout == f"Lab {name} is gone.\n"
        assert snapshot.settled(before, name) == before


def test_up_twice_is_harmless(name: str) -> None:
    lab_command("--name", name, "up", str(SMALL), "--closed")
    first = kernel.first_processes(name)
    again = lab_command("--name", name, "up", str(SMALL), "--closed")
    assert again.stdout == f"Lab {name} is up already, from this inventory.\n"
    assert kernel.first_processes(name) == first


def test_a_lab_of_another_inventory_is_not_replaced(name: str) -> None:
    lab_command("--name", name, "up", str(SMALL), "--closed")
    first = kernel.first_processes(name)
    refused = lab_command("--name", name, "up", str(ROOT / "inventories/departments"), "--closed")
    assert refused.returncode == 1
    assert f"lab {name} is up from another inventory" in refused.stderr
    assert str(SMALL) in refused.stderr
    assert f"lab --name {name} down" in refused.stderr
    assert kernel.first_processes(name) == first


def test_two_labs_with_the_same_addresses_stand_side_by_side(name: str, other: str) -> None:
    for each in (name, other):
        up = lab_command("--name", each, "up", str(SMALL), "--closed")
        assert up.returncode == 0, up.stderr
    lab_command("--name", name, "exec", "ocs1.corp.contoso.com", "touch", "/etc/mine")
    assert lab_command("--name", name, "exec", "ocs1.corp.contoso.com", "test", "-e", "/etc/mine").returncode == 0
    assert lab_command("--name", other, "exec", "ocs1.corp.contoso.com", "test", "-e", "/etc/mine").returncode == 1
    lab_command("--name", name, "down")
    assert len(kernel.first_processes(other)) == len(kernel.namespaces(other)) - 1


@pytest.mark.parametrize("chosen", ["Lab", "a-b", "ninechars", "", "1st", "lab/../x", "läb"])
def test_names_that_no_lab_can_have(chosen: str) -> None:
    refused = lab_command("--name", chosen, "up", str(SMALL), "--closed")
    assert refused.returncode == 1
    assert f"{chosen!r} cannot be the name of a lab" in refused.stderr


def test_an_inventory_that_is_not_there() -> None:
    refused = lab_command("--name", "nobody", "up", "/does/not/exist", "--closed")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "/does/not/exist: there is no such inventory" in refused.stderr


def test_an_inventory_with_errors_builds_nothing(tmp_path: Path, name: str) -> None:
    wrong = tmp_path / "wrong.yml"
    wrong.write_text(SMALL.read_text().replace("uc_features:", "uc_titel: x\n    uc_features:"))
    refused = lab_command("--name", name, "up", str(wrong), "--closed")
    assert refused.returncode == 1
    assert "the inventory has errors" in refused.stderr
    assert "uc_titel" in refused.stderr
    assert kernel.namespaces(name) == ()


def test_down_without_a_lab() -> None:
    gone = lab_command("--name", "nobody", "down")
    assert (gone.returncode, gone.stdout) == (0, "There is no lab nobody: nothing to remove.\n")


def test_nobody_but_root(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert main(["--name", "nobody", "up", str(SMALL)]) == 1
    said = capsys.readouterr().err
    assert "needs root" in said
    assert "sudo" in said


def test_packages_that_are_missing_are_told_apart() -> None:
    assert packages.missing(["iproute2", "no-such-package-openuc", "tini"]) == ["no-such-package-openuc"]


def test_every_package_that_a_lab_needs_is_known_beforehand() -> None:
    """So that one command installs them all, before any lab is made."""
    found = estate.read(ROOT / "inventories/lab")
    drawn = layout(found.design.topology, found.connections, [host.name for host in found.inventory.hosts])
    chooser = Chooser(found, drawn, Secrets({"openuc": "c2VjcmV0"}, "one.A9z", "two.A9z"))
    needed = {package for host in drawn.hosts for service in chooser.services(host) for package in service.packages}
    assert needed <= {*packages.BASE, *packages.SERVERS, *packages.CLIENTS}
    assert needed > {"samba-ad-dc", "bind9", "haproxy", "pebble", "nginx-light"}


def test_a_package_that_does_not_exist_is_named_and_leaves_no_policy_behind() -> None:
    said: list[str] = []
    with pytest.raises(packages.LabError, match="no-such-package-openuc"):
        packages.install(["no-such-package-openuc"], said.append)
    assert said == ["Installing Debian packages: no-such-package-openuc"]
    assert not packages.POLICY.exists()
