# SPDX-License-Identifier: GPL-3.0-or-later
"""The `lab` command as a stranger meets it: short names, typing errors, hosts that are off, labs that are not there."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from tests.integration.conftest import RunningLab, lab_command, own_name
from tests.support import ROOT

SMALL = ROOT / "tests/integration/inventories/small.yml"


class Said(t.NamedTuple):
    code: int
    out: str
    err: str


def say(name: str, *words: str) -> Said:
    done = lab_command("--name", name, *words)
    return Said(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def office() -> t.Iterator[str]:
    """A lab whose domain controller is DNS server as well."""
    chosen = own_name("w")
    try:
        up = say(chosen, "up", str(ROOT / "inventories/standard"), "--closed")
        assert up.code == 0, up.err
        yield chosen
    finally:
        say(chosen, "down")


def test_a_domain_controller_serves_the_other_zones_that_the_inventory_puts_there(office: str) -> None:
    for zone in ("contoso.com", "corp.contoso.com"):
        answer = say(office, "exec", "ocs1", "dig", "+short", zone, "SOA").out
        assert answer.startswith(f"dc1.corp.contoso.com. hostmaster.{zone}. ")
    assert say(office, "exec", "ocs1", "dig", "+short", "fw-int.corp.contoso.com").out == ""
    assert say(office, "exec", "ocs1", "dig", "+short", "dc1.corp.contoso.com").out == "10.20.0.2\n"


@pytest.mark.parametrize("given", ["ocs1", "ocs1.corp.contoso.com"])
def test_a_host_is_known_by_its_first_label_too(office: str, given: str) -> None:
    assert say(office, "exec", given, "hostname") == (0, "ocs1.corp.contoso.com\n", "")


@pytest.mark.parametrize("words", [("exec", "osc1", "true"), ("shell", "osc1"), ("logs", "osc1"), ("stop", "osc1")])
def test_a_host_that_does_not_exist_is_met_with_the_nearest_that_does(office: str, words: tuple[str, ...]) -> None:
    expected = f"lab: lab {office} has no host osc1. Did you mean ocs1.corp.contoso.com? "
    assert say(office, *words) == (1, "", f"{expected}All hosts: lab --name {office} status\n")


def test_a_host_that_is_off_says_how_to_switch_it_on(office: str) -> None:
    on = f"lab --name {office} start rp1.contoso.com"
    assert say(office, "stop", "rp1").code == 0
    assert say(office, "exec", "rp1", "true") == (1, "", f"lab: rp1.contoso.com is off. Switch it on: {on}\n")
    assert say(office, "stop", "rp1") == (1, "", f"lab: rp1.contoso.com is off already. Switch it on: {on}\n")
    row = next(line for line in say(office, "status").out.splitlines() if "rp1" in line)
    assert row.split()[:3] == ["rp1.contoso.com", "is", "off"]
    assert say(office, "start", "rp1").code == 0
    assert say(office, "start", "rp1").err.startswith("lab: rp1.contoso.com runs already.")
    assert say(office, "exec", "rp1", "true").code == 0


def test_status_shows_every_host_with_the_addresses_of_its_cards(office: str) -> None:
    rows = {line.split()[0]: line.split()[5:] for line in say(office, "status").out.splitlines()[1:]}
    assert rows["rp1.contoso.com"][:2] == ["dmz_inside=10.30.0.21", "dmz_outside=10.31.0.21"]
    assert rows["rp1.contoso.com"][2].startswith("mgmt=172.31.0.")
    assert set(rows) >= {"lab-core", "lab-internet", "fw-ext.contoso.com"}


def test_a_log_that_is_not_there_is_met_with_those_that_are(office: str) -> None:
    assert say(office, "logs", "dc1", "named") == (
        1,
        "",
        "lab: dc1.corp.contoso.com has no log of 'named'; it has: crl, directory, sshd\n",
    )
    assert "Starting Samba AD DC server" in say(office, "logs", "dc1", "directory").out


@pytest.mark.parametrize("words", [("exec", "ocs1"), ("run",), ("run", "--")])
def test_a_command_that_was_forgotten(office: str, words: tuple[str, ...]) -> None:
    code, _out, err = say(office, *words)
    assert (code, err.partition(".")[0]) == (1, "lab: there is no command to run")


@pytest.mark.parametrize("words", [("status",), ("shell", "x"), ("exec", "x", "true"), ("run", "true"), ("logs", "x")])
def test_without_a_lab_it_says_how_to_make_one(office: str, words: tuple[str, ...]) -> None:
    code, out, err = say("nobody", *words)
    assert (code, out) == (1, "")
    assert err.startswith("lab: There is no lab nobody. There is: ")
    assert office in err
    assert err.endswith(" Make it: lab --name nobody up\n")


def test_a_label_that_several_hosts_bear_must_be_written_in_full(running_lab: RunningLab) -> None:
    (running_lab.lab.folder / "hosts" / "edge1.example.net").mkdir()
    try:
        refused = say(running_lab.lab.name, "exec", "edge1", "true")
    finally:
        (running_lab.lab.folder / "hosts" / "edge1.example.net").rmdir()
    found = "edge1 may be edge1.contoso.com or edge1.example.net; write the whole name."
    assert (refused.code, refused.err) == (1, f"lab: lab {running_lab.lab.name}: {found}\n")


def test_an_inventory_with_a_template_that_fails_names_host_and_variable(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yml"
    wrong.write_text(SMALL.read_text().replace("{users: 10}}", "{users: '{{ nobody_knows }}'}}", 1))
    refused = say("nobody", "up", str(wrong), "--closed")
    assert refused.code == 1
    assert "uc_sites cannot be worked out: 'nobody_knows' is undefined" in refused.err
    assert "Traceback" not in refused.err


@pytest.mark.parametrize("text", ["", "all: [", "all: {hosts: {}}"])
def test_an_inventory_that_holds_nobody(tmp_path: Path, text: str) -> None:
    wrong = tmp_path / "wrong.yml"
    wrong.write_text(text)
    refused = say("nobody", "up", str(wrong), "--closed")
    assert refused.code == 1
    assert f"lab: {wrong}: Ansible finds no hosts in this inventory" in refused.err
    assert "Traceback" not in refused.err
