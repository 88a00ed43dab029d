# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of other makes, read by programs of others: they say of packets what the plan says.

iptables-restore loads its format, and real packets are sent; for the others the packets are held against the rules that
a reader of that make finds in the files. No program that reads netsh's commands was to be had: they are held against
the usage that netsh prints.
"""

from __future__ import annotations

import ipaddress
import json
import typing as t
from pathlib import Path

import pytest

from ansible_collections.openuc.ocs.plugins.module_utils.firewall import vendors
from tests import netsh
from tests.integration import readers
from tests.support import ROOT

from . import reading
from .surroundings import surroundings
from .test_traffic import Attempts, Slice, tried

GOLDEN = ROOT / "tests/golden/lab/intended/slices/firewall_rules"
FIREWALLS = sorted(path.name for path in GOLDEN.glob("*.json"))
ENDS = ("source", "destination")


def slice_of(name: str) -> Slice:
    given: Slice = json.loads((GOLDEN / name).read_text())
    assert not any(rule["nat"] for rule in given["rules"]), "formats leave translation unsaid"
    return {**given, "enforce": "enforce"}


def rules_of(kind: str, given: Slice, folder: Path) -> list[dict[str, t.Any]]:
    """What the files of a format say."""
    files, _unsaid = vendors.render(given, kind)
    for name, text in files.items():
        (folder / name).write_text(text)
    found: list[dict[str, t.Any]] = json.loads(
        readers.run("python", reading.__file__, kind, *(str(folder / name) for name in files))
    )
    return found


def said_of(rules: t.Iterable[dict[str, t.Any]], packet: dict[str, t.Any]) -> str:
    """What the first rule that is about a packet does; empty when none is."""
    return next((rule["does"] for rule in rules if all(fits(rule, key, packet[key]) for key in packet)), "")


def fits(rule: dict[str, t.Any], key: str, value: t.Any) -> bool:
    if key not in rule:
        return True
    if key in ENDS:
        return any(ipaddress.ip_address(value) in ipaddress.ip_network(text) for text in rule[key])
    if key.endswith("_ports"):
        spans = [text.partition("-") for text in rule[key]]
        return any(int(first) <= value <= int(last or first) for first, _dash, last in spans)
    return bool(rule[key] == value)


@pytest.mark.parametrize("name", FIREWALLS)
@pytest.mark.parametrize("kind", ["asa", "srx", "paloalto"])
def test_readers_find_what_is_planned(kind: str, name: str, tmp_path: Path) -> None:
    given = slice_of(name)
    outcomes = said_as_planned(given, rules_of(kind, given, tmp_path), "deny")
    assert {("tcp", "allow"), ("udp", "allow"), ("tcp", "deny"), ("udp", "deny")} <= outcomes


@pytest.mark.parametrize("name", FIREWALLS)
def test_commands_of_windows_allow_what_is_planned(name: str) -> None:
    given = slice_of(name)
    files, _unsaid = vendors.render(given, "windows")
    rules = [windows_rule(command) for text in files.values() for command in netsh.commands(text)]
    # It lets in nothing else by itself, so nothing is denied by a rule.
    outcomes = said_as_planned(given, rules, "")
    assert {("tcp", "allow"), ("udp", "allow"), ("tcp", ""), ("udp", "")} <= outcomes


def windows_rule(command: netsh.Command) -> dict[str, t.Any]:
    said = command.options
    assert (command.words[-2:], said["dir"]) == (("add", "rule"), "in")
    listed = {
        "source": "remoteip",
        "source_ports": "remoteport",
        "destination": "localip",
        "destination_ports": "localport",
    }
    fields = {key: said[option].split(",") for key, option in listed.items() if said.get(option, "any") != "any"}
    return {"does": said["action"], "protocol": said["protocol"], **fields}


def said_as_planned(given: Slice, rules: list[dict[str, t.Any]], denied: str) -> set[tuple[str, str]]:
    """What the rules said of packets, by protocol, and that it was what the plan says of each."""
    attempts = Attempts(given)
    outcomes = set()
    for attempt in attempts.found:
        protocol, source, source_port, destination, port = attempt.case
        ways = {"ingress": attempt.interface, "egress": attempt.egress}
        packet: dict[str, t.Any] = {**ways, "protocol": protocol}
        packet.update(source=source, source_ports=source_port, destination=destination, destination_ports=port)
        planned = attempts.is_planned(*ways.values(), source, destination, protocol, source_port, port)
        expected = "allow" if planned else "" if attempt.passes else denied
        assert said_of(rules, packet) == expected, packet
        outcomes.add((protocol, expected))
    return outcomes


@pytest.mark.parametrize("name", FIREWALLS)
def test_iptables_lets_through_what_is_planned(name: str) -> None:
    given = slice_of(name)
    files, _unsaid = vendors.render(given, "iptables")
    attempts = Attempts(given)
    with surroundings(sorted(given["interfaces"])) as around:
        around.place(attempts.places)
        around.within(around.firewall, "iptables-restore", "--noflush", text=files["policy.ipt"])
        assert tried(around, attempts.found) == []
