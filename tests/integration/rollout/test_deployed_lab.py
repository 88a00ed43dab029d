# SPDX-License-Identifier: GPL-3.0-or-later
"""The example lab is deployed, deployed again, looked at and taken back, on real servers. One lab for all of it, in the
order of this file, since each deployment stands on the one before."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import re
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest

from ansible_collections.openuc.ocs.plugins.plugin_utils.rollout.records import Entry, read
from tests.integration.conftest import own_name
from tests.lab import estate, kernel, lab, machine
from tests.lab.lab import Lab
from tests.lab.layout import CONTROLLER
from tests.support import ROOT

INVENTORY = ROOT / "inventories/lab"
CLIENT, OUTER, NAMES = "client1.corp.contoso.com", "fw-ext.contoso.com", "ns1.corp.contoso.com"
CLIENT_ADDRESS = "10.21.0.51"
FE1, FE2, LB1 = "fe1.corp.contoso.com", "fe2.corp.contoso.com", "lb1.corp.contoso.com"
POOL = "ocs2007r2.certificate.enterprise-consolidated@pool1.corp.contoso.com"
LOOK = """
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.include_role: {name: openuc.ocs.certificates, tasks_from: verify}
"""
Done = subprocess.CompletedProcess


@dataclasses.dataclass(frozen=True)
class DeployedLab:
    """A lab of this file's own, with the folder of its estate."""

    lab: Lab
    folder: Path

    def play(self, playbook: str, *arguments: str) -> Done[str]:
        inside = kernel.NAMED / kernel.namespace(self.lab.name, CONTROLLER)
        inventories = ["-i", str(INVENTORY), "-i", str(self.lab.folder / "inventory.yml")]
        program = str(Path(sys.executable).parent / "ansible-playbook")
        command = [program, playbook, *inventories, "-e", f"uc_estate_dir={self.folder}", *arguments]
        return subprocess.run(
            ["nsenter", f"--net={inside}", *command],
            env={**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=1800,
            stdin=subprocess.DEVNULL,
        )

    def on(self, host: str, *command: str) -> str:
        within = machine.command_in(self.lab.first_process(host), command)
        return subprocess.run(within, capture_output=True, text=True, check=True, timeout=60).stdout

    @contextlib.contextmanager
    def held(self, host: str, lock: str) -> t.Iterator[None]:
        """Hold a lock on a host."""
        within = machine.command_in(self.lab.first_process(host), ("flock", lock, "sh", "-c", "echo held; cat"))
        with subprocess.Popen(within, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
            assert holder.stdout
            assert holder.stdout.readline() == b"held\n"
            yield
            # The program ends, and with it the lock, when nobody speaks to it any more.

    def state(self) -> dict[str, str]:
        """What check mode must not touch: rules, services, zones and journals."""
        files = (path for path in sorted((self.folder / "journal").rglob("*")) if path.is_file())
        return {
            "rules": self.on(OUTER, "nft", "-s", "list", "ruleset"),
            "services": self.on(LB1, "cat", "/etc/haproxy/openuc.cfg"),
            "zone": self.on(NAMES, "dig", "+noall", "+answer", "@10.20.0.5", "corp.contoso.com", "SOA"),
            **{str(path): path.read_text(errors="replace") for path in files},
        }

    def entries(self) -> tuple[Entry, ...]:
        return read((self.folder / "journal/rollout.jsonl").read_text()).entries

    def verdicts(self) -> list[str]:
        return [str(entry.data["verdict"]) for entry in self.entries() if entry.event == "ended"]


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[DeployedLab]:
    name = Lab(own_name("q"))
    try:
        lab.up(name, estate.read(INVENTORY), let_in=False, say=print)
        yield DeployedLab(name, tmp_path_factory.mktemp("estate"))
    finally:
        lab.down(name, print)


def changed(done: Done[str]) -> dict[str, int]:
    found = re.findall(r"^(\S+)\s+: .*changed=(\d+)", done.stdout, re.MULTILINE)
    return {host: int(count) for host, count in found if int(count)}


def test_a_look_ahead_at_an_untouched_estate_writes_nothing_anywhere(deployed: DeployedLab) -> None:
    done = deployed.play("openuc.ocs.deploy", "--check", "--diff")
    assert done.returncode == 0, done.stdout[-3000:]
    assert list(deployed.folder.iterdir()) == []
    assert "openuc" not in deployed.on(OUTER, "nft", "list", "ruleset")


def test_the_whole_estate_is_deployed(deployed: DeployedLab) -> None:
    done = deployed.play("openuc.ocs.deploy")
    assert done.returncode == 0, done.stdout[-5000:]
    assert deployed.verdicts() == ["complete"]
    assert deployed.on(CLIENT, "dig", "+short", "@10.20.0.5", "pool1.corp.contoso.com") == "10.20.0.100\n"
    assert "ocs2007r2.flow." in deployed.on(OUTER, "nft", "list", "table", "inet", "openuc_filter")
    told = deployed.play("openuc.ocs.status")
    assert "All that is planned is done." in told.stdout
    changes = {
        (entry.data["mechanism"], entry.data["host"]) for entry in deployed.entries() if entry.event == "operations"
    }
    assert changes >= {("firewall", OUTER), ("dns", NAMES), ("load_balancer", LB1), ("certificates", FE1)}
    seen = [look["state"] for entry in deployed.entries() for look in entry.data.get("seen", ())]
    assert seen.count("seen") > 5, "servers and names are seen where people say that they are there"
    assert "missing" not in seen


def test_deploying_again_changes_nothing(deployed: DeployedLab) -> None:
    done = deployed.play("openuc.ocs.deploy")
    assert done.returncode == 0, done.stdout[-5000:]
    assert changed(done) == {}


def test_looking_ahead_at_a_finished_estate_touches_nothing(deployed: DeployedLab) -> None:
    before = deployed.state()
    done = deployed.play("openuc.ocs.deploy", "--check", "--diff")
    assert done.returncode == 0, done.stdout[-3000:]
    assert changed(done) == {}
    assert deployed.state() == before


def test_every_host_finds_the_planned_certificates_behind_the_balancers_too(deployed: DeployedLab) -> None:
    """Through the rules of the firewalls, at the virtual addresses of pools and arrays, and at what stands behind."""
    playbook = deployed.folder.with_name("look.yml")
    playbook.write_text(LOOK)
    done = deployed.play(str(playbook), "-v", "-e", f"certificates_plan_dir={deployed.folder}/intended")
    assert done.returncode == 0, done.stdout[-3000:]
    looked = set(re.findall(r"id: (\S+ at \S+:\d+)", done.stdout))
    balanced = {"10.20.0.100:5061", "10.20.0.100:443", "10.20.0.110:5061", "10.30.0.100:5061", "10.30.0.101:5062"}
    assert {each.partition(" at ")[2] for each in looked} >= balanced | {"203.0.113.100:443", "203.0.113.101:443"}
    assert f"{FE1} at 10.20.0.11:5061" in looked


def test_what_was_changed_behind_our_back_is_seen_and_set_right_and_nothing_else(deployed: DeployedLab) -> None:
    deployed.on(OUTER, "nft", "delete", "table", "inet", "openuc_filter")
    before = len(deployed.entries())
    done = deployed.play("openuc.ocs.deploy")
    assert done.returncode == 0, done.stdout[-3000:]
    assert set(changed(done)) == {OUTER}
    intents = [entry.data for entry in deployed.entries()[before:] if entry.event == "intent"]
    assert [(each["mechanism"], set(each["stages"])) for each in intents] == [("firewall", {OUTER})]
    assert "ocs2007r2.flow." in deployed.on(OUTER, "nft", "list", "table", "inet", "openuc_filter")


def test_a_cut_management_link_stops_the_run_and_is_mended_by_the_next(deployed: DeployedLab) -> None:
    deployed.on(OUTER, "ip", "link", "set", "mgmt", "down")
    try:
        stopped = deployed.play("openuc.ocs.deploy", "--tags", "firewall", "-e", "ansible_ssh_timeout=3")
    finally:
        deployed.on(OUTER, "ip", "link", "set", "mgmt", "up")
    assert stopped.returncode != 0
    assert f"stops before it changes anything: {OUTER} could not be reached to be looked at" in stopped.stdout
    assert deployed.verdicts()[-1] == "stopped"
    again = deployed.play("openuc.ocs.deploy", "--tags", "firewall")
    assert again.returncode == 0, again.stdout[-3000:]
    assert deployed.verdicts()[-1] == "complete"


def test_a_host_that_dies_stops_the_run_and_is_named_until_it_is_back(deployed: DeployedLab) -> None:
    """Before it was to get one flow more, so that it has a wave and is not only looked at."""
    more = {
        "from": ["world1.example.net"],
        "to": ["dmz_out"],
        "protocol": "tcp",
        "ports": ["8080"],
        "reason": "A trial",
    }
    choice = ("--tags", "firewall", "-e", json.dumps({"uc_extra_flows": [more], "ansible_ssh_timeout": 3}))
    lab.stop(deployed.lab, OUTER)
    try:
        stopped = deployed.play("openuc.ocs.deploy", *choice)
        told = deployed.play("openuc.ocs.status")
    finally:
        lab.start(deployed.lab, OUTER)
    assert stopped.returncode != 0
    assert f"{OUTER}: lost, and may be half changed" in stopped.stdout
    assert f"firewall at {OUTER}: lost" in told.stdout
    again = deployed.play("openuc.ocs.deploy", "--tags", "firewall")
    assert again.returncode == 0, again.stdout[-3000:]
    assert f"firewall at {OUTER}" not in deployed.play("openuc.ocs.status").stdout


def test_a_second_controller_is_told_of_the_first_while_it_works(deployed: DeployedLab, tmp_path: Path) -> None:
    """It has a folder of its own, and so knows nothing of the lease. What works at the host holds the host's lock."""
    lock = "/var/lib/openuc/firewall_rules/openuc_filter/lock"
    theirs = ("--tags", "firewall", "--limit", OUTER, "-e", f"uc_estate_dir={tmp_path}")
    before = deployed.on(OUTER, "nft", "-s", "list", "ruleset")
    with deployed.held(OUTER, lock):
        refused = deployed.play("openuc.ocs.deploy", *theirs)
    assert refused.returncode != 0
    assert f"another run works here: it holds {lock}. Wait for it to end, then run again" in refused.stdout
    assert deployed.on(OUTER, "nft", "-s", "list", "ruleset") == before
    history = read((tmp_path / "journal/rollout.jsonl").read_text()).entries
    told = next(entry.data["hosts"][OUTER] for entry in history if entry.event == "outcome")
    assert told["result"] == "failed", "who works there may have changed it by half"
    assert "another run works here" in told["reason"]
    assert [entry.data["verdict"] for entry in history if entry.event == "ended"] == ["stopped"]
    again = deployed.play("openuc.ocs.deploy", *theirs)
    assert again.returncode == 0, again.stdout[-3000:]
    assert deployed.on(OUTER, "nft", "-s", "list", "ruleset") == before, "early stages take nothing of later ones away"
    assert '"event":"operations"' not in (tmp_path / "journal/rollout.jsonl").read_text()


def test_a_host_whose_disk_is_full_is_as_it_was_and_set_right_once_there_is_room(deployed: DeployedLab) -> None:
    """Somebody took our table away, and the state before the change has nowhere to go."""
    deployed.on(OUTER, "nft", "delete", "table", "inet", "openuc_filter")
    deployed.on(OUTER, "mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", "/var/lib/openuc")
    try:
        deployed.on(OUTER, "sh", "-c", "head -c 4096 /dev/zero > /var/lib/openuc/full")
        stopped = deployed.play("openuc.ocs.deploy", "--tags", "firewall")
        left = deployed.on(OUTER, "nft", "list", "tables")
    finally:
        deployed.on(OUTER, "umount", "/var/lib/openuc")
    assert stopped.returncode != 0
    assert "No space left on device" in stopped.stdout
    assert f"{OUTER}: failed, and is as it was before this run" in stopped.stdout
    assert "openuc_filter" not in left
    assert deployed.verdicts()[-1] == "stopped"
    again = deployed.play("openuc.ocs.deploy", "--tags", "firewall")
    assert again.returncode == 0, again.stdout[-3000:]
    assert set(changed(again)) == {OUTER}
    operations = [entry.data for entry in deployed.entries() if entry.event == "operations"]
    told = [(each["host"], each["module"], each["state"]) for each in operations[-2:]]
    assert told == [(OUTER, "firewall_rules", "replaced"), (OUTER, "firewall_rules", "confirmed")]
    assert operations[-2]["summary"].endswith(" to add")
    assert operations[-2]["undo_id"] == operations[-1]["undo_id"] != ""


def test_a_stage_that_does_not_look_as_planned_stops_the_run(deployed: DeployedLab) -> None:
    """The name server hears a client no more, which no mechanism minds and the client sees."""
    deaf = "add table inet deaf; add chain inet deaf in { type filter hook input priority -10; }; "
    deployed.on(NAMES, "nft", deaf + f"add rule inet deaf in ip saddr {CLIENT_ADDRESS} drop")
    choice = ("--tags", "dns", "-e", "uc_until=infrastructure")
    try:
        stopped = deployed.play("openuc.ocs.deploy", *choice, "-e", "uc_verification=stop")
    finally:
        deployed.on(NAMES, "nft", "delete", "table", "inet", "deaf")
    assert stopped.returncode != 0
    assert "The stage infrastructure does not look as planned" in stopped.stdout
    last = [entry for entry in deployed.entries() if entry.event == "verified"][-1]
    assert (last.data["stage"], bool(last.data["wrong"])) == ("infrastructure", True)
    assert deployed.verdicts()[-1] == "stopped"
    again = deployed.play("openuc.ocs.deploy", *choice, "-e", "uc_verification=stop")
    assert again.returncode == 0, again.stdout[-3000:]
    assert deployed.verdicts()[-1] == "complete"


def test_one_firewall_goes_back_to_before_its_first_rule(deployed: DeployedLab) -> None:
    first = deployed.entries()[0].run
    done = deployed.play("openuc.ocs.rollback", "--tags", "firewall", "--limit", OUTER, "-e", f"uc_run={first}")
    assert done.returncode == 0, done.stdout[-3000:]
    assert "ocs2007r2.flow." not in deployed.on(OUTER, "nft", "list", "ruleset")
    assert "firewall at fw-ext.contoso.com" in deployed.play("openuc.ocs.status").stdout


@contextlib.contextmanager
def reading_its_certificate_at_start_only(deployed: DeployedLab, host: str) -> t.Iterator[None]:
    """A server as many are: it shows the certificate that was installed when it began, whatever is installed since."""
    kept = "/tmp/at-start"
    serve = f"cd {kept}; openssl s_server -quiet -accept 15061 -cert certificate.pem -key key.pem"
    deployed.on(host, "cp", "-rL", f"/etc/openuc/certificates/{POOL}", kept)
    process = deployed.on(host, "sh", "-c", f"{serve} -cert_chain certificate.pem </dev/null >/dev/null 2>&1 & echo $!")
    lead = "add table ip stuck; add chain ip stuck out { type nat hook output priority -100; }; "
    deployed.on(host, "nft", lead + "add rule ip stuck out tcp dport 5061 redirect to :15061")
    try:
        yield
    finally:
        deployed.on(host, "nft", "delete", "table", "ip", "stuck")
        deployed.on(host, "kill", process.strip())
        deployed.on(host, "rm", "-r", kept)


def test_a_renewal_that_the_first_host_does_not_show_goes_no_further_and_is_ended_by_the_next_run(
    deployed: DeployedLab,
) -> None:
    """Due by the days that are left: those that were issued have 365, and the estate wants 400."""
    authority = {"authority": "internal", "name": "Contoso lab", "url": "http://crl.contoso.com", "tolerated": ["crl"]}
    lasting = {**authority, "days": 500}
    renewal = {
        "uc_certificates": {"renew_days": 400},
        "uc_only": ["pool1.corp.contoso.com"],
        "certificates_verify": True,
        "certificates_issuers": {"internal": lasting, "public": lasting},
    }
    choice = ("--tags", "certificates", "-e", json.dumps(renewal))
    before = held(deployed)
    with reading_its_certificate_at_start_only(deployed, FE1):
        stopped = deployed.play("openuc.ocs.deploy", *choice)
    assert stopped.returncode != 0
    assert f"{FE1} at 10.20.0.11:5061: other: " in stopped.stdout
    assert f"{FE1}: failed, and is as it was before this run" in stopped.stdout
    assert f"Not touched by what would have followed: {FE2}" in stopped.stdout
    assert held(deployed) == before
    assert deployed.verdicts()[-1] == "stopped"
    (outcome,) = [entry.data["hosts"] for entry in deployed.entries() if entry.event == "outcome"][-1:]
    assert outcome[FE1]["result"] == "rolled_back"
    assert "is shown in place of" in outcome[FE1]["reason"]
    again = deployed.play("openuc.ocs.deploy", *choice)
    assert again.returncode == 0, again.stdout[-3000:]
    assert deployed.verdicts()[-1] == "complete"
    after = held(deployed)
    assert after[FE1] == after[FE2] != before[FE1]


def held(deployed: DeployedLab) -> dict[str, str]:
    """Which set of the pool's certificate each of its servers shows."""
    return {host: deployed.on(host, "readlink", f"/etc/openuc/certificates/{POOL}").strip() for host in (FE1, FE2)}
