# SPDX-License-Identifier: GPL-3.0-or-later
"""BIND on the DNS servers of an inventory, and as the resolver of the Internet."""

from __future__ import annotations

import dataclasses
import ipaddress
import typing as t

from .base import File, Ready, Service

Address = ipaddress.IPv4Address
ZONES = "/var/lib/bind/lab"

OPTIONS = """\
options {{
    directory "/var/cache/bind";
    listen-on {{ {addresses}; 127.0.0.1; }};
    listen-on-v6 {{ none; }};
    recursion yes;
    allow-recursion {{ any; }};
    allow-query-cache {{ any; }};
    allow-transfer {{ none; }};
    dnssec-validation no;
    empty-zones-enable no;
    minimal-responses no;
    notify no;
    forwarders {{ }};
}};
// Nobody asks the real Internet from here: what no zone below holds does not exist.
zone "." {{ type primary; file "{zones}/root"; }};
"""

KEY = 'key "{name}" {{ algorithm hmac-sha256; secret "{secret}"; }};\n'

PRIMARY = """\
zone "{name}" {{
    type primary;
    file "{file}";
    {update}
}};
"""

FORWARD = 'zone "{name}" {{ type forward; forward only; forwarders {{ {servers}; }}; }};\n'

EMPTY_ZONE = """\
$TTL 3600
@ IN SOA {server}. hostmaster.{zone} 1 3600 600 86400 60
@ IN NS {server}.
"""


@dataclasses.dataclass(frozen=True)
class Key:
    """A TSIG key."""

    name: str
    secret: str


@dataclasses.dataclass(frozen=True)
class Zone:
    """A zone that a server holds. With a key it may be changed and transferred by whoever has the key."""

    name: str
    key: str = ""
    records: tuple[str, ...] = ()
    """Lines of the zone from the beginning: name, type and data."""


@dataclasses.dataclass(frozen=True)
class Elsewhere:
    """A zone that other servers are asked about."""

    name: str
    servers: tuple[Address, ...]


def name_server(
    server: str,
    addresses: t.Sequence[Address],
    zones: t.Sequence[Zone],
    elsewhere: t.Sequence[Elsewhere] = (),
    keys: t.Sequence[Key] = (),
) -> Service:
    """A BIND that answers for its zones, asks others about theirs, and knows of nothing else."""
    files = {f"{ZONES}/root": _zone_file(Zone(".", records=()), "localhost", addresses)}
    config = [OPTIONS.format(addresses="; ".join(map(str, addresses)), zones=ZONES)]
    config += [KEY.format(name=key.name, secret=key.secret) for key in keys]
    for zone in zones:
        path = f"{ZONES}/{zone.name}.zone"
        files[path] = _zone_file(zone, server, addresses)
        config.append(PRIMARY.format(name=zone.name, file=path, update=_who_may_change(zone)))
    config += [FORWARD.format(name=each.name, servers="; ".join(map(str, each.servers))) for each in elsewhere]
    # Keys stand in it.
    files["/etc/bind/named.conf"] = File("".join(config), 0o640, "root:bind")
    return Service(
        "named",
        packages=("bind9", "bind9-dnsutils"),
        files=files,
        prepare=f"chown -R bind:bind {ZONES}",
        start="service named start",
        ready=tuple(Ready("udp", str(address), 53) for address in addresses),
    )


def _who_may_change(zone: Zone) -> str:
    if not zone.key:
        return "allow-update { none; };"
    return f'allow-update {{ key "{zone.key}"; }}; allow-transfer {{ key "{zone.key}"; }};'


def _zone_file(zone: Zone, server: str, addresses: t.Sequence[Address]) -> File:
    origin = zone.name if zone.name.endswith(".") else f"{zone.name}."
    lines = [EMPTY_ZONE.format(server=server, zone=origin if origin != "." else "")]
    inside = f"{server}.".endswith(f".{origin}")
    if inside:
        lines += [f"{server}. IN A {address}\n" for address in addresses]
    lines += [f"{record}\n" for record in zone.records]
    return File("".join(lines))
