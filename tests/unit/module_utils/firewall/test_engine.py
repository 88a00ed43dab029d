# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module does in each state, at a packet filter that is only a text."""

from __future__ import annotations

import dataclasses
import json
import time
import typing as t
from pathlib import Path

import pytest

from ansible_collections.openuc.ocs.plugins.module_utils.firewall import (
    applying,
    engine,
    guarding,
    listing,
    returning,
    waiting,
)
from ansible_collections.openuc.ocs.plugins.module_utils.specs import FIREWALL_RULES

from .filters import FakeNft
from .policies import options, rule

DNAT = [{"kind": "dnat", "public": "203.0.113.41", "private": "10.31.0.41"}]
A, B = rule("a", destination="media", nat=DNAT), rule("b", destination="media", ports=["5061"])
LONG = 600


@dataclasses.dataclass
class Host:
    """A firewall: its packet filter, and the folder for all files of the module."""

    folder: Path
    nft: FakeNft

    @property
    def journal(self) -> Path:
        return self.folder / "journal" / "openuc_filter"

    def run(self, check: bool = False, **given: t.Any) -> dict[str, t.Any]:
        defaults = {name: spec.get("default") for name, spec in FIREWALL_RULES.items()}
        places = {
            "journal_dir": str(self.folder / "journal"),
            "own_file": str(self.folder / "nftables.d" / "own.nft"),
            "boot_file": str(self.folder / "nftables.conf"),
            "confirm_within": 0,
        }
        return engine.run({**defaults, **places, **given}, check)

    def apply(self, *rules: dict[str, t.Any], **given: t.Any) -> dict[str, t.Any]:
        return self.run(**{**options(*rules), **given})

    def allowed(self) -> set[str]:
        gathered = self.run(state="gathered")["gathered"]
        return {each["id"] for each in gathered["rules"]} if gathered else set()

    def pending(self) -> dict[str, t.Any]:
        found: dict[str, t.Any] = json.loads((self.journal / "pending.json").read_text())
        return found

    def put_pending(self, **changes: t.Any) -> None:
        (self.journal / "pending.json").write_text(json.dumps({**self.pending(), **changes}))


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    """Nothing leaves the process: the packet filter is ours, nobody waits, and there is no connection."""
    found = Host(tmp_path, FakeNft())
    monkeypatch.setattr(engine, "Nft", lambda: found.nft)
    monkeypatch.setattr(applying.listing, "of_json", listing.of_text)
    monkeypatch.setattr(waiting.Waiting, "_start", lambda *_arguments: None)
    monkeypatch.setattr(waiting, "_see_armed", lambda _process: None)
    monkeypatch.setattr(guarding, "management", lambda: None)
    monkeypatch.setattr(applying.socket, "if_nameindex", lambda: [(1, "eth0"), (2, "eth1")])
    monkeypatch.setattr(applying, "_FORWARDING", tmp_path / "no-such-file")

    def put_back(folder: str, _nft: str, _why: str) -> bool:
        found.nft.load((Path(folder) / returning.PREVIOUS).read_text())
        (Path(folder) / returning.PENDING).unlink()
        return True

    monkeypatch.setattr(returning, "put_back", put_back)
    return found


def test_applying_is_predicted_done_and_then_done(host: Host) -> None:
    predicted = host.run(check=True, **options(A, B))
    assert not (host.folder / "journal").exists()
    applied = host.apply(A, B)
    assert (applied["operations"], applied["changed"]) == (predicted["operations"], True)
    assert applied["foreign"] == ["table ip nat"]
    for check in (False, True, False, True):
        assert host.run(check=check, **options(A, B))["changed"] is False
    assert (host.journal / "settled.sha256").exists()


def test_only_elements_are_touched_where_the_structure_stays(host: Host) -> None:
    host.apply(A, B)
    host.apply(A, rule("b", destination="media", ports=["5062"]))
    assert host.nft.loaded[-1].splitlines() == [
        "delete element inet openuc_filter eth0_to_eth1/to-port { 10.31.0.41 . tcp . 5061 }",
        'add element inet openuc_filter eth0_to_eth1/to-port { 10.31.0.41 . tcp . 5062 comment "b" }',
    ]


def test_a_settled_firewall_is_looked_into_again_when_anything_differs(host: Host) -> None:
    host.apply(A)
    assert host.apply(A)["changed"] is False
    (host.folder / "nftables.d" / "own.nft").write_text("")
    assert host.apply(A)["changed"] is True
    host.apply(A)
    host.nft.text = host.nft.text.replace("443", "444")
    assert host.apply(A)["changed"] is True


def test_long_lists_may_be_text(host: Host) -> None:
    given = options(A)
    text = {name: json.dumps(given[name]) for name in ("sets", "rules")}
    assert host.run(**{**given, **text})["changed"] is True
    assert host.allowed() == {"a"}
    assert "rules: this text is no JSON" in host.run(**{**given, "rules": "[{"})["msg"]


