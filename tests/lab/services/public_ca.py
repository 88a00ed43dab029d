# SPDX-License-Identifier: GPL-3.0-or-later
"""The public certification authority of the lab: pebble, an ACME server made for tests.

It keeps everything in memory: a host that starts anew has another root certificate and has forgotten all orders.
"""

from __future__ import annotations

import json
import typing as t

from .base import File, Ready, Service
from .identity import identity

FOLDER: t.Final = "/etc/pebble"
AUTHORITY: t.Final = f"{FOLDER}/authority.pem"
"""What clients must trust to speak to the ACME server; the certificates it issues come from another authority."""

PIDFILE: t.Final = "/run/pebble.pid"
LOG: t.Final = "/var/log/pebble.log"

# Without these pebble sleeps before it validates, and refuses one request in twenty, to try out its clients. And an
# order would now and then ask for no new validation.
START = f"""\
export PEBBLE_VA_NOSLEEP=1 PEBBLE_WFE_NONCEREJECT=0 PEBBLE_AUTHZREUSE=0
start-stop-daemon --start --oknodo --background --make-pidfile --pidfile {PIDFILE} --output {LOG} \\
    --exec /usr/bin/pebble -- -config {FOLDER}/pebble.json -dnsserver {{resolver}}
"""


def acme_ca(
    address: str,
    names: t.Sequence[str],
    dns_server: str,
    *,
    port: int = 443,
    management_port: int = 15000,
    http_port: int = 80,
    tls_port: int = 443,
) -> Service:
    """An ACME server; its directory is at /dir, its present root at /roots/0 of the management port, both over TLS.

    It proves names by asking `dns_server`, and the hosts it finds there at `http_port` and `tls_port`.
    """
    own = identity(names, [address])
    settings = {
        "listenAddress": f"{address}:{port}",
        "managementListenAddress": f"{address}:{management_port}",
        "certificate": f"{FOLDER}/server.pem",
        "privateKey": f"{FOLDER}/server.key",
        "httpPort": http_port,
        "tlsPort": tls_port,
        "ocspResponderURL": "",
        "externalAccountBindingRequired": False,
    }
    return Service(
        "pebble",
        packages=("pebble",),
        files={
            f"{FOLDER}/pebble.json": File(json.dumps({"pebble": settings}, indent=2) + "\n"),
            f"{FOLDER}/server.pem": File(own.certificate),
            f"{FOLDER}/server.key": File(own.key, 0o600),
            AUTHORITY: File(own.authority),
        },
        start=START.format(resolver=dns_server if ":" in dns_server else f"{dns_server}:53"),
        ready=(Ready("tcp", address, port), Ready("tcp", address, management_port)),
    )
