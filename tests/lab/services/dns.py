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
    listen-on {{ any; }};
    listen-on-v6 {{ none; }};
    recursion yes;
    allow-recursion {{ any; }};
    allow-query-cache {{ any; }};
    allow-transfer {{ none; }};
    dnssec-validation no;
    empty-zones-enable no;
    minimal-responses no;
    notify no;
}};
// Nobody asks the real Internet from here: the root is the lab's.
zone "." {{ type {kind}; file "{zones}/root"; }};
"""

KEY = 'key "{name}" {{ algorithm hmac-sha256; secret "{secret}"; }};\n'

PRIMARY = """\
zone "{name}" {{
    type primary;
    file "{file}";
    {update}
}};
"""

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
class Delegation:
    """A zone that another server holds."""

    zone: str
    server: str
    addresses: tuple[Address, ...]

    def records(self) -> t.Iterator[str]:
        yield f"{self.zone}. IN NS {self.server}."
        yield from (f"{self.server}. IN A {address}" for address in self.addresses)


def name_server(
    server: str,
    addresses: t.Sequence[Address],
    zones: t.Sequence[Zone],
    keys: t.Sequence[Key] = (),
    root: t.Sequence[Address] | t.Sequence[Delegation] = (),
) -> Service:
    """A BIND that holds zones, and resolves what else there is from the root: its own, or that at some addresses."""
    hints = [each for each in root if isinstance(each, Address)]
    files = {f"{ZONES}/root": _hints(hints) if hints else _own_root(server, addresses, root)}
    kind = "hint" if hints else "primary"
    config = [OPTIONS.format(zones=ZONES, kind=kind)]
    config += [KEY.format(name=key.name, secret=key.secret) for key in keys]
    for zone in zones:
        path = f"{ZONES}/{zone.name}.zone"
        files[path] = _zone_file(zone, server, addresses)
        config.append(PRIMARY.format(name=zone.name, file=path, update=_who_may_change(zone)))
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


def _hints(roots: t.Sequence[Address]) -> File:
    lines = [f". 3600 IN NS root{number}.\nroot{number}. 3600 IN A {root}\n" for number, root in enumerate(roots)]
    return File("".join(lines))


def _own_root(server: str, addresses: t.Sequence[Address], root: t.Sequence[object]) -> File:
    delegated = (record for each in root if isinstance(each, Delegation) for record in each.records())
    return _zone_file(Zone(".", records=tuple(delegated)), server, addresses)


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
