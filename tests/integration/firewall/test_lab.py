# SPDX-License-Identifier: GPL-3.0-or-later
"""The role at the lab's firewalls, one of which is managed through an interface that it filters."""

from __future__ import annotations

import json
import re
import subprocess
import time
import typing as t
from pathlib import Path

import pytest

from ansible_collections.openuc.ocs.plugins.plugin_utils.proof.prove import prove
from tests import support
from tests.integration.conftest import RunningLab
from tests.lab import lab, machine
from tests.support import ROOT

LAB = ROOT / "inventories/lab"
PLAYBOOK = str(Path(__file__).with_name("firewalls.yml"))
INNER, OUTER = "fw-int.contoso.com", "fw-ext.contoso.com"
WORLD, EDGE, EDGE_OUTSIDE = "world1.example.net", "edge1.contoso.com", "203.0.113.31"
FILES = "/var/lib/openuc /etc/nftables.d"


class Firewalls:
    """The lab's firewalls, and a plan for them."""

    def __init__(self, running: RunningLab, plan: Path) -> None:
        self.running = running
        self.plan = plan

    def slice_of(self, host: str) -> Path:
        return self.plan / "slices" / "firewall_rules" / f"{host}.json"

    def play(self, *arguments: str, **variables: t.Any) -> tuple[int, dict[str, dict[str, int]], str]:
        """Play the role: the outcome, the recap of each host, and everything that was said."""
        more = json.dumps({"_openuc_plan_dir": str(self.plan), **variables})
        done = self.running.ansible("ansible-playbook", LAB, PLAYBOOK, "-e", more, *arguments)
        recap = {
            host: {word: int(count) for word, count in re.findall(r"(\w+)=(\d+)", counts)}
            for host, counts in re.findall(r"^(\S+)\s+: (ok=.*)$", done.stdout, re.MULTILINE)
        }
        return done.returncode, recap, done.stdout + done.stderr

    def ask(self, host: str, *arguments: str, **options: t.Any) -> dict[str, t.Any]:
        """One task at a firewall."""
        done = self.running.ansible(
            "ansible", LAB, host, "-m", "openuc.ocs.firewall_rules", "-a", json.dumps(options), *arguments
        )
        found: dict[str, t.Any] = json.loads(done.stdout[done.stdout.index("{") :])
        return found

    def rules(self, host: str) -> str:
        return self.running.on(host, "nft", "-s", "list", "ruleset").stdout

    def clean(self) -> None:
        """As the lab's firewalls are at first."""
        for host in (INNER, OUTER):
            self.running.on(
                host, "sh", "-c", f"nft flush ruleset; rm -rf {FILES}; sed -i '/openuc/d' /etc/nftables.conf"
            )


