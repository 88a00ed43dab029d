# SPDX-License-Identifier: GPL-3.0-or-later
"""Publications that tests change in one thing."""

from __future__ import annotations

import typing as t

from ansible_collections.openuc.ocs.plugins.module_utils.publishing.model import Publication, decode

SITE: t.Final[dict[str, t.Any]] = {
    "id": "site@im:443",
    "stage": "outside",
    "why": ["site"],
    "name": "im.contoso.com",
    "aliases": ["as.im.contoso.com"],
    "address": "203.0.113.33",
    "port": "443",
    "certificates": [],
    "backend": "im.corp.contoso.com",
    "backend_addresses": ["10.20.0.19"],
    "backend_port": "443",
    "allowed": ["/*"],
    "host_header": "original",
}
FILES: t.Final[dict[str, t.Any]] = {
    **SITE,
    "id": "files@web:443",
    "name": "web.contoso.com",
    "aliases": [],
    "backend": "pool.corp.contoso.com",
    "backend_addresses": ["10.20.0.11", "10.20.0.12"],
    "allowed": ["/Abs/Ext/*", "/ping"],
    "host_header": "",
    "idle_seconds": 1800,
}


def publications(*items: dict[str, t.Any]) -> list[Publication]:
    found, problems = decode(list(items))
    assert problems == []
    return found
