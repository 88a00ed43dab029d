# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands that let flows into servers whose own firewall is on."""

from __future__ import annotations

import dataclasses
import re

from ansible_collections.openuc.ocs.plugins.plugin_utils.rendering import host_firewalls
from tests import netsh, support


def scripts(name: str) -> dict[str, str]:
    found = support.example_design(name)
    assert found.plan is not None
    return dict(host_firewalls.render(found.topology, found.plan))


def test_they_are_made_only_where_they_are_asked_for() -> None:
    assert scripts("lab") == {}


def test_there_is_one_for_each_server_of_the_products_that_listens() -> None:
    names = {path.removeprefix("native/").removesuffix(".advfirewall.cmd") for path in scripts("standard")}
    assert {"ocs1.corp.contoso.com", "edge1.corp.contoso.com"} <= names
    assert not [name for name in names if name.startswith(("fw-", "dc1", "lb"))]


def test_a_flow_is_a_rule_with_its_ends_and_ports() -> None:
    text = scripts("standard")["native/edge1.corp.contoso.com.advfirewall.cmd"]
    (line,) = [line for line in text.splitlines() if "add rule" in line and "flow.user-to-av-edge-udp@" in line]
    assert re.search(
        r"dir=in action=allow protocol=udp localip=10\.31\.0\.33 remoteip=any localport=3478 "
        r'description="ocs2007r2\.flow\.user-to-av-edge-udp',
        line,
    )


def test_a_rule_takes_the_place_of_its_own_and_of_no_other() -> None:
    text = scripts("standard")["native/ocs1.corp.contoso.com.advfirewall.cmd"]
    added = re.findall(r'add rule name="([^"]+)"', text)
    assert added
    assert re.findall(r'delete rule name="([^"]+)"', text) == added
    assert "block" not in text


def test_everything_that_arrives_at_a_server_is_let_in() -> None:
    found = support.example_design("standard")
    assert found.plan is not None
    text = scripts("standard")["native/ocs1.corp.contoso.com.advfirewall.cmd"]
    members = {item.name: {member.host for member in item.members} for item in found.plan.sets}
    arriving = [flow.id for flow in found.plan.flows if "ocs1.corp.contoso.com" in members[flow.destination]]
    assert [flow for flow in arriving if f'add rule name="{flow}"' not in text] == []
    assert len(arriving) == text.count("add rule")


def test_a_rule_for_many_addresses_is_several_of_one_name() -> None:
    """The shell takes no longer lines."""
    found = support.example_design("standard")
    assert found.plan is not None
    arriving = next(flow for flow in found.plan.flows if flow.id.startswith("ocs2007r2.flow.next-hop-to-edge-sip@"))
    many = [f"10.99.{number // 200}.{number % 200 + 1}" for number in range(700)]
    sets = [
        dataclasses.replace(item, members=tuple(dataclasses.replace(item.members[0], address=each) for each in many))
        if item.name == arriving.source
        else item
        for item in found.plan.sets
    ]
    rendered = dict(host_firewalls.render(found.topology, dataclasses.replace(found.plan, sets=tuple(sets))))
    commands = netsh.commands(rendered["native/edge1.corp.contoso.com.advfirewall.cmd"])
    ours = [command for command in commands if command.options["name"] == arriving.id]
    assert [command.words[2] for command in ours] == ["delete", "add", "add", "add", "add"]
    assert [each for command in ours[1:] for each in command.options["remoteip"].split(",")] == many


def test_netsh_knows_every_command() -> None:
    for text in scripts("standard").values():
        commands = netsh.commands(text)
        assert [command.words[2] for command in commands] == ["delete", "add"] * (len(commands) // 2)
        names = [command.options["name"] for command in commands]
        assert names[::2] == names[1::2]