@pytest.fixture(scope="module")
def plan(running_lab: RunningLab, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("estate")
    done = running_lab.ansible("ansible-playbook", LAB, "openuc.ocs.plan", "-e", f"uc_estate_dir={folder}")
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "intended"


@pytest.fixture
def firewalls(running_lab: RunningLab, plan: Path, monkeypatch: pytest.MonkeyPatch) -> t.Iterator[Firewalls]:
    monkeypatch.setenv("ANSIBLE_CALLBACK_RESULT_FORMAT", "json")
    found = Firewalls(running_lab, plan)
    try:
        yield found
    finally:
        found.clean()


def changes(recap: dict[str, dict[str, int]]) -> dict[str, int]:
    return {host: counts["changed"] for host, counts in recap.items()}


def test_the_role_predicts_applies_confirms_and_then_has_nothing_to_do(firewalls: Firewalls) -> None:
    before = firewalls.rules(INNER)
    code, recap, said = firewalls.play("--check", "--diff")
    assert code == 0, said
    assert changes(recap) == {INNER: 1, OUTER: 1}
    assert "+inside > lan: 10.30.0.31 to 10.20.0.110, tcp port 5061 accept for ocs2007r2.flow." in said
    assert firewalls.rules(INNER) == before
    assert firewalls.running.on(INNER, "ls", "/var/lib/openuc/firewall_rules", check=False).returncode != 0

    code, recap, said = firewalls.play()
    assert code == 0, said
    assert changes(recap) == {INNER: 2, OUTER: 2}, "applied and confirmed"
    native = (firewalls.plan / "native" / f"{INNER}.nft").read_text()
    assert firewalls.running.on(INNER, "cat", "/etc/nftables.d/openuc_filter.nft").stdout == native

    for arguments in ((), ("--check",)):
        code, recap, said = firewalls.play(*arguments)
        assert code == 0, said
        assert changes(recap) == {INNER: 0, OUTER: 0}


def test_rules_outlive_a_restart_and_leave_with_their_run(firewalls: Firewalls) -> None:
    code, _recap, said = firewalls.play(_openuc_run="first")
    assert code == 0, said
    before = firewalls.rules(INNER)
    lab.restart(firewalls.running.lab, INNER)
    assert firewalls.rules(INNER) == before
    code, recap, said = firewalls.play(tasks_from="restore", _openuc_run="first")
    assert code == 0, said
    assert changes(recap) == {INNER: 2, OUTER: 2}, "put back and confirmed"
    assert "openuc_filter" not in firewalls.rules(INNER) + firewalls.rules(OUTER)
    code, recap, said = firewalls.play(tasks_from="restore", _openuc_run="another")
    assert (code, changes(recap)) == (0, {INNER: 0, OUTER: 0}), said


def test_stages_add_rules(firewalls: Firewalls) -> None:
    code, _recap, said = firewalls.play(_openuc_stages=["external_access"])
    assert code == 0, said
    before = {rule["stage"] for rule in firewalls.ask(OUTER, state="gathered")["gathered"]["rules"]}
    assert before == {"external_access"}
    code, _recap, said = firewalls.play(_openuc_stages=["external_access", "federation"])
    assert code == 0, said
    after = {rule["stage"] for rule in firewalls.ask(OUTER, state="gathered")["gathered"]["rules"]}
    assert after == {"external_access", "federation"}


def reaches(running: RunningLab, port: int) -> bool:
    """Whether the Internet reaches a port of an Edge Server, whatever answers there."""
    wanted = f"dst host {EDGE_OUTSIDE} and tcp dst port {port}"
    capture = ("timeout", "60", "tcpdump", "--immediate-mode", "-c", "1", "-nni", "any", wanted)
    given_up = 124
    sent = f"timeout 2 bash -c 'echo >/dev/tcp/{EDGE_OUTSIDE}/{port}' 2>/dev/null"
    within = machine.command_in(running.lab.first_process(EDGE), capture)
    with subprocess.Popen(within, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as seen:
        assert seen.stderr is not None
        for line in seen.stderr:
            if line.startswith("listening"):
                break
        silent = running.on(WORLD, "sh", "-c", sent, check=False).returncode == given_up
        try:
            # Who was answered, or refused, was heard: the capture only has to tell.
            return seen.wait(timeout=2 if silent else 30) == 0
        except subprocess.TimeoutExpired:
            seen.terminate()
            return False


def test_observing_lets_pass_what_enforcing_drops(firewalls: Firewalls) -> None:
    running = firewalls.running
    firewalls.play("--limit", OUTER)
    assert reaches(running, 2525), "nothing is dropped before it has been looked at"
    code, _recap, said = firewalls.play("--limit", OUTER, firewall_enforce="enforce")
    assert code == 0, said
    assert re.search(r"\d+ packet\(s\) that would have been refused were let pass so far", said)
    assert not reaches(running, 2525)


def test_an_explanation_leads_to_the_document(firewalls: Firewalls) -> None:
    firewalls.play("--limit", OUTER)
    packet = {"ingress": "internet", "egress": "outside", "protocol": "tcp", "source": "198.51.100.9"}
    found = firewalls.ask(OUTER, state="explained", packet={**packet, "destination": "203.0.113.100", "port": 443})
    assert found["explanation"]["verdict"] == "accepted"
    (rule,) = found["explanation"]["rules"]
    assert rule["documents"][0]["row"] == "ocs2007r2.flow.user-to-edge-sip"
    assert re.match(r"guide-r2.*\d+", rule["documents"][0]["source"])
    assert (
        firewalls.ask(OUTER, state="explained", packet={**packet, "destination": "203.0.113.100", "port": 25})[
            "explanation"
        ]["verdict"]
        == "observed"
    )


def test_live_rules_are_proven_and_drift_is_named(firewalls: Firewalls) -> None:
    found = support.example_design("lab")
    assert found.plan is not None
    firewalls.play("--limit", OUTER)
    there = firewalls.ask(OUTER, state="gathered")["gathered"]
    assert prove(found.topology, found.plan, {OUTER: there}).counter_examples == ()
    element = "{ 203.0.113.31 . tcp . 3389 }"
    firewalls.running.on(
        OUTER, "nft", "add", "element", "inet", "openuc_filter", "internet_to_outside/to-port", element
    )
    there = firewalls.ask(OUTER, state="gathered")["gathered"]
    (example,) = prove(found.topology, found.plan, {OUTER: there}).counter_examples
    assert example.claim == "nothing_else"
    assert example.packet is not None
    assert (example.packet.destination_host, example.packet.port) == (EDGE, 3389)


def test_tables_of_others_stay(firewalls: Firewalls) -> None:
    mine = "table ip mine { chain in { type filter hook input priority 5; policy accept; counter; }; }"
    firewalls.running.on(INNER, "nft", mine)
    firewalls.play("--limit", INNER)
    firewalls.ask(INNER, state="deleted", confirm_within=0, most_deleted=1000, most_deleted_ratio=1.0)
    assert firewalls.running.on(INNER, "nft", "list", "tables").stdout == "table ip mine\n"


def test_rules_are_rendered_for_those_who_change_a_firewall_by_hand(firewalls: Firewalls, tmp_path: Path) -> None:
    rendered = {"uc_backend": {"firewall": "rendered"}, "firewall_render_dir": str(tmp_path / "made")}
    code, recap, said = firewalls.play("--limit", OUTER, **rendered)
    assert (code, changes(recap)) == (0, {OUTER: 1}), said
    assert (tmp_path / "made" / "rules.nft").read_text() == (firewalls.plan / "native" / f"{OUTER}.nft").read_text()
    assert "openuc_filter" not in firewalls.rules(OUTER)


# --- lock-out ---------------------------------------------------------------------------------------------------------


def cutting(firewalls: Firewalls, folder: Path) -> Path:
    """A plan for the inner firewall that leads its own ssh away to a server in the perimeter."""
    given = json.loads(firewalls.slice_of(INNER).read_text())
    given["sets"] += [{"name": "cut", "addresses": ["10.30.0.31"]}, {"name": "all", "addresses": ["0.0.0.0/0"]}]
    nat = [{"kind": "dnat", "public": "10.20.0.254", "private": "10.30.0.31"}]
    changed = {"id": "cut", "ingress": "lan", "egress": "inside", "source": "all", "destination": "cut"}
    given["rules"].append({**given["rules"][0], **changed, "protocol": "tcp", "ports": ["22"], "nat": nat})
    place = folder / "slices" / "firewall_rules"
    place.mkdir(parents=True)
    (place / f"{INNER}.json").write_text(json.dumps(given))
    (folder / "manifest.json").write_text("{}")
    return folder


def test_rules_that_would_lock_us_out_are_refused(firewalls: Firewalls, tmp_path: Path) -> None:
    plan = cutting(firewalls, tmp_path)
    code, _recap, said = firewalls.play("--limit", INNER, _openuc_plan_dir=str(plan))
    assert code != 0
    assert "nothing was changed, since this host is managed at 10.20.0.254 port 22, over lan, and cut would" in said
    assert "openuc_filter" not in firewalls.rules(INNER)


def test_a_lock_out_undoes_itself(firewalls: Firewalls, tmp_path: Path) -> None:
    firewalls.play("--limit", INNER)
    before = firewalls.rules(INNER)
    plan = cutting(firewalls, tmp_path)
    applied = firewalls.ask(
        INNER, slice=str(plan / "slices/firewall_rules" / f"{INNER}.json"), guard=False, confirm_within=20
    )
    assert applied["unconfirmed"] is True
    assert firewalls.rules(INNER) != before
    confirmed = firewalls.running.ansible(
        "ansible",
        LAB,
        INNER,
        "-m",
        "openuc.ocs.firewall_rules",
        "-a",
        json.dumps({"state": "confirmed", "run": applied["undo_id"]}),
    )
    assert "UNREACHABLE" in confirmed.stdout, confirmed.stdout
    deadline = time.monotonic() + 60
    while "10.30.0.31 . tcp . 22" in firewalls.rules(INNER):
        assert time.monotonic() < deadline, "the firewall did not undo what locked us out"
        time.sleep(0.5)
    assert firewalls.rules(INNER) == before
    assert firewalls.ask(INNER, state="gathered")["changed"] is False, "we are let in again"


def test_probes_that_fail_undo_the_rules_at_once(firewalls: Firewalls) -> None:
    probe = {"id": "closed", "protocol": "tcp", "address": "127.0.0.1", "port": 9, "expect": "open", "timeout": 1}
    code, recap, said = firewalls.play("--limit", INNER, firewall_probes=[probe])
    assert code != 0
    assert recap[INNER]["failed"] == 1
    assert "The rules were applied and undone again, since probe through the firewall failed" in said
    assert "openuc_filter" not in firewalls.rules(INNER)
