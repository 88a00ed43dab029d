# SPDX-License-Identifier: GPL-3.0-or-later
"""The role on the example lab: both views at once, four runs, what a stage adds, undoing, and hosts without zones."""

from __future__ import annotations

import json
import re
import typing as t
from pathlib import Path

import pytest
import yaml

from tests.integration.conftest import RunningLab
from tests.support import ROOT

INVENTORY = ROOT / "inventories/lab"
SERVERS = ("ns1.corp.contoso.com", "ns-ext.contoso.com")
# Who asks which server; not through resolvers, which remember.
ASKING = {"client1.corp.contoso.com": "10.20.0.5", "world1.example.net": "203.0.113.5"}
SLICES = ROOT / "tests/golden/lab/intended"


class Role:
    def __init__(self, lab: RunningLab, folder: Path) -> None:
        self.lab, self.folder = lab, folder
        self.variables = {
            "dns_plan_dir": str(SLICES),
            "dns_key_file": str(lab.lab.folder / "keys/openuc.key"),
            "uc_estate_dir": str(folder / "estate"),
        }

    def run(self, *arguments: str, tasks_from: str = "main", hosts: str = "dns_server", **variables: t.Any) -> str:
        """What Ansible said; the task's hosts must have been fine."""
        code, said = self.tried(*arguments, tasks_from=tasks_from, hosts=hosts, **variables)
        assert code == 0, said
        return said

    def tried(self, *arguments: str, tasks_from: str, hosts: str, **variables: t.Any) -> tuple[int, str]:
        role = {"name": "openuc.ocs.dns", "tasks_from": tasks_from}
        play = [{"hosts": hosts, "gather_facts": False, "tasks": [{"ansible.builtin.include_role": role}]}]
        path = self.folder / "play.yml"
        path.write_text(yaml.safe_dump(play))
        given = json.dumps({**self.variables, **variables})
        done = self.lab.ansible("ansible-playbook", INVENTORY, "-e", given, *arguments, str(path))
        return done.returncode, done.stdout + done.stderr

    def asked(self, name: str, kind: str, client: str) -> list[str]:
        return sorted(self.lab.on(client, "dig", "+short", f"@{ASKING[client]}", name, kind).stdout.split("\n")[:-1])


def changed(said: str) -> dict[str, int]:
    return {host: int(count) for host, count in re.findall(r"^(\S+)\s+: ok=\d+\s+changed=(\d+)", said, re.MULTILINE)}


def planned(server: str) -> dict[tuple[str, str], list[str]]:
    found = {}
    for path in (SLICES / "slices/dns_records" / server).glob("*.json"):
        for record in json.loads(path.read_text())["records"]:
            found[record["name"], record["type"]] = sorted(record["values"])
    return found


@pytest.fixture(scope="module")
def role(running_lab: RunningLab, tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Role]:
    made = Role(running_lab, tmp_path_factory.mktemp("dns role"))
    yield made
    made.run(dns_stages=[], **PRUNE)


def test_check_apply_apply_check(role: Role) -> None:
    before = role.asked("sip.contoso.com", "A", "world1.example.net")
    said = role.run("--check", "--diff")
    assert "+sip.contoso.com A" in said
    assert changed(said) == dict.fromkeys(SERVERS, 1)
    assert role.asked("sip.contoso.com", "A", "world1.example.net") == before == []
    assert not (role.folder / "estate").exists()
    assert changed(role.run("-e", "dns_run=first")) == dict.fromkeys(SERVERS, 1)
    assert changed(role.run()) == dict.fromkeys(SERVERS, 0)
    assert changed(role.run("--check")) == dict.fromkeys(SERVERS, 0)


def test_each_view_sees_its_own_records(role: Role) -> None:
    role.run()
    for server, client in zip(SERVERS, ASKING, strict=True):
        for (name, kind), values in planned(server).items():
            assert role.asked(name, kind, client) == values, f"{name} {kind} asked by {client}"


PRUNE: t.Final = {"dns_prune": True, "dns_most_deleted": 1000, "dns_most_deleted_ratio": 1.0}
CLIENT = "client1.corp.contoso.com"


@pytest.fixture
def emptied(role: Role) -> Role:
    role.run(dns_stages=[], **PRUNE)
    return role


def test_where_clients_are_it_is_asked_what_they_hear_of_changes_alone(emptied: Role) -> None:
    asked = emptied.run()
    assert f"{SERVERS[0]} -> {CLIENT}" in asked
    assert f"{SERVERS[1]} -> world1.example.net" in asked
    assert f"-> {CLIENT}" not in emptied.run("--check", dns_stages=[], **PRUNE)
    assert f"-> {CLIENT}" not in emptied.run()


