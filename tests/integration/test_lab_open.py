# SPDX-License-Identifier: GPL-3.0-or-later
"""Labs that let the machine itself into their management network, as those that users make do."""

from __future__ import annotations

import os
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
import yaml

from tests.integration import snapshot
from tests.integration.conftest import lab_command, own_name
from tests.lab.lab import FOLDER
from tests.support import ROOT

SMALL = ROOT / "tests/integration/inventories/small.yml"
# A network for tests of equipment, which no machine and no other lab uses; by process, for runs beside one another.
NETWORK = f"198.18.{os.getpid() % 250}"
IN_BAND = f"10.20.0.{100 + os.getpid() % 150}"
CONNECTIONS = {
    "ocs1.corp.contoso.com": f"{NETWORK}.11",
    "ns1.corp.contoso.com": f"{NETWORK}.12",
    "fw-ext.contoso.com": f"{NETWORK}.13",
    "fw-int.contoso.com": IN_BAND,
    "client1.corp.contoso.com": f"{NETWORK}.15",
}


@pytest.fixture(scope="module")
def inventory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small inventory, with addresses to connect to; one host is managed in-band."""
    folder = tmp_path_factory.mktemp("open")
    (folder / "hosts.yml").write_text(SMALL.read_text())
    hosts = {host: {"ansible_host": address} for host, address in CONNECTIONS.items()}
    (folder / "z_connections.yml").write_text(yaml.safe_dump({"all": {"hosts": hosts}}))
    return folder


@pytest.fixture(scope="module")
def opened(inventory: Path) -> t.Iterator[str]:
    name = own_name("y")
    before = snapshot.take(name)
    try:
        up = lab_command("--name", name, "up", str(inventory))
        assert up.returncode == 0, up.stderr
        yield name
    finally:
        lab_command("--name", name, "down")
    assert snapshot.settled(before, name) == before


def test_ansible_of_the_machine_reaches_every_host_as_it_is(opened: str, inventory: Path) -> None:
    program = str(Path(sys.executable).parent / "ansible")
    connections = str(FOLDER / opened / "inventory.yml")
    command = [program, "-i", str(inventory), "-i", connections, "all", "-m", "ansible.builtin.ping"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, timeout=120)
    reached = {line.split()[0] for line in done.stdout.splitlines() if "SUCCESS" in line}
    assert reached == set(CONNECTIONS), done.stdout + done.stderr


def test_the_machine_gets_a_card_and_a_way_to_the_host_managed_in_band(opened: str) -> None:
    found = snapshot.take(opened)
    assert found.links == {f"openuc-{opened}"}
    assert found.routes == {f"{NETWORK}.0/24 openuc-{opened}", f"{IN_BAND} openuc-{opened}"}


def test_a_second_lab_in_the_same_management_network_is_refused_and_told_how_else(opened: str, inventory: Path) -> None:
    name = f"z{opened[1:]}"
    before = snapshot.take(name)
    refused = lab_command("--name", name, "up", str(inventory))
    assert (refused.returncode, refused.stdout) == (1, "")
    assert (
        f"{NETWORK}.0/24 on openuc-{opened}, of lab {opened}, which goes with: lab --name {opened} down"
        in refused.stderr
    )
    assert "Use --closed" in refused.stderr
    assert snapshot.settled(before, name) == before
    try:
        assert lab_command("--name", name, "up", str(inventory), "--closed").returncode == 0
        hostname = lab_command("--name", name, "run", "--", "ping", "-c", "1", f"{NETWORK}.11")
        assert hostname.returncode == 0
    finally:
        lab_command("--name", name, "down")


def test_an_open_lab_is_not_silently_made_a_closed_one(opened: str, inventory: Path) -> None:
    refused = lab_command("--name", opened, "up", str(inventory), "--closed")
    assert refused.returncode == 1
    assert "is up from another inventory, or another state of it" in refused.stderr


def test_a_change_of_the_inventory_is_told_from_the_lab_that_is_up(
    opened: str, inventory: Path, tmp_path: Path
) -> None:
    changed = tmp_path / "inventory"
    changed.mkdir()
    for path in inventory.iterdir():
        (changed / path.name).write_text(path.read_text().replace("users: 10", "users: 11"))
    refused = lab_command("--name", opened, "up", str(changed))
    assert refused.returncode == 1
    assert f"lab {opened} is up from another inventory" in refused.stderr
    assert str(inventory) in refused.stderr
