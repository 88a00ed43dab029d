# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of one packet, and whether the connection to the host itself would be led away."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from ansible_collections.openuc.ocs.plugins.module_utils.firewall import guarding
from ansible_collections.openuc.ocs.plugins.module_utils.firewall.explaining import Explanation, explain, packet_of
from ansible_collections.openuc.ocs.plugins.module_utils.firewall.ruleset import Ruleset

from .policies import compiled, rule

DNAT = [{"kind": "dnat", "public": "203.0.113.41", "private": "10.31.0.41"}]
SNAT = [{"kind": "snat", "public": "203.0.113.41", "private": "10.31.0.41"}]
IN = rule("in", destination="media", ports=["443", "50000-59999"], nat=DNAT)
OUT = rule(
    "out",
    ingress="eth1",
    egress="eth0",
    source="media",
    destination="world",
    ports=[],
    source_ports="50000-59999",
    nat=SNAT,
)
RULESET = compiled(IN, OUT)


def asked(ruleset: Ruleset = RULESET, **changes: t.Any) -> Explanation:
    given = {
        "ingress": "eth0",
        "egress": "eth1",
        "protocol": "tcp",
        "source": "192.0.2.9",
        "destination": "203.0.113.41",
    }
    packet, problems = packet_of({**given, "port": 443, **changes})
    assert packet is not None, problems
    return explain(ruleset, packet)


def test_a_packet_to_a_public_address_is_accepted_for_the_private_one() -> None:
    found = asked()
    assert (found.verdict, found.rules, found.destination) == ("accepted", ("in",), "10.31.0.41")
    assert found.reason == "eth0 > eth1: any to 10.31.0.41, tcp port 443"


def test_a_packet_within_a_range_of_translated_ports_is_accepted() -> None:
    assert asked(port=55555).destination == "10.31.0.41"


def test_a_packet_to_another_port_is_not_translated() -> None:
    found = asked(port=444)
    assert (found.verdict, found.destination) == ("not guarded", "203.0.113.41")


def test_a_packet_out_leaves_with_the_public_address() -> None:
    found = asked(
        ingress="eth1", egress="eth0", source="10.31.0.41", destination="192.0.2.9", source_port=50001, port=80
    )
    assert (found.verdict, found.rules, found.source) == ("accepted", ("out",), "203.0.113.41")


@pytest.mark.parametrize(("mode", "verdict"), [("enforce", "refused"), ("observe", "observed")])
def test_a_packet_that_no_rule_lets_through(mode: str, verdict: str) -> None:
    found = asked(compiled(IN, enforce=mode), destination="10.31.0.31", port=25)
    assert (found.verdict, found.rules) == (verdict, ())
    assert found.reason == "no rule lets it through, and 10.31.0.31 gets planned traffic only"


def test_a_packet_from_the_wrong_port_is_refused() -> None:
    out = {"ingress": "eth1", "egress": "eth0", "source": "10.31.0.41", "destination": "192.0.2.9", "port": 80}
    assert asked(**out, source_port=49999).verdict == "refused"


def test_other_ways_and_other_addresses_are_not_ours_to_close() -> None:
    assert "none of the guarded ways" in asked(ingress="eth5").reason
    assert asked(destination="10.40.0.1").reason == (
        "neither 192.0.2.9 nor 10.40.0.1 is protected, so our table lets it pass"
    )


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"source": "10.0.0.0/8"}, "packet.source: '10.0.0.0/8' is no IPv4 address"),
        ({"destination": "edge1"}, "packet.destination: 'edge1' is no IPv4 address"),
        ({"port": 65536}, "packet.port: 65536 is no port, which are 1 to 65535"),
        ({"protocol": "icmp", "port": 1}, "packet.port: icmp has no ports; leave it out"),
        ({"ports": 1}, "packet.ports: no such option; did you mean port?"),
    ],
)
def test_what_is_no_packet_is_refused(changes: dict[str, t.Any], problem: str) -> None:
    given = {"ingress": "a", "egress": "b", "protocol": "tcp", "source": "10.0.0.1", "destination": "10.0.0.2"}
    assert packet_of({**given, **changes}) == (None, [problem])


# --- the connection that a host is managed over -----------------------------------------------------------------------


def connection(interface: str = "eth0", server: str = "203.0.113.41", port: int = 22) -> guarding.Connection:
    return guarding.Connection("192.0.2.9", 40000, server, port, interface)


LEADING_AWAY = compiled(rule("all", destination="media", ports=[], nat=DNAT))


def test_rules_that_translate_the_hosts_own_address_are_refused() -> None:
    said = guarding.would_cut(connection(), LEADING_AWAY)
    assert said.startswith(
        "this host is managed at 203.0.113.41 port 22, over eth0, and all would send that to 10.31.0.41"
    )


def test_where_the_interface_is_not_known_any_may_be_it() -> None:
    assert "over eth0" in guarding.would_cut(connection(interface=""), LEADING_AWAY)


@pytest.mark.parametrize(
    ("over", "ruleset"),
    [
        (connection(interface="eth9"), LEADING_AWAY),
        (connection(server="203.0.113.1"), LEADING_AWAY),
        (connection(), RULESET),
        (connection(), Ruleset()),
    ],
)
def test_rules_that_leave_the_connection_alone_are_not(over: guarding.Connection, ruleset: Ruleset) -> None:
    assert guarding.would_cut(over, ruleset) == ""


def test_the_connection_is_what_ssh_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_CONNECTION", "::ffff:127.0.0.1 40000 127.0.0.1 22")
    assert guarding.management() == guarding.Connection("127.0.0.1", 40000, "127.0.0.1", 22, "lo")


def test_what_sudo_hides_is_found_at_the_parents(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SSH_CONNECTION", raising=False)
    monkeypatch.setattr(guarding.os, "getppid", lambda: 77)
    for process, parent, variables in ((77, 66, b"A=1\0"), (66, 1, b"B=2\0SSH_CONNECTION=127.0.0.1 1 127.0.0.1 22\0")):
        (tmp_path / str(process)).mkdir()
        (tmp_path / str(process) / "environ").write_bytes(variables)
        (tmp_path / str(process) / "stat").write_text(f"{process} (a (b) c) S {parent} 0 0\n")
    found = guarding.management(str(tmp_path))
    assert found is not None
    assert (found.client_port, found.server_port) == (1, 22)


@pytest.mark.parametrize("said", ["", "10.0.0.1 22", "fe80::1 1 fe80::2 22"])
def test_where_there_is_none_over_ipv4_nothing_is_guarded(
    said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSH_CONNECTION", said)
    assert guarding.management(str(tmp_path)) is None