OWN_ZONE: t.Final = """
set -e
cd /tmp
echo 'corp.contoso.com. 60 IN SOA ns.example. h.example. 1 2 3 4 5' > own.zone
echo 'corp.contoso.com. 60 IN NS ns.example.' >> own.zone
cat > own.conf <<'end'
options { directory "/tmp"; listen-on { 127.0.0.1; }; listen-on-v6 { none; }; recursion no; pid-file "/tmp/own.pid"; };
controls {};
zone "corp.contoso.com" { type primary; file "/tmp/own.zone"; };
end
named -c /tmp/own.conf
cp /etc/resolv.conf own.kept
echo nameserver 127.0.0.1 > /etc/resolv.conf
"""
NO_LONGER: t.Final = "cat /tmp/own.kept > /etc/resolv.conf; kill $(cat /tmp/own.pid); rm /tmp/own.*"


def test_clients_whose_resolver_has_a_zone_of_its_own_fail_the_run(emptied: Role) -> None:
    """Nothing that is right is taken back: that is for whoever called the role."""
    emptied.lab.on(CLIENT, "sh", "-c", OWN_ZONE)
    try:
        code, said = emptied.tried(tasks_from="main", hosts=SERVERS[0])
    finally:
        emptied.lab.on(CLIENT, "sh", "-c", NO_LONGER)
    assert code == 2, said
    assert "the resolver 127.0.0.1 is own_zone: " in said
    assert "corp.contoso.com A is none there" in said
    assert emptied.asked("pool1.corp.contoso.com", "A", CLIENT) == ["10.20.0.100"]


def test_a_host_that_cannot_be_asked_is_told_and_fails_nothing(emptied: Role, tmp_path: Path) -> None:
    away = tmp_path / "away.yml"
    away.write_text(yaml.safe_dump({"all": {"hosts": {CLIENT: {"ansible_host": "172.31.255.250"}}}}))
    said = emptied.run("-i", str(away), hosts=SERVERS[0])
    assert "its resolvers were not asked: it cannot be reached" in said
    assert changed(said) == {SERVERS[0]: 1}


def test_a_stage_adds_what_it_needs(role: Role) -> None:
    stages = list(dict.fromkeys(_stages(SERVERS[0])))
    assert len(stages) > 2
    role.run(dns_stages=stages[:1], **PRUNE)
    counts = [_count(role)]
    for reached in (2, len(stages)):
        role.run(dns_stages=stages[:reached])
        counts.append(_count(role))
    assert counts == sorted(set(counts))
    assert changed(role.run(dns_stages=stages[:1])) == dict.fromkeys(SERVERS, 0)


def _stages(server: str) -> t.Iterator[str]:
    for path in sorted((SLICES / "slices/dns_records" / server).glob("*.json")):
        yield from (record["stage"] for record in json.loads(path.read_text())["records"])


def _count(role: Role) -> int:
    owned = (role.folder / "estate/journal/dns_records").glob("internal*/owned.json")
    return sum(len(json.loads(path.read_text())["records"]) for path in owned)


def test_a_run_is_undone_by_its_name(role: Role) -> None:
    role.run(dns_stages=[], **PRUNE)
    role.run(dns_run="rollout")
    assert role.asked("sip.contoso.com", "A", "world1.example.net") != []
    said = role.run(tasks_from="restore", dns_run="rollout")
    assert changed(said) == dict.fromkeys(SERVERS, 1)
    assert role.asked("sip.contoso.com", "A", "world1.example.net") == []
    said = role.run(tasks_from="restore", dns_run="never-begun")
    assert changed(said) == dict.fromkeys(SERVERS, 0)


def test_a_host_without_zones_is_left_alone_and_not_asked(role: Role) -> None:
    """Hosts of Windows have no sshd to connect to; the role needs none."""
    said = role.run(hosts="fe1.corp.contoso.com", ansible_host="192.0.2.254")
    assert changed(said) == {"fe1.corp.contoso.com": 0}


def test_zones_are_rendered_where_the_server_is_changed_by_hand(role: Role) -> None:
    given = {"uc_backend": {"dns": "rendered"}, "dns_render_format": "powershell"}
    assert changed(role.run(**given))[SERVERS[0]] > 0
    folder = role.folder / "estate/rendered/dns"
    found = sorted(str(path.relative_to(folder)) for path in folder.rglob("*.ps1"))
    assert found == [
        "ns-ext.contoso.com/contoso.com.ps1",
        "ns1.corp.contoso.com/internal/contoso.com.ps1",
        "ns1.corp.contoso.com/internal/corp.contoso.com.ps1",
    ]
    assert changed(role.run(**given)) == dict.fromkeys(SERVERS, 0)


def test_whole_zones_are_rendered_with_the_next_serial_where_they_differ(role: Role) -> None:
    given = {"uc_backend": {"dns": "rendered"}, "dns_serial": 7}
    zone = role.folder / "estate/rendered/dns/ns-ext.contoso.com/contoso.com.zone"
    first = "contoso.com. IN SOA ns-ext.contoso.com. hostmaster.contoso.com. {} "
    role.run(**given, dns_stages=["external_access"])
    assert first.format(7) in zone.read_text()
    role.run(**given)
    assert first.format(8) in zone.read_text()
    assert changed(role.run(**given)) == dict.fromkeys(SERVERS, 0)
