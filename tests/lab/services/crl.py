# SPDX-License-Identifier: GPL-3.0-or-later
"""A web server for what certificates point to: lists of what was revoked, and certificates of authorities."""

from __future__ import annotations

from .base import File, Ready, Service

SETTINGS = """\
user www-data;
worker_processes 1;
pid /run/nginx.pid;
error_log /var/log/nginx/error.log;

events {{ worker_connections 256; }}

http {{
    access_log /var/log/nginx/access.log;
    default_type application/octet-stream;
    types {{
        application/pkix-crl crl;
        application/pkix-cert cer crt;
    }}
    # Who reads a list wants the one that is there now.
    etag on;
    expires -1;

    server {{
        listen {address}:80;
        root {folder};
        location / {{ limit_except GET {{ deny all; }} }}
    }}
}}
"""


def crl_server(address: str, folder: str = "/srv/pki") -> Service:
    """Whatever is put into the folder, over plain HTTP."""
    return Service(
        "crl",
        packages=("nginx-light",),
        files={"/etc/nginx/nginx.conf": File(SETTINGS.format(address=address, folder=folder))},
        prepare=f"install -d -m 755 {folder}",
        start="service nginx start",
        ready=(Ready("tcp", address, 80),),
    )
