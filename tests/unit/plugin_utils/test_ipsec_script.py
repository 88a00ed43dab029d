# SPDX-License-Identifier: GPL-3.0-or-later
"""IPsec exemptions as commands of Windows."""

from __future__ import annotations

from ansible_collections.openuc.ocs.plugins.plugin_utils.rendering import ipsec
from tests import netsh, support


def script(name: str) -> list[str]:
    found = support.example_design(name)
    assert found.plan is not None
    return "".join(text for _path, text in ipsec.render(found.topology, found.plan)).split("\r\n")


def test_an_exemption_is_a_filter_for_each_address_and_protocol() -> None:
    lines = [line for line in script("lab") if "A/V Edge Server Internal Inbound" in line]
    name = "A/V Edge Server Internal Inbound (edge.corp.contoso.com)"
    assert lines == [
        f'netsh ipsec static add filterlist name="{name}"',
        *(
            f'netsh ipsec static add filter filterlist="{name}" srcaddr=any dstaddr={address} protocol={protocol} '
            "srcport=0 dstport=0 mirrored=no"
            for address in ("10.30.0.31", "10.30.0.32")
            for protocol in ("TCP", "UDP")
        ),
        f'netsh ipsec static add rule name="{name}" policy="%~1" filterlist="{name}" filteraction="OpenUC permit"',
    ]


def test_ranges_of_ports_are_said_by_the_command_that_knows_them() -> None:
    lines = [line for line in script("lab") if "Clients (hq)" in line]
    assert lines == [
        (
            'netsh advfirewall consec add rule name="Clients (hq)" endpoint1=10.21.0.0/24 endpoint2=any '
            "action=noauthentication protocol=udp port1=1024-65535 port2=any"
        )
    ]


def test_every_exemption_is_in_the_script() -> None:
    found = support.example_design("lab")
    assert found.plan is not None
    text = "\n".join(script("lab"))
    assert [item.id for item in found.plan.ipsec if f"{item.name} ({item.subject})" not in text] == []


def test_without_ipsec_there_is_no_script() -> None:
    assert script("standard") == [""]


def test_netsh_knows_every_command() -> None:
    found = support.example_design("lab")
    assert found.plan is not None
    commands = netsh.commands("\n".join(script("lab")))
    rules = [command.options["name"] for command in commands if command.words[-1] == "rule"]
    assert set(rules) == {f"{item.name} ({item.subject})" for item in found.plan.ipsec}
