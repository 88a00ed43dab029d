# SPDX-License-Identifier: GPL-3.0-or-later
"""Balanced services in the words of other balancers, and what those cannot do. Pure: no I/O. Private to the collection.

None of it has met a real appliance here; nginx's own check takes what is rendered for it.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from .model import Service

_TENANT = "openuc"
_PLAIN = re.compile(r"[^A-Za-z0-9]+")
# An idle time of its own is asked for only where a service has one; this is what appliances have otherwise.
_DEFAULT_IDLE = 300


@dataclasses.dataclass(frozen=True)
class Rendering:
    """Text by file name, and for services what the target cannot do of them."""

    files: Mapping[str, str]
    limits: Sequence[tuple[str, str]]


def render(target: str, services: Iterable[Service]) -> Rendering:
    """The services for a kind of balancer, one of `TARGETS`."""
    listed = sorted(services, key=_order)
    return TARGETS[target](listed)


def _order(service: Service) -> tuple[int, bytes, int, str]:
    parsed = ipaddress.ip_address(service.vip)
    return parsed.version, parsed.packed, service.port, service.protocol


def _name(service: Service) -> str:
    return f"{service.protocol}_{_PLAIN.sub('_', service.vip)}_{service.port}"


# --- F5, as a declaration of Application Services 3 ------------------------------------------------------------------


def _as3(services: Sequence[Service]) -> Rendering:
    application: dict[str, Any] = {"class": "Application", "template": "generic"}
    for service in services:
        application.update(_as3_service(service))
    tenant = {"class": "Tenant", "services": application}
    declaration = {"class": "ADC", "schemaVersion": "3.36.0", "id": "openuc.ocs", _TENANT: tenant}
    text = json.dumps({"class": "AS3", "action": "deploy", "persist": True, "declaration": declaration}, indent=1)
    limits = [
        (service.key, "its certificate is to be put on the appliance, and named in serverTLS, by hand")
        for service in services
        if service.terminate
    ]
    return Rendering({"as3.json": f"{text}\n"}, limits)


def _as3_service(service: Service) -> dict[str, Any]:
    name = _name(service)
    profile, monitor, pool = f"profile_{name}", f"monitor_{name}", f"pool_{name}"
    timed: dict[str, Any] = {"idleTimeout": service.idle_seconds or _DEFAULT_IDLE}
    kind, used = ("TCP", "profileTCP") if service.protocol == "tcp" else ("UDP", "profileUDP")
    if service.protocol == "tcp":
        timed["resetOnTimeout"] = service.idle_reset
    listening: dict[str, Any] = {
        "class": f"Service_{kind}",
        "label": service.id[:64],
        "remark": ", ".join(service.why)[:64],
        "virtualAddresses": [service.vip],
        "virtualPort": service.port,
        "pool": pool,
        used: {"use": profile},
        "persistenceMethods": _AS3_PERSISTENCE[service.affinity],
        "snat": _as3_snat(service),
    }
    found = {
        f"service_{name}": listening,
        profile: {"class": f"{kind}_Profile", **timed},
        monitor: {"class": "Monitor", "monitorType": "tcp", "targetPort": service.check_port, "targetAddress": ""},
        pool: {
            "class": "Pool",
            "loadBalancingMode": "least-connections-member",
            "monitors": [{"use": monitor}],
            "members": [
                {"servicePort": service.member_port, "serverAddresses": [member.address], "shareNodes": True}
                for member in service.members
            ],
        },
    }
    if service.snat and not service.forwarded:
        found[f"snat_{name}"] = {"class": "SNAT_Pool", "snatAddresses": list(service.snat)}
    return found


_AS3_PERSISTENCE: Mapping[str, list[str]] = {"tcp": [], "source": ["source-address"], "cookie": ["cookie"]}


def _as3_snat(service: Service) -> Any:
    if service.forwarded:
        return "none"
    return {"use": f"snat_{_name(service)}"} if service.snat else "auto"


# --- nginx, as the inside of its stream block ------------------------------------------------------------------------


def _nginx(services: Sequence[Service]) -> Rendering:
    lines = ["# Made by openuc.ocs: to be included in the stream block of nginx."]
    limits = []
    for service in services:
        reasons = _nginx_limits(service)
        limits += [(service.key, reason) for reason in reasons]
        if not service.terminate and service.affinity != "cookie":
            lines += ["", *_nginx_service(service)]
    return Rendering({"nginx-stream.conf": "\n".join(lines) + "\n"}, limits)


def _nginx_limits(service: Service) -> list[str]:
    reasons = []
    if service.terminate or service.affinity == "cookie":
        return ["nginx follows cookies and ends TLS in its http block only; it is left out"]
    if service.check_port != service.member_port:
        reasons.append(f"nginx cannot judge health by another port ({service.check_port}); it sees failures only")
    if service.idle_reset:
        reasons.append("nginx ends idle connections without a reset")
    if service.forwarded:
        reasons.append("members see the client's address only if nginx runs as root and is their way back")
    if len(service.snat) > 1:
        reasons.append(f"nginx connects from one address only, {service.snat[0]}")
    return reasons


def _nginx_service(service: Service) -> list[str]:
    name = _name(service)
    udp = " udp" if service.protocol == "udp" else ""
    choice = "hash $remote_addr consistent" if service.affinity == "source" else "least_conn"
    servers = [f"    server {_host(member.address)}:{service.member_port};" for member in service.members]
    if service.forwarded:
        source = ["    proxy_bind $remote_addr transparent;"]
    else:
        source = [f"    proxy_bind {service.snat[0]};"] if service.snat else []
    return [
        f"# {service.id}",
        f"upstream {name} {{",
        f"    {choice};",
        *servers,
        "}",
        "server {",
        f"    listen {_host(service.vip)}:{service.port}{udp};",
        f"    proxy_pass {name};",
        *source,
        *([f"    proxy_timeout {service.idle_seconds}s;"] if service.idle_seconds else []),
        "}",
    ]


def _host(address: str) -> str:
    return f"[{address}]" if ":" in address else address


# --- for any other, as a table ---------------------------------------------------------------------------------------

_COLUMNS = (
    "address", "port", "protocol", "members", "member port", "health by TCP port", "choice", "affinity",
    "source towards members", "idle seconds", "reset when idle", "TLS ends here", "stage", "why",
)  # fmt: skip


def _table(services: Sequence[Service]) -> Rendering:
    rows = [_COLUMNS, *(_row(service) for service in services)]
    lines = [f"| {' | '.join(row)} |" for row in rows]
    lines.insert(1, f"|{' --- |' * len(_COLUMNS)}")
    return Rendering({"services.md": "\n".join(lines) + "\n"}, [])


def _row(service: Service) -> tuple[str, ...]:
    source = "the client's own" if service.forwarded else ", ".join(service.snat) or "the balancer's"
    return (
        service.vip,
        str(service.port),
        service.protocol,
        ", ".join(f"{member.name} {member.address}" for member in service.members),
        str(service.member_port),
        str(service.check_port),
        "least connections",
        {"tcp": "connection", "source": "client's address", "cookie": "cookie"}[service.affinity],
        source,
        str(service.idle_seconds or "any"),
        "yes" if service.idle_reset else "no",
        "yes" if service.terminate else "no",
        service.stage,
        ", ".join(service.why),
    )


TARGETS: Mapping[str, Callable[[Sequence[Service]], Rendering]] = {"f5_as3": _as3, "nginx": _nginx, "table": _table}
