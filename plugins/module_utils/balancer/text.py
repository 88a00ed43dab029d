# SPDX-License-Identifier: GPL-3.0-or-later
"""HAProxy's configuration of balanced services. Pure: no I/O.

The file stands beside the administrator's own and is loaded after it. Its sections name the defaults that they build
on, so that neither file's defaults reach the other's.

Health is judged once for each virtual address and port that is looked at, in a section of its own without an address to
listen on; services follow the servers there. So a thousand services cost as many checks as they have members.

A service whose members see the client's own address has a section too, but none that listens: the packet filter hands
its packets on, and asks here which members are in service.
"""

from __future__ import annotations

import functools
import hashlib
import socket
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from .model import Member, Service

SOCKET = "/run/haproxy/openuc.sock"
PREFIX = "openuc-"
CHECK = "openuc-check-"
# Of the text that HAProxy runs with, as it can be asked.
DIGEST = "proc.openuc"

# A host that is down is left for dead within six seconds, and sessions to it end, so that clients come back elsewhere.
_HEAD = f"""\
# Made by openuc.ocs: balanced services of this host. What is changed here by hand is undone by its next run.
global
    stats socket {SOCKET} mode 600 level admin expose-fd listeners
    set-var {DIGEST} str(%s)

defaults openuc
    mode tcp
    log global
    option tcplog
    option dontlognull
    option redispatch
    balance leastconn
    timeout connect 5s
    timeout check 5s
    timeout client 1h
    timeout server 1h
    default-server inter 2s fall 3 rise 2 on-marked-down shutdown-sessions
"""

OutOfService = Mapping[str, Iterable[str]]  # Section: its servers that are switched off.
NONE_OUT: OutOfService = MappingProxyType({})


def unserved(service: Service) -> str:
    """Why neither HAProxy nor the packet filter can serve it; empty where one can."""
    if service.terminate:
        return "TLS is to end on the balancer, for which there is no certificate here"
    if service.affinity == "cookie":
        return "cookies can be followed only where HTTP is read, and here connections are handed on as they are"
    if service.protocol == "udp" and not service.forwarded:
        return "datagrams are handed on with the client's own address only (nat: dnat)"
    if service.forwarded and ":" in service.vip:
        return "packets of IPv6 are not handed on with the client's own address"
    return ""


def section_of(service: Service) -> str:
    end = f":{service.protocol}" if service.forwarded else ""
    return f"{PREFIX}{service.vip}:{service.port}{end}"


def server_names(service: Service) -> dict[str, list[str]]:
    """Member: its servers. A member has several where connections to it come from several addresses."""
    found: dict[str, list[str]] = {}
    for name, _address, _source, member in _servers(service.members, service.snat):
        found.setdefault(member, []).append(name)
    return found


def render(services: Iterable[Service], out: OutOfService = NONE_OUT, paired: bool = False) -> str:
    """The whole file, whatever the order of the services."""
    return Draft(services, paired).text(out)


class Draft:
    """The file of some services, and each of its sections, rendered once.

    Of a pair of balancers each looks after its members from its own address: those of the services are the other's now
    and then.
    """

    def __init__(self, services: Iterable[Service], paired: bool = False) -> None:
        self._served = sorted((s for s in services if not unserved(s)), key=_order)
        checks, self._names = _check_sections(self._served)
        self._checking = [_check_section(key, name, paired) for key, name in checks.items()]
        self._plain = [_section(service, name) for service, name in zip(self._served, self._names)]
        said = "\n".join([_HEAD, *self._checking, *self._plain])
        self._digest = hashlib.sha256(said.encode()).hexdigest()[:16]

    def text(self, out: OutOfService = NONE_OUT) -> str:
        switched = {section: frozenset(servers) for section, servers in out.items()}
        listed = list(self._plain)
        for index, service in enumerate(self._served if switched else ()):
            off = switched.get(section_of(service))
            if off:
                listed[index] = _section(service, self._names[index], off)
        return "\n".join([_HEAD % self._digest, *self._checking, *listed]).rstrip("\n") + "\n"

    def sections(self) -> dict[str, Service]:
        """Text of each section: the service that it says."""
        return {text.rstrip("\n"): service for text, service in zip(self._plain, self._served)}