def test_what_waits_is_confirmed_over_another_connection(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    ports = iter((40000, 40000, 40001))
    monkeypatch.setattr(
        guarding, "management", lambda: guarding.Connection("192.0.2.9", next(ports), "192.0.2.1", 22, "eth9")
    )
    # The guard asks for the connection, too.
    run = host.apply(A, confirm_within=LONG, guard=False)["undo_id"]
    assert "close it (meta: reset_connection)" in host.run(state="confirmed", run=run)["msg"]
    assert host.run(state="confirmed", run=run)["changed"] is True
    assert host.run(state="confirmed", run=run)["changed"] is False


def test_a_run_that_would_cut_the_connection_does_nothing(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    over = guarding.Connection("192.0.2.9", 40000, "203.0.113.41", 443, "eth0")
    monkeypatch.setattr(guarding, "management", lambda: over)
    assert "nothing was changed, since this host is managed at 203.0.113.41" in host.apply(A)["msg"]
    assert host.nft.loaded == []


def test_what_waits_stops_other_runs_and_is_met_by_its_own(host: Host) -> None:
    run = host.apply(A, confirm_within=LONG)["undo_id"]
    assert host.apply(A, confirm_within=LONG)["undo_id"] == run
    assert f"run {run} waits to be confirmed until" in host.apply(B)["msg"]
    assert f"run {run} waits" in host.run(state="confirmed", run="other")["msg"]
    assert host.run(state="restored", run=run)["changed"] is True
    assert host.nft.text == ""


def test_what_was_not_confirmed_in_time_is_undone_by_the_next_run(host: Host) -> None:
    host.apply(A)
    host.apply(B, confirm_within=LONG)
    host.put_pending(ends=time.monotonic() - 1)
    again = host.apply(A)
    assert (again["changed"], host.allowed()) == (False, {"a"})
    assert "the process that waited for it is gone" in again["warnings"][0]


def test_after_a_start_of_the_host_the_run_is_over(host: Host) -> None:
    run = host.apply(A, confirm_within=LONG)["undo_id"]
    host.put_pending(start="another")
    refused = host.run(state="confirmed", run=run)
    assert f"run {run} was undone" in refused["msg"]
    assert "the host has started anew" in refused["msg"]


def test_rules_that_were_changed_meanwhile_are_not_confirmed(host: Host) -> None:
    run = host.apply(A, confirm_within=LONG)["undo_id"]
    host.nft.text = host.nft.text.replace("ct state established,related accept", "accept")
    assert "somebody changed them by hand" in host.run(state="confirmed", run=run)["msg"]


def test_a_failing_packet_filter_leaves_nothing_to_confirm(host: Host) -> None:
    host.nft.fails = "nft failed while loading the rules: no room"
    assert host.apply(A, confirm_within=LONG)["msg"] == host.nft.fails
    assert not (host.journal / "pending.json").exists()


@pytest.mark.parametrize("state", ["restored", "confirmed"])
def test_runs_have_to_be_named(host: Host, state: str) -> None:
    assert "run: is missing" in host.run(state=state)["msg"]


def test_an_unknown_run_is_told_apart_from_other_failures(host: Host) -> None:
    found = host.run(state="restored", run="none")
    assert (found["failed"], found["unknown_run"]) == (True, True)


def test_undoing_comes_back_to_what_was_before(host: Host) -> None:
    host.apply(A, run="one")
    host.apply(B, state="overridden", run="two")
    assert host.allowed() == {"b"}
    assert host.run(state="restored", run="two")["changed"] is True
    assert host.allowed() == {"a"}
    host.run(state="restored", run="one")
    assert host.run(state="gathered")["gathered"] is None


def test_a_table_that_is_not_ours_is_left_alone(host: Host) -> None:
    host.nft.text = "table inet openuc_filter {\nchain mine {\ntcp dport 22 accept\n}\n}"
    assert "was not made by this module: chain " in host.apply(A)["msg"]


def test_wrong_options_and_contradictions_are_told(host: Host) -> None:
    assert host.apply(rule("a", source="nobody"))["msg"].startswith("1 problem(s) with the options; nothing was done:")
    host.apply(A)
    elsewhere = [{**DNAT[0], "private": "10.31.0.31"}]
    assert "cannot become" in host.apply(rule("c", nat=elsewhere))["msg"]


def test_thresholds_stop_a_run(host: Host) -> None:
    host.apply(*(rule(f"r{number}", destination="media", ports=[str(number)]) for number in range(1, 13)))
    assert "nothing was changed, since 12 of our 12 rules would go" in host.run(state="deleted")["msg"]


def test_what_stands_in_the_way_of_rules_is_warned_of(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    forwarding = host.folder / "forwarding"
    forwarding.write_text("0\n")
    monkeypatch.setattr(applying, "_FORWARDING", forwarding)
    monkeypatch.setattr(applying.socket, "if_nameindex", lambda: [(1, "eth0"), (2, "eth10")])
    host.apply(A, enforce="observe")
    host.nft.refused = 7
    assert host.apply(A)["warnings"] == [
        "this host has no interface 'eth1' now; did you mean eth10?; its rules wait for it",
        "this host forwards nothing now: net.ipv4.ip_forward is 0",
        (
            "7 packet(s) that would have been refused were let pass so far; enforcing ends that. "
            "The kernel's log has some of them"
        ),
    ]


def test_confirming_in_check_mode_only_tells(host: Host) -> None:
    run = host.apply(A, confirm_within=LONG)["undo_id"]
    assert host.run(check=True, state="confirmed", run=run)["changed"] is True
    assert host.run(check=True, state="confirmed", run="other")["changed"] is False
    assert host.pending()["run"] == run


def test_without_a_packet_filter(host: Host) -> None:
    host.nft.path = ""
    assert host.run(check=True, **options(A))["would_need"] == ["nftables"]
    assert host.apply(A)["would_need"] == ["nftables"]
    assert host.run(check=True, state="gathered")["failed"] is True


PACKET = {"ingress": "eth0", "egress": "eth1", "protocol": "tcp", "source": "192.0.2.1", "destination": "203.0.113.41"}


def test_explaining_reads_the_live_table_or_given_rules(host: Host) -> None:
    asked = {"state": "explained", "packet": {**PACKET, "port": 443}}
    assert "there is no table" in host.run(**asked)["msg"]
    assert host.apply(A, **asked)["explanation"]["verdict"] == "accepted"
    host.apply(A)
    host.nft.text = host.nft.text.replace("ct state established,related accept", "accept")
    found = host.run(**asked)
    assert found["explanation"]["rules"] == [{"id": "a", "stage": "external_access", "why": ["row.a"]}]
    assert "the table was changed by hand" in found["warnings"][0]
    assert "packet.destination: is missing" in host.apply(A, state="explained", packet={"source": "10.0.0.1"})["msg"]


def test_gathering_says_what_it_cannot_say(host: Host) -> None:
    host.apply(A)
    host.nft.text = host.nft.text.replace("ct state established,related accept", "accept")
    found = host.run(state="gathered")
    assert [each["id"] for each in found["gathered"]["rules"]] == ["a"]
    assert found["warnings"] == [
        (
            "the table was changed by hand, which is not looked at: chain forward: accept; "
            "chain forward: no ct state established,related accept"
        )
    ]


def test_parsing_needs_a_table_of_ours(host: Host) -> None:
    host.apply(A)
    assert [each["id"] for each in host.run(state="parsed", text=host.nft.text)["parsed"]["rules"]] == ["a"]
    assert "text: is missing" in host.run(state="parsed")["msg"]
    assert "there is no table inet openuc_filter in it" in host.run(state="parsed", text="table ip x {\n}")["msg"]
    strange = host.nft.text.replace("ct state established,related accept", "accept")
    assert "nothing that rules of this module can say" in host.run(state="parsed", text=strange)["msg"]


# --- the program that puts back ---------------------------------------------------------------------------------------


def waiting_in(folder: Path, ends: float = 7.5) -> None:
    (folder / returning.PENDING).write_text(json.dumps({"run": "one", "ends": ends}))
    (folder / returning.PREVIOUS).write_text("table inet openuc_filter\n")


def nft(folder: Path, code: int) -> str:
    path = folder / "nft"
    path.write_text(f"#!/bin/sh\ncat >{folder}/loaded\nexit {code}\n")
    path.chmod(0o755)
    return str(path)


@pytest.fixture(name="real_put_back")
def _real_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(returning.time, "sleep", lambda _seconds: None)


class Quiet:
    """Standard output of a process of its own."""

    def write(self, _text: str) -> None: ...

    def close(self) -> None: ...


def test_it_puts_back_what_nobody_confirmed(
    tmp_path: Path, real_put_back: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting_in(tmp_path)
    monkeypatch.setattr(returning.sys, "stdout", Quiet())
    returning.main(str(tmp_path), "7.5", "0", nft(tmp_path, 0))
    assert (tmp_path / "loaded").read_text() == "table inet openuc_filter\n"
    assert json.loads((tmp_path / returning.RETURNED).read_text())["reason"] == "it was not confirmed within 0 seconds"
    assert returning.pending(str(tmp_path)) is None


@pytest.mark.parametrize("waits", [None, 8.25])
def test_it_leaves_alone_what_was_decided_otherwise(
    tmp_path: Path, real_put_back: None, monkeypatch: pytest.MonkeyPatch, waits: float | None
) -> None:
    if waits:
        waiting_in(tmp_path, waits)
    monkeypatch.setattr(returning.sys, "stdout", Quiet())
    returning.main(str(tmp_path), "7.5", "0", nft(tmp_path, 0))
    assert not (tmp_path / "loaded").exists()


def test_it_gives_up_when_the_packet_filter_never_takes_it(tmp_path: Path, real_put_back: None) -> None:
    waiting_in(tmp_path)
    assert returning.put_back(str(tmp_path), nft(tmp_path, 1), "late") is False
    assert returning.pending(str(tmp_path)) is not None
