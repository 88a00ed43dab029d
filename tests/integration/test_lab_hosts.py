# SPDX-License-Identifier: GPL-3.0-or-later
"""The hosts of a lab are hosts: reached over ssh, kept apart, routed through firewalls, with real servers on them."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest

from tests.integration.conftest import RunningLab
from tests.lab import kernel, lab
from tests.support import ROOT

LAB = ROOT / "inventories/lab"
CLIENT, WORLD = "client1.corp.contoso.com", "world1.example.net"
EDGE, FRONT_END = "edge1.contoso.com", "fe1.corp.contoso.com"
INNER, OUTER = "fw-int.contoso.com", "fw-ext.contoso.com"


def test_ansible_reaches_every_host_over_ssh(running_lab: RunningLab) -> None:
    done = running_lab.ansible("ansible", LAB, "all", "-m", "ansible.builtin.ping", "-f", "10", "-o")
    reached = {line.split()[0] for line in done.stdout.splitlines() if "SUCCESS" in line}
    assert reached == {host.name for host in running_lab.layout.hosts if host.managed_at}, done.stdout + done.stderr
    assert len(reached) == 30


def test_the_estate_is_planned_where_its_hosts_are(running_lab: RunningLab, tmp_path: Path) -> None:
    done = running_lab.ansible("ansible-playbook", LAB, "openuc.ocs.plan", "-e", f"uc_estate_dir={tmp_path}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "intended" / "plan.json").exists()


# --- hosts are kept apart ---------------------------------------------------------------------------------------------


def test_what_a_host_changes_is_seen_nowhere_else(running_lab: RunningLab) -> None:
    marker = Path("/etc/openuc-lab-marker")
    running_lab.on(FRONT_END, "sh", "-c", f"echo here > {marker}; echo x >> /etc/passwd; rm /etc/hostname")
    assert running_lab.on(FRONT_END, "cat", str(marker)).stdout == "here\n"
    assert running_lab.on("fe2.corp.contoso.com", "test", "-e", str(marker), check=False).returncode == 1
    assert not marker.exists()
    assert "\nx\n" not in Path("/etc/passwd").read_text()
    assert Path("/etc/hostname").exists()


def test_a_host_sees_its_own_name_processes_and_folders(running_lab: RunningLab) -> None:
    assert running_lab.on(FRONT_END, "hostname").stdout == f"{FRONT_END}\n"
    processes = running_lab.on(FRONT_END, "ps", "-eo", "pid,args").stdout
    assert re.search(r"^\s+1 tini ", processes, re.MULTILINE)
    assert "pytest" not in processes
    # Ansible, which other tests run on the same hosts, keeps a folder for what it copies there.
    folders = ("/root", "/home", "/tmp")
    found = running_lab.on(FRONT_END, "find", *folders, "-mindepth", "1", "-not", "-path", "*/.ansible*")
    assert found.stdout == ""
    assert running_lab.on(FRONT_END, "sh", "-c", "command -v python3").stdout == "/usr/bin/python3\n"


@pytest.mark.parametrize("path", ["/proc/sys/vm/swappiness", "/proc/sys/kernel/core_pattern"])
def test_a_host_cannot_change_the_machine(running_lab: RunningLab, path: str) -> None:
    refused = running_lab.on(FRONT_END, "sh", "-c", f"cat {path} > {path}", check=False)
    assert refused.returncode != 0
    assert "Read-only file system" in refused.stderr


def test_nobody_knows_a_password_of_the_machine(running_lab: RunningLab) -> None:
    shadow = running_lab.on(FRONT_END, "cat", "/etc/shadow").stdout
    assert {line.split(":")[1] for line in shadow.splitlines()} == {"*"}


def test_secrets_of_the_lab_are_for_root_alone(running_lab: RunningLab) -> None:
    folder = running_lab.lab.folder
    assert oct((folder).stat().st_mode & 0o777) == "0o700"
    secret = list((folder / "keys").iterdir())
    account = {"dc1.corp.contoso.com.keytab", "dc1.corp.contoso.com.krb5.conf"}
    assert {path.name for path in secret} == {
        "openuc.key", "all.key", "administrator.password", "operator.password", *account
    }  # fmt: skip
    assert {oct(path.stat().st_mode & 0o777) for path in secret} == {"0o600"}


# --- the network is the inventory's -----------------------------------------------------------------------------------


def forwarded(running_lab: RunningLab, firewall: str) -> int:
    """How many packets a firewall has passed on so far."""
    rows = running_lab.on(firewall, "grep", "^Ip:", "/proc/net/snmp").stdout.splitlines()
    names, values = (row.split() for row in rows)
    return int(values[names.index("ForwDatagrams")])


@pytest.mark.parametrize(
    ("source", "destination", "crossed", "not_crossed"),
    [
        (WORLD, "203.0.113.31", OUTER, INNER),
        ("edge.fabrikam.com", "203.0.113.51", OUTER, INNER),
        (EDGE, "10.20.0.11", INNER, OUTER),
        (FRONT_END, "10.30.0.31", INNER, OUTER),
        (CLIENT, "10.30.0.32", INNER, OUTER),
    ],
)
def test_packets_cross_the_firewall_that_stands_between(
    running_lab: RunningLab, source: str, destination: str, crossed: str, not_crossed: str
) -> None:
    before = {each: forwarded(running_lab, each) for each in (crossed, not_crossed)}
    running_lab.on(source, "ping", "-c", "3", "-i", "0.01", "-W", "5", destination)
    after = {each: forwarded(running_lab, each) for each in (crossed, not_crossed)}
    assert after[crossed] - before[crossed] >= 6, "three packets and their answers"
    assert after[not_crossed] == before[not_crossed]


@pytest.mark.parametrize(
    ("source", "destination"), [(WORLD, "10.20.0.11"), (WORLD, "10.30.0.31"), (CLIENT, "198.51.100.52")]
)
def test_there_is_no_way_past_the_perimeter(running_lab: RunningLab, source: str, destination: str) -> None:
    refused = running_lab.on(source, "ping", "-c", "1", "-W", "1", destination, check=False)
    assert refused.returncode != 0
    assert "Network is unreachable" in refused.stderr


def test_one_firewall_is_managed_through_an_interface_that_it_filters(running_lab: RunningLab) -> None:
    assert [host.name for host in running_lab.layout.in_band] == [INNER]
    cards = json.loads(running_lab.on(INNER, "ip", "-json", "address", "show").stdout)
    assert {card["ifname"] for card in cards} == {"lo", "inside", "lan"}


def test_filters_begin_with_forwarding_and_nothing_else(running_lab: RunningLab) -> None:
    for firewall in (INNER, OUTER):
        assert running_lab.on(firewall, "nft", "list", "ruleset").stdout == ""
        assert running_lab.on(firewall, "cat", "/proc/sys/net/ipv4/ip_forward").stdout == "1\n"
    assert running_lab.on(EDGE, "cat", "/proc/sys/net/ipv4/ip_forward").stdout == "0\n"


# --- servers ----------------------------------------------------------------------------------------------------------


def answers(running_lab: RunningLab, host: str, *question: str) -> list[str]:
    """A resolver that does not hear in time from servers of a busy machine says so by SERVFAIL, and is asked again."""
    command = ("dig", "+noall", "+comments", "+answer", "+time=15", "+tries=1", *question)
    deadline = time.monotonic() + 60
    while "SERVFAIL" in (said := running_lab.on(host, *command).stdout) and time.monotonic() < deadline:
        pass
    records = [line.split(maxsplit=4) for line in said.splitlines() if line and not line.startswith(";")]
    return [word for record in records for word in record[4].split()]


def test_each_side_resolves_its_own_names(running_lab: RunningLab) -> None:
    assert answers(running_lab, CLIENT, "dc1.corp.contoso.com") == ["10.20.0.2"]
    assert answers(running_lab, CLIENT, "_ldap._tcp.dc._msdcs.corp.contoso.com", "SRV")[-1] == "dc1.corp.contoso.com."
    assert answers(running_lab, WORLD, "sip.fabrikam.com") == answers(running_lab, EDGE, "edge.fabrikam.com")
    # The zone of the estate is answered from outside, by its own server, and knows nothing of the inside.
    assert answers(running_lab, WORLD, "contoso.com", "SOA")[0] == "ns-ext.contoso.com."
    assert answers(running_lab, WORLD, "dc1.corp.contoso.com") == []


def test_zones_are_transferred_and_changed_with_the_key_alone(running_lab: RunningLab) -> None:
    key = (running_lab.lab.folder / "keys" / "openuc.key").read_text()
    running_lab.on(CLIENT, "sh", "-c", f"umask 077; printf '%s' '{key}' > /root/key")
    transfer = ("dig", "@10.20.0.5", "corp.contoso.com", "AXFR", "+noall", "+answer")
    assert "Transfer failed" in running_lab.on(CLIENT, *transfer, check=False).stdout
    assert "dc1.corp.contoso.com." in running_lab.on(CLIENT, *transfer, "-k", "/root/key").stdout
    update = "server 10.20.0.5\nzone corp.contoso.com\nupdate add new.corp.contoso.com 60 A 10.20.0.99\nsend\n"
    without = running_lab.on(CLIENT, "sh", "-c", f"printf '{update}' | nsupdate", check=False)
    assert "REFUSED" in without.stderr
    running_lab.on(CLIENT, "sh", "-c", f"printf '{update}' | nsupdate -k /root/key")
    assert answers(running_lab, CLIENT, "new.corp.contoso.com") == ["10.20.0.99"]


def test_the_domain_controller_serves(running_lab: RunningLab) -> None:
    password = (running_lab.lab.folder / "keys" / "operator.password").read_text().strip()
    running_lab.on(FRONT_END, "sh", "-c", f"umask 077; printf '%s' '{password}' > /root/password")
    root = running_lab.on(
        FRONT_END, "ldapsearch", "-xLLL", "-H", "ldap://10.20.0.2", "-s", "base", "-b", "", "defaultNamingContext"
    ).stdout
    assert "defaultNamingContext: DC=corp,DC=contoso,DC=com" in root
    catalogue = running_lab.on(
        FRONT_END,
        "ldapsearch",
        "-xLLL",
        "-H",
        "ldap://10.20.0.2:3268",
        "-s",
        "base",
        "-b",
        "",
        "isGlobalCatalogReady",
    ).stdout
    assert "isGlobalCatalogReady: TRUE" in catalogue
    key = r"HKLM\Software\Microsoft\OpenUC Lab"
    registry = ["net", "rpc", "registry", "-S", "10.20.0.2", "-U", f"openuc%{password}"]
    running_lab.on(FRONT_END, *registry, "createkey", key)
    running_lab.on(FRONT_END, *registry, "setvalue", key, "Number", "dword", "250000")
    assert "250000" in running_lab.on(FRONT_END, *registry, "getvalue", key, "Number").stdout


def test_the_public_authority_is_found_and_answers(running_lab: RunningLab) -> None:
    script = (
        "import ssl, urllib.request as u, json; c = ssl._create_unverified_context();"
        "print(json.dumps(json.load(u.urlopen('https://acme.public-ca.example/dir', context=c, timeout=30))))"
    )
    directory = json.loads(running_lab.on(WORLD, "/usr/bin/python3", "-c", script).stdout)
    assert {"newAccount", "newNonce", "newOrder"} <= set(directory)


def test_a_list_of_revoked_certificates_can_be_put_there_and_fetched(running_lab: RunningLab) -> None:
    running_lab.on("ca1.corp.contoso.com", "sh", "-c", "printf list > /srv/pki/corp.crl")
    script = "import urllib.request as u; a = u.urlopen('http://10.20.0.3/corp.crl'); print(a.headers['Content-Type'])"
    assert running_lab.on(FRONT_END, "/usr/bin/python3", "-c", script).stdout == "application/pkix-crl\n"


def test_a_balancer_runs_without_services(running_lab: RunningLab) -> None:
    script = (
        "import socket; s = socket.socket(socket.AF_UNIX); s.connect('/run/haproxy/admin.sock');"
        "s.send(b'show stat\\n'); print(s.makefile().read())"
    )
    shown = running_lab.on("lb1.corp.contoso.com", "/usr/bin/python3", "-c", script).stdout
    proxies = {row.split(",")[0] for row in shown.splitlines()[1:] if row}
    assert proxies == {"lab_idle"}


def said(running_lab: RunningLab, source: str, address: str, port: int) -> dict[str, object]:
    """What a responder says to a TCP connection from a host."""
    script = f"import socket; print(socket.create_connection(('{address}', {port}), 30).makefile().readline())"
    found: dict[str, object] = json.loads(running_lab.on(source, "/usr/bin/python3", "-c", script).stdout)
    return found


def test_servers_of_the_product_are_stood_in_for(running_lab: RunningLab) -> None:
    answer = said(running_lab, CLIENT, "10.20.0.11", 5060)
    assert (answer["host"], answer["port"], answer["peer_address"]) == (FRONT_END, 5060, "10.21.0.51")
    media = said(running_lab, CLIENT, "10.20.0.11", 50_123)
    assert (media["host"], media["port"], media["protocol"]) == (FRONT_END, 50_123, "tcp")


# --- hosts fail and come back -----------------------------------------------------------------------------------------


def test_a_host_that_is_switched_off_and_on_keeps_its_disk_and_loses_the_rest(running_lab: RunningLab) -> None:
    host = "gw1.corp.contoso.com"
    running_lab.on(host, "sh", "-c", "echo kept > /var/kept; echo lost > /run/lost; nft add table inet lost")
    first = running_lab.lab.first_process(host)
    lab.restart(running_lab.lab, host)
    assert running_lab.lab.first_process(host) != first
    assert running_lab.on(host, "cat", "/var/kept").stdout == "kept\n"
    assert running_lab.on(host, "test", "-e", "/run/lost", check=False).returncode == 1
    assert running_lab.on(host, "nft", "list", "tables").stdout.count("lost") == 0
    assert running_lab.ansible("ansible", LAB, host, "-m", "ansible.builtin.ping").returncode == 0


def test_rules_kept_by_a_firewall_are_loaded_when_it_starts(running_lab: RunningLab) -> None:
    running_lab.on(OUTER, "sh", "-c", "echo 'table inet kept { }' >> /etc/nftables.conf")
    lab.restart(running_lab.lab, OUTER)
    assert running_lab.on(OUTER, "nft", "list", "tables").stdout == "table inet kept\n"


def test_a_host_can_be_switched_off_for_a_while(running_lab: RunningLab) -> None:
    name = running_lab.lab
    lab.stop(name, "um1.corp.contoso.com")
    assert kernel.namespace(name.name, "um1.corp.contoso.com") not in kernel.namespaces(name.name)
    lab.start(name, "um1.corp.contoso.com")
    assert running_lab.on("um1.corp.contoso.com", "hostname").stdout == "um1.corp.contoso.com\n"