def digest_of(text: str) -> str:
    """What HAProxy says of itself once it runs with the text; members that are switched off do not matter to it."""
    return text.partition(f"set-var {DIGEST} str(")[2].partition(")")[0]


def _section(service: Service, check: str, out: frozenset[str] = frozenset()) -> str:
    labels = (
        ("id", service.id),
        ("stage", service.stage),
        ("why", ", ".join(service.why)),
        ("replaces", service.replaces),
    )
    comments = "".join([f"    # {name}: {text}\n" for name, text in labels if text])
    manner = _manner(service.affinity, service.idle_seconds, service.idle_reset, service.forwarded)
    port = service.member_port
    servers = "".join([
        f"    server {name} {address}:{port}{source} track {check}/{member}{' disabled' if name in out else ''}\n"
        for name, address, source, member in _servers(service.members, service.snat)
    ])  # fmt: skip
    if service.forwarded:
        return f"backend {section_of(service)} from openuc\n{comments}{manner}{servers}"
    # The address may be on its way: it moves between balancers, and at boot it may come later than HAProxy does.
    bind = f"    bind {_host(service.vip)}:{service.port} transparent\n"
    return f"listen {section_of(service)} from openuc\n{comments}{bind}{manner}{servers}"


@functools.lru_cache(maxsize=1000)
def _manner(affinity: str, idle: int, reset: bool, forwarded: bool) -> str:
    """How connections are dealt out and ended."""
    lines = ["balance source", "hash-type consistent"] if affinity == "source" else []
    if idle:
        # The client's time is up first: only then HAProxy closes both sides at once, and so with a reset each.
        lines += [] if forwarded else [f"timeout client {idle}s"]
        lines.append(f"timeout server {idle + (not forwarded)}s")
    if reset:
        lines.append("option nolinger")
    return "".join(f"    {line}\n" for line in lines)


@functools.lru_cache(maxsize=100_000)
def _servers(members: tuple[Member, ...], snat: tuple[str, ...]) -> list[tuple[str, str, str, str]]:
    """Servers: name, address, source, and the name of the member.

    Between two addresses there are only as many connections as ports, so each member gets its share of the source
    addresses, and where there are more of them than members a member is several servers.
    """
    found = []
    for index, member in enumerate(members):
        if len(snat) >= len(members):
            sources = snat[index :: len(members)]
        else:
            sources = (snat[index % len(snat)],) if snat else ("",)
        for number, source in enumerate(sources):
            name = f"{member.name}:{number}" if number else member.name
            found.append((name, _host(member.address), f" source {_host(source)}" if source else "", member.name))
    return found


_CheckKey = tuple[str, int, tuple[Member, ...], tuple[str, ...]]


def _check_section(key: _CheckKey, name: str, paired: bool) -> str:
    _vip, port, members, snat = key
    source = f" source {_host(snat[0])}" if snat and not paired else ""
    servers = [f"    server {member.name} {_host(member.address)}:{port}{source} check\n" for member in members]
    return f"backend {name} from openuc\n{''.join(servers)}"


def _check_sections(services: Iterable[Service]) -> tuple[dict[_CheckKey, str], list[str]]:
    """Sections of checks, and the one of each service.

    Services of an address and port share one unless their members differ.
    """
    found: dict[_CheckKey, str] = {}
    used: dict[str, int] = {}
    names = []
    for service in services:
        key = service.vip, service.check_port, service.members, service.snat[:1]
        if key not in found:
            name = f"{CHECK}{service.vip}:{service.check_port}"
            number = used[name] = used.get(name, 0) + 1
            found[key] = name if number == 1 else f"{name}.{number}"
        names.append(found[key])
    return found, names


def _host(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _order(service: Service) -> tuple[int, bytes, int, str]:
    return (*_by_number(service.vip), service.port, service.protocol)


@functools.lru_cache(maxsize=100_000)
def _by_number(address: str) -> tuple[int, bytes]:
    packed = socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)
    return len(packed), packed
