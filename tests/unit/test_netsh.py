# SPDX-License-Identifier: GPL-3.0-or-later
"""The reader of netsh's commands refuses what netsh or its shell would not take, or not take for what was meant."""

from __future__ import annotations

import pytest

from tests.netsh import LONGEST_LINE, Command, NetshError, commands

ALLOW = "netsh advfirewall firewall add rule name=a dir=in action=allow"
FILTER = 'netsh ipsec static add filter filterlist="a b" srcaddr=any dstaddr=10.0.0.1'
LIST = 'netsh ipsec static add filterlist name="a b"'


def test_a_command_is_its_words_and_options() -> None:
    said = f'{ALLOW} description="a b" protocol=tcp localport=80,8000-8099'
    assert commands(f"@echo off\r\nrem what it is for\r\n\r\n{said} >nul 2>&1\r\n") == [
        Command(
            ("advfirewall", "firewall", "add", "rule"),
            {
                "name": "a",
                "dir": "in",
                "action": "allow",
                "description": "a b",
                "protocol": "tcp",
                "localport": "80,8000-8099",
            },
        )
    ]


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (f"{ALLOW} protocol=tcp localports=80", "no option is called localports"),
        (f"{ALLOW} protocol=tcp protocol=udp", "protocol is given twice"),
        (f"{ALLOW} localport=80", "localport needs a protocol that has ports"),
        (f"{ALLOW} protocol=icmpv4 localport=80", "localport needs a protocol that has ports"),
        (f"{ALLOW} protocol=tcp localport=90-80", "localport cannot be '90-80'"),
        (f"{ALLOW} protocol=tcp localport=65536", "localport cannot be '65536'"),
        (f"{ALLOW} protocol=icmp", "protocol cannot be 'icmp'"),
        (f"{ALLOW} remoteip=0.0.0.0/0", "remoteip cannot be '0.0.0.0/0'"),
        (f"{ALLOW} remoteip=10.0.0.1/24", "remoteip cannot be '10.0.0.1/24'"),
        (f"{ALLOW} remoteip=10.0.0.1,", "remoteip cannot be '10.0.0.1,'"),
        ("netsh advfirewall firewall add rule name=a dir=in", "action must be given"),
        ("netsh advfirewall firewall add rules name=a", "no command that is known"),
        ("netsh name=a advfirewall firewall add rule", "no command that is known"),
        ("net stop mpssvc", "no command that is known"),
        (f'{ALLOW} description="a', "a quotation mark is not closed"),
        (f'{ALLOW} description="100%"', "the shell takes % for itself"),
        (f"{ALLOW} description=a&b", "the shell takes & for itself"),
        (f"{ALLOW} description={'a' * LONGEST_LINE}", f"of which cmd.exe takes {LONGEST_LINE}"),
        (FILTER, "no filterlist is called so"),
        (f"{LIST}\n{FILTER} srcport=1-2 protocol=tcp", "srcport cannot be '1-2'"),
        (f"{LIST}\n{FILTER.replace('10.0.0.1', '10.0.0.0/24')}", "dstaddr cannot be '10.0.0.0/24'"),
    ],
)
def test_what_would_not_do_what_it_says_is_refused(lines: str, problem: str) -> None:
    with pytest.raises(NetshError) as error:
        commands(lines)
    assert problem in str(error.value)
