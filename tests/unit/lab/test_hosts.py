# SPDX-License-Identifier: GPL-3.0-or-later
"""Files, cables and connections of hosts, before any of it is made."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
import yaml

from tests.lab import lab, links, ssh
from tests.lab.lab import Lab, _files, _random_password, _shadow
from tests.lab.layout import CORE, WORLD
from tests.lab.machine import Disk, command_in
from tests.lab.services.base import File, Service
from tests.unit.lab.drawing import host, small


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    for name, text in (("host", "PRIVATE"), ("host.pub", "ssh-ed25519 AAAA lab\n"), ("id.pub", "ssh-ed25519 BBBB\n")):
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.fixture
def made(keys: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    """A lab whose folder holds keys and nothing else."""
    monkeypatch.setattr(lab, "FOLDER", keys)
    (keys / "one").mkdir()
    (keys / "one" / "ssh").mkdir()
    for path in keys.glob("*"):
        if path.is_file():
            path.rename(keys / "one" / "ssh" / path.name)
    return Lab("one")


# --- files ------------------------------------------------------------------------------------------------------------


def test_a_host_knows_its_name_and_its_name_servers(made: Lab) -> None:
    files = _files(made, host(small(), "ocs1"), [])
    assert files["/etc/hostname"].text == "ocs1.corp.contoso.com\n"
    assert files["/etc/hosts"].text == "127.0.0.1 localhost\n10.20.0.11 ocs1.corp.contoso.com ocs1\n"
    assert files["/etc/resolv.conf"].text == "nameserver 10.20.0.5\nsearch corp.contoso.com\n"


def test_a_host_without_a_domain_searches_none(made: Lab) -> None:
    files = _files(made, host(small(), CORE), [])
    assert files["/etc/resolv.conf"].text == "nameserver 10.20.0.5\n"
    assert "/etc/openuc-lab/sshd_config" not in files, "nobody manages it"


@pytest.mark.parametrize(("label", "forwards"), [("ocs1", "0"), ("fw-int", "1"), (WORLD, "1")])
def test_routers_forward_and_nobody_else(made: Lab, label: str, forwards: str) -> None:
    settings = _files(made, host(small(), label), [])["/etc/openuc-lab/sysctl/network"].text
    assert settings.splitlines()[0] == f"net/ipv4/ip_forward {forwards}"


def test_services_are_prepared_once_and_started_always(made: Lab) -> None:
    service = Service("named", files={"/etc/x": File("x")}, prepare="make it", start="start it")
    files = _files(made, host(small(), "ns1"), [service, Service("quiet", start="only")])
    assert files["/etc/x"] == File("x")
    assert files["/etc/openuc-lab/services/named/prepare"] == File("make it\n", 0o755)
    assert files["/etc/openuc-lab/services/named/start"] == File("start it\n", 0o755)
    assert "/etc/openuc-lab/services/quiet/prepare" not in files


def test_no_password_of_the_machine_is_taken_along() -> None:
    assert _shadow("root:$y$secret:19000:0:99999:7:::\nx:!:1::::::\nbroken\n") == (
        "root:*:19000:0:99999:7:::\nx:*:1::::::\n"
    )


def test_passwords_have_every_kind_of_character() -> None:
    found = {_random_password() for _each in range(20)}
    assert len(found) == 20
    for password in found:
        assert all(re.search(kind, password) for kind in ("[a-z]", "[A-Z]", "[0-9]", "[^a-zA-Z0-9]"))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives folders the owners that the machine's have")
def test_files_are_written_with_mode_and_folders_like_the_machine_s(tmp_path: Path) -> None:
    disk = Disk(tmp_path / "disk")
    disk.make({"/tmp/deep/file": File("text", 0o600), "/etc/openuc-new/file": File("x", 0o755, "root:root")})
    assert (disk.upper / "tmp/deep/file").read_text() == "text"
    assert (disk.upper / "tmp/deep/file").stat().st_mode & 0o777 == 0o600
    assert (disk.upper / "tmp").stat().st_mode & 0o7777 == Path("/tmp").stat().st_mode & 0o7777
    assert (disk.upper / "etc/openuc-new/file").stat().st_mode & 0o777 == 0o755
    assert sorted(path.name for path in disk.folder.iterdir()) == ["root", "upper", "work"]


def test_a_log_is_found_on_the_disk(tmp_path: Path) -> None:
    assert Disk(tmp_path).log("named") == tmp_path / "upper/var/log/openuc-lab/named.log"


# --- ssh --------------------------------------------------------------------------------------------------------------


def test_sshd_listens_where_the_host_is_managed_and_takes_one_key(keys: Path) -> None:
    found = ssh.files(host(small(), "ocs1"), keys)
    assert "ListenAddress 172.31.0.3\n" in found["/etc/openuc-lab/sshd_config"].text
    assert "AuthenticationMethods publickey\n" in found["/etc/openuc-lab/sshd_config"].text
    assert found[ssh.HOST_KEY] == File("PRIVATE", 0o600)
    assert found[ssh.AUTHORIZED] == File("ssh-ed25519 BBBB\n", 0o600)


def test_keys_of_hosts_are_known_beforehand(keys: Path) -> None:
    addresses = "172.31.0.3,172.31.0.4,172.31.0.1,172.31.0.2,172.31.0.5"
    assert ssh.known_hosts(keys, small()) == f"{addresses} ssh-ed25519 AAAA\n"


def test_the_inventory_of_connections_has_every_host_that_is_managed(keys: Path) -> None:
    extra = {"ns1.corp.contoso.com": {"dns_key_file": "/keys/all.key"}}
    found = yaml.safe_load(ssh.inventory(small(), keys, extra))["all"]["hosts"]
    assert found["ns1.corp.contoso.com"]["dns_key_file"] == "/keys/all.key"
    assert {name.partition(".")[0] for name in found} == {"ocs1", "ns1", "fw-ext", "fw-int", "client1"}
    assert found["ocs1.corp.contoso.com"] == {
        "ansible_host": "172.31.0.3",
        "ansible_user": "root",
        "ansible_ssh_private_key_file": f"{keys}/id",
        "ansible_ssh_common_args": f"-o UserKnownHostsFile={keys}/known_hosts -o StrictHostKeyChecking=yes",
        "ansible_control_path_dir": f"{keys}/control",
        "ansible_python_interpreter": "/usr/bin/python3",
    }


# --- cables -----------------------------------------------------------------------------------------------------------


def test_every_host_has_a_namespace_and_so_has_the_controller() -> None:
    lines = links.make_namespaces("one", small())
    assert lines[0] == "netns add openuc-one-controller"
    assert "netns add openuc-one-ocs1.corp.contoso.com" in lines
    assert len(lines) == 1 + 7


def test_a_bridge_for_each_network_with_the_controller_s_own_address() -> None:
    lines = links.bridges(small(fw_int="10.20.0.2"))
    added = [line.split()[2] for line in lines if line.startswith("link add")]
    assert sorted(added) == ["clients", "internet", "lan", "mgmt", "perimeter"]
    assert [line for line in lines if line.startswith("address")] == [
        "address add 172.31.0.254/24 dev mgmt",
        "address add 10.20.0.254/24 dev lan",
    ]


def test_a_cable_leads_from_a_bridge_to_a_card() -> None:
    firewall = host(small(), "fw-int")
    assert links.cables("one", 3, firewall)[:2] == [
        "link add c3.0 type veth peer name outside address 02:00:00:00:03:00 netns openuc-one-fw-int.contoso.com",
        "link set c3.0 master perimeter up",
    ]
    assert links.cable_names(3, firewall) == ["c3.0", "c3.1", "c3.2"]


def test_hardware_addresses_stay_apart_however_many_hosts_there_are() -> None:
    found = {links.hardware_address(number, card) for number in range(2000) for card in range(5)}
    assert len(found) == 10_000
    assert links.hardware_address(256, 1) == "02:00:00:01:00:01"


def test_a_host_gets_its_addresses_before_its_routes() -> None:
    assert links.configure(host(small(), "ocs1")) == [
        "link set lo up",
        "address add 10.20.0.11/24 dev lan",
        "link set lan up",
        "address add 172.31.0.3/24 dev mgmt",
        "link set mgmt up",
        "route add 0.0.0.0/0 via 10.20.0.2",
        "route add 10.21.0.0/24 via 10.20.0.1",
    ]


def test_the_machine_is_let_into_the_management_network_and_to_hosts_managed_in_band() -> None:
    assert list(links.let_in("one", small(fw_int="10.20.0.2"))) == [
        "link add openuc-one type veth peer name visitor netns openuc-one-controller",
        "address add 172.31.0.253/24 dev openuc-one",
        "link set openuc-one up",
        "route add 10.20.0.2/32 via 172.31.0.254 dev openuc-one",
    ]
    assert links.let_in_inside() == ["link set visitor master mgmt up"]
    assert len(links.visitor_link("a" * 8)) <= 15


def test_a_command_is_run_with_a_clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "vt100")
    monkeypatch.setenv("SECRET", "x")
    command = command_in(7, ["true"])
    assert command[:2] == ["nsenter", "--target=7"]
    assert command[command.index("env") + 1] == "-i"
    assert command[-2:] == ["TERM=vt100", "true"]
    assert not [word for word in command if "SECRET" in word]
