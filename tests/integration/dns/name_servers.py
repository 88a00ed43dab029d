# SPDX-License-Identifier: GPL-3.0-or-later
"""BIND with views, a secondary and a signed zone; and Knot, as a second opinion."""

from __future__ import annotations

import typing as t

from tests.lab.services.base import File, Ready, Service

PRIMARY, SECONDARY, KNOT, RESOLVER = "10.99.0.20", "10.99.0.21", "10.99.0.22", "10.99.0.23"
# Where no host ever is.
NOBODY: t.Final = ("10.99.0.77", "10.99.0.78")
PRIMARY6 = "fd00:99::20"
KEYS = {
    "inside": "aW5zaWRlIGtleSBvZiB0aGUgdGVzdHMgLSBpbnNpZGU=",
    "outside": "b3V0c2lkZSBrZXkgb2YgdGhlIHRlc3RzIC0gb3V0c2k=",
}
ZONES: t.Final = "/var/lib/bind/tests"

KEY = 'key "{name}" {{ algorithm hmac-sha256; secret "{secret}"; }};\n'
OPTIONS = """
options {
    directory "/var/cache/bind"; recursion no; listen-on { any; }; listen-on-v6 { any; };
    allow-transfer { none; }; dnssec-validation no; notify explicit; empty-zones-enable no; minimal-responses yes;
};
"""
VIEW = 'view "{name}" {{\n match-clients {{ {clients} }};\n{zones}}};\n'
ZONE = 'zone "{name}" {{ type primary; file "{file}"; allow-update {{ key {key}; }}; {more} }};\n'
EMPTY = """\
$TTL 3600
@ IN SOA ns1 hostmaster 1 3600 600 86400 60
@ IN NS ns1
ns1 IN A {primary}
{more}
"""
SECOND = f"@ IN NS ns2\nns2 IN A {SECONDARY}\n"


def _keys() -> str:
    return "".join(KEY.format(name=name, secret=secret) for name, secret in KEYS.items())


def primary() -> Service:
    """Views by key: both hold contoso.com. `closed.example` refuses transfers, `signed.example` is signed."""
    transfer = "allow-transfer {{ key {}; }};"
    notify = f"also-notify {{ {SECONDARY}; }};"
    zones = {
        "inside": {
            "contoso.com": transfer.format("inside") + notify,
            "corp.contoso.com": transfer.format("inside"),
            "closed.example": "",
            "signed.example": transfer.format("inside") + " dnssec-policy default; inline-signing yes;",
            "large.example": transfer.format("inside"),
            "frozen.example": transfer.format("inside"),
        },
        "outside": {"contoso.com": transfer.format("outside")},
    }
    files: dict[str, File] = {}
    views = ""
    for view, held in zones.items():
        text = ""
        for name, more in held.items():
            path = f"{ZONES}/{view}.{name}"
            files[path] = File(EMPTY.format(primary=PRIMARY, more=SECOND if notify in more else ""))
            key = "outside" if name == "frozen.example" else view
            text += ZONE.format(name=name, file=path, key=key, more=more)
        # A question without a key comes from outside, as the world's do.
        others = "".join(f"!key {other}; " for other in KEYS if other != view)
        clients = f"key {view};" if view == "inside" else f"{others}any;"
        views += VIEW.format(name=view, clients=clients, zones=text)
    files["/etc/bind/named.conf"] = File(_keys() + OPTIONS + views, 0o640, "root:bind")
    return _bind(files, PRIMARY)


def secondary() -> Service:
    """Holds contoso.com of the view inside."""
    zone = f'zone "contoso.com" {{ type secondary; primaries {{ {PRIMARY} key inside; }}; file "{ZONES}/copy"; }};\n'
    config = _keys() + OPTIONS.replace("recursion no;", "recursion no; masterfile-format text;") + zone
    return _bind({"/etc/bind/named.conf": File(config, 0o640, "root:bind")}, SECONDARY)


def resolver() -> Service:
    """Asks the primary without a key, and so hears what is said outside."""
    options = OPTIONS.replace("recursion no;", "recursion yes; allow-recursion { any; }; allow-query-cache { any; };")
    zone = f'zone "contoso.com" {{ type forward; forward only; forwarders {{ {PRIMARY}; }}; }};\n'
    return _bind({"/etc/bind/named.conf": File(options + zone, 0o640, "root:bind")}, RESOLVER)


def serving(zones: t.Mapping[str, str]) -> Service:
    """Zones from files, and nothing else."""
    files = {f"{ZONES}/{name}": File(text) for name, text in zones.items()}
    held = "".join(f'zone "{name}" {{ type primary; file "{ZONES}/{name}"; }};\n' for name in zones)
    return _bind({**files, "/etc/bind/named.conf": File(OPTIONS + held, 0o640, "root:bind")}, PRIMARY)


def _bind(files: dict[str, File], address: str) -> Service:
    return Service(
        "named",
        packages=("bind9",),
        files=files,
        prepare=f"mkdir -p {ZONES}; chown -R bind:bind {ZONES}",
        start="service named start",
        ready=(Ready("tcp", address, 53),),
    )


def knot() -> Service:
    """Another implementation, with the same zone and key."""
    config = f"""\
server:
    listen: [ {KNOT}@53 ]
    rundir: /run/knot
    user: knot:knot
key:
  - id: inside
    algorithm: hmac-sha256
    secret: {KEYS["inside"]}
acl:
  - id: ours
    key: inside
    action: [ transfer, update ]
template:
  - id: default
    storage: /var/lib/knot
    file: "%s.zone"
    acl: ours
zone:
  - domain: contoso.com
"""
    files = {
        "/etc/knot/knot.conf": File(config, 0o640, "root:knot"),
        "/var/lib/knot/contoso.com.zone": File(EMPTY.format(primary=KNOT, more="")),
    }
    return Service(
        "knot",
        packages=("knot",),
        files=files,
        prepare="chown -R knot:knot /var/lib/knot",
        start="mkdir -p /run/knot; chown knot:knot /run/knot; knotd -d",
        ready=(Ready("tcp", KNOT, 53),),
    )
