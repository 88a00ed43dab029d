# SPDX-License-Identifier: GPL-3.0-or-later
"""QoS for those who set it by hand: what is to be done on each host in which order, Group Policy, and WMI scripts."""

from __future__ import annotations

import typing as t

from ..planning.plan import Plan
from ..planning.qos_items import QosPlan, RegistryValue, WmiValue
from ..topology.model import Topology
from .tables import markdown, page

# The three bits of a frame's priority are the first three of the six of a mark.
PRIORITY_BITS_LESS: t.Final = 3
_INSTALLED = {
    "yes": "See that the packet scheduler is active on each network interface",
    "no": "Install the packet scheduler on each network interface",
    "look": "Look whether the packet scheduler is installed and active on each network interface",
}

_FILLED = (
    "The Group Policy object {gpo} holds {count} values of the computer's half. The role qos makes and fills it on "
    "{controllers}; by hand its Registry.pol goes into the object's folder Machine"
)
_WITHOUT_TEMPLATE = (
    "No administrative template is needed. Without one, editors of Group Policy show the values under Extra Registry "
    "Settings"
)
_WHAT_STAYS = (
    "Values below SOFTWARE\\Policies go when the object no longer holds them. Others stay on the computers until "
    "somebody removes them"
)


def render(topology: Topology, plan: Plan) -> t.Iterator[tuple[str, str]]:
    """qos-hosts.md, and a script of each kind for each target of WMI settings."""
    qos = plan.qos
    if not qos.markings:
        return
    parts = [*_network(qos), *_hosts(qos), *_policies(topology, qos)]
    introduction = "What is done where, in this order: the network, the hosts, then the clients by Group Policy."
    yield "qos-hosts.md", page("QoS host by host", introduction, *parts)
    for value in qos.wmi:
        yield f"native/qos/{value.target}.ps1", powershell(value)
        yield f"native/qos/{value.target}.cmd", wmic(value)


def _network(qos: QosPlan) -> t.Iterator[str]:
    yield "## The network\n"
    yield (
        "Firewalls of the estate do what qos.md says under Network. Switches and other routers trust the marks, or map "
        "them to the priority of Ethernet frames (802.1p) that their queues go by. As a rule that is:\n"
    )
    rows = [
        (marking.medium, marking.dscp_class, marking.expected, marking.expected >> PRIORITY_BITS_LESS, marking.why)
        for marking in qos.markings
    ]
    yield markdown(("medium", "class", "dscp", "802.1p", "why"), rows)


def _hosts(qos: QosPlan) -> t.Iterator[str]:
    servers = dict.fromkeys(
        [
            *(item.target for item in (*qos.registry, *qos.schedulers) if not item.gpo),
            *(host for value in qos.wmi for host in value.hosts),
        ]
    )
    for server in sorted(servers):
        yield f"## {server}\n"
        yield "\n".join(f"{number}. {text}" for number, text in enumerate(_of_host(qos, server), 1)) + "\n"


def _of_host(qos: QosPlan, server: str) -> t.Iterator[str]:
    for scheduler in qos.schedulers:
        if scheduler.target == server:
            yield f"{_INSTALLED[scheduler.installed]} ({scheduler.windows or 'version of Windows not said'})"
    registry = [value for value in qos.registry if value.target == server]
    if registry:
        yield f"Set {len(registry)} registry values, by the role qos or by importing its `{server}.reg`"
    wmi = [value for value in qos.wmi if server in value.hosts]
    for value in wmi:
        yield f"Set {value.property} of {value.wmi_class}, once for {value.target}: `native/qos/{value.target}.ps1`"
    restarts = [*(value.restart for value in registry), *(value.restart for value in wmi)]
    for restart in dict.fromkeys(filter(None, restarts)):
        yield f"Then: {restart}"
    yield "See that its packets carry the marks when they arrive"


def _policies(topology: Topology, qos: QosPlan) -> t.Iterator[str]:
    by_population: dict[str, list[RegistryValue]] = {}
    for value in qos.registry:
        if value.gpo:
            by_population.setdefault(value.target, []).append(value)
    controllers = ", ".join(server.name for server in topology.of_type("domain_controller")) or "a domain controller"
    for population, values in sorted(by_population.items()):
        clients = topology.estate.clients[population]
        yield f"## {values[0].gpo}\n"
        forced = [value for value in values if value.state == "present"]
        steps = [
            _FILLED.format(gpo=values[0].gpo, count=len(forced), controllers=controllers),
            f"Link it to the organisational units of the computers in network {clients.network}: no role does that",
            _WITHOUT_TEMPLATE,
            _WHAT_STAYS,
        ]
        steps += [f"Afterwards: {restart}" for restart in dict.fromkeys(value.restart for value in forced)]
        yield "\n".join(f"{number}. {step}" for number, step in enumerate(steps, 1)) + "\n"


def powershell(value: WmiValue) -> str:
    """Sets the one instance that the query finds, saves it and reads it back. It has been run nowhere yet."""
    lines = [
        f"# {value.purpose}. Run as administrator on one of: {', '.join(value.hosts)}",
        f"$query = '{value.query.replace(chr(39), chr(39) * 2)}'",
        f"$found = @(Get-WmiObject -Namespace '{value.namespace}' -Query $query)",
        'if ($found.Count -ne 1) { throw "Expected one instance, found $($found.Count): $query" }',
        f"if ([string]$found[0].{value.property} -ne '{value.value}') {{",
        f"    $found[0].{value.property} = [bool]::Parse('{value.value}')",
        "    [void]$found[0].Put()",
        "}",
        f"(Get-WmiObject -Namespace '{value.namespace}' -Query $query).{value.property}",
        f"# Then restart: {value.restart}",
    ]
    return "\n".join([*lines, ""])


def wmic(value: WmiValue) -> str:
    """The same for computers without PowerShell. It has been run nowhere yet."""
    condition = value.query.partition(" where ")[2].replace('"', "'")
    where = f' where "{condition}"' if condition else ""
    path = f"wmic /namespace:\\\\{value.namespace} path {value.wmi_class}{where}"
    lines = [
        f"rem {value.purpose}. Run as administrator on one of: {', '.join(value.hosts)}",
        f"{path} set {value.property}={value.value}",
        f"{path} get {value.property}",
        f"rem Then restart: {value.restart}",
    ]
    return "\n".join([*lines, ""])
