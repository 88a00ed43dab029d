# SPDX-License-Identifier: GPL-3.0-or-later
"""IPsec exemptions as commands of Windows, for the policy that a domain or a host has already."""

from __future__ import annotations

import ipaddress
import itertools
import typing as t

from ..planning.ipsec import ANY, IpsecExemption
from ..planning.parties import EndpointSet
from ..planning.plan import Plan
from ..topology.model import Topology

_ACTION: t.Final = "OpenUC permit"
_HEAD: t.Final = (
    "@echo off",
    "rem IPsec exemptions. Usage: ipsec.cmd POLICY, the name of the IPsec policy that they are added to.",
    "rem ipsec.md has the same as a table. Not run on a Windows host yet.",
    'if "%~1"=="" (echo Usage: %0 POLICY & exit /b 1)',
    f'netsh ipsec static add filteraction name="{_ACTION}" action=permit',
)


def render(_topology: Topology, plan: Plan) -> t.Iterator[tuple[str, str]]:
    """native/ipsec.cmd, where IPsec is deployed."""
    if plan.ipsec:
        sets = {item.name: item for item in plan.sets}
        lines = [*_HEAD, *itertools.chain.from_iterable(_exemption(item, sets) for item in plan.ipsec)]
        yield "native/ipsec.cmd", "".join(f"{line}\r\n" for line in lines)


def _exemption(item: IpsecExemption, sets: t.Mapping[str, EndpointSet]) -> t.Iterator[str]:
    yield ""
    yield f"rem {' '.join(item.why)}: {item.subject}"
    name = f"{item.name} ({item.subject})"
    ends = list(itertools.product(_addresses(item.source, sets), _addresses(item.destination, sets)))
    if "-" in item.source_ports + item.ports:
        # The older command knows single ports only.
        yield from _ranged(item, name, ends)
        return
    yield f'netsh ipsec static add filterlist name="{name}"'
    for (source, destination), protocol in itertools.product(ends, item.protocols):
        yield (
            f'netsh ipsec static add filter filterlist="{name}" {_end("src", source)} {_end("dst", destination)} '
            f"protocol={protocol.upper()} srcport={_port(item.source_ports)} dstport={_port(item.ports)} mirrored=no"
        )
    yield (f'netsh ipsec static add rule name="{name}" policy="%~1" filterlist="{name}" filteraction="{_ACTION}"')


def _ranged(item: IpsecExemption, name: str, ends: t.Iterable[tuple[str, str]]) -> t.Iterator[str]:
    for (source, destination), protocol in itertools.product(ends, item.protocols):
        yield (
            f'netsh advfirewall consec add rule name="{name}" endpoint1={source} endpoint2={destination} '
            f"action=noauthentication protocol={protocol} port1={item.source_ports} port2={item.ports}"
        )


def _addresses(name: str, sets: t.Mapping[str, EndpointSet]) -> list[str]:
    if name == ANY:
        return [ANY]
    return list(dict.fromkeys([*(member.address for member in sets[name].members), *sets[name].cidrs]))


def _end(side: str, address: str) -> str:
    if "/" not in address:
        return f"{side}addr={address}"
    network = ipaddress.IPv4Network(address)
    return f"{side}addr={network.network_address} {side}mask={network.netmask}"


def _port(ports: str) -> str:
    return "0" if ports == ANY else ports
