# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules that let flows into Windows servers whose own firewall is on, as commands for each of them.

They only allow: rules that the product or an administrator made stay, and nothing is closed by them.
"""

from __future__ import annotations

import collections
import typing as t

from ..catalogue.facts import ServerTypeFact
from ..planning.flows import Flow
from ..planning.parties import EndpointSet
from ..planning.plan import Plan
from ..topology.model import Topology

_UC: t.Final = "uc"
_NAMES: t.Final[t.Mapping[str, str]] = {"icmp": "icmpv4", "esp": "50"}
_ANYWHERE: t.Final = "0.0.0.0/0"
# A line of the shell has 8,191 characters at most; a rule for more addresses than this is one of several of its name.
_MOST_ADDRESSES: t.Final = 200
_HEAD: t.Final = (
    "@echo off",
    "rem Lets in what the plan's flows need. Rules of the same names are replaced, others stay. Windows Server 2008 or",
    "rem newer; on older ones the same exceptions are set by hand. Not run on a Windows host yet.",
)


def render(topology: Topology, plan: Plan) -> t.Iterator[tuple[str, str]]:
    """native/<server>.advfirewall.cmd, where the inventory asks for host firewalls."""
    if not topology.estate.host_firewalls:
        return
    sets = {item.name: item for item in plan.sets}
    ours = _ours(topology)
    by_server: dict[str, list[str]] = collections.defaultdict(list)
    for flow in plan.flows:
        for server, addresses in _listening(sets[flow.destination], ours).items():
            by_server[server].extend(_rule(flow, addresses, sets[flow.source]))
    for server, lines in sorted(by_server.items()):
        yield f"native/{server}.advfirewall.cmd", "".join(f"{line}\r\n" for line in (*_HEAD, *lines))


def _ours(topology: Topology) -> frozenset[str]:
    """Servers of the products; those of the network have firewalls of other kinds."""
    facts = topology.catalogue.facts(ServerTypeFact)
    types = frozenset(fact.id.partition(".")[2] for fact in facts if fact.plane == _UC)
    return frozenset(server.name for server in topology.servers.values() if types.intersection(server.types))


def _listening(endpoints: EndpointSet, ours: t.Container[str]) -> dict[str, list[str]]:
    """Addresses of each server of ours that a flow arrives at; what goes to a virtual address arrives elsewhere."""
    found: dict[str, list[str]] = collections.defaultdict(list)
    for member in endpoints.members:
        if member.host in ours:
            found[member.host].append(member.address)
    return found


def _rule(flow: Flow, addresses: t.Sequence[str], source: EndpointSet) -> t.Iterator[str]:
    remote = list(dict.fromkeys([*(member.address for member in source.members), *source.cidrs]))
    if _ANYWHERE in remote:
        remote = ["any"]
    ports = [f"localport={','.join(flow.ports)}"] if flow.ports else []
    if flow.source_ports:
        ports.append(f"remoteport={flow.source_ports}")
    yield ""
    yield f'netsh advfirewall firewall delete rule name="{flow.id}" >nul 2>&1'
    for start in range(0, len(remote), _MOST_ADDRESSES):
        said = [
            f'name="{flow.id}"',
            "dir=in action=allow",
            f"protocol={_NAMES.get(flow.protocol, flow.protocol)}",
            f"localip={','.join(addresses)}",
            f"remoteip={','.join(remote[start : start + _MOST_ADDRESSES])}",
            *ports,
            f'description="{" ".join(flow.why)}"',
        ]
        yield f"netsh advfirewall firewall add rule {' '.join(said)}"
