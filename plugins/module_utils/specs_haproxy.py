# SPDX-License-Identifier: GPL-3.0-or-later
"""Arguments of modules that give HAProxy a file of ours, and the items of their lists. Private to the collection."""

from __future__ import annotations

from typing import Any

from .contract import COMMON_SPEC, LIMITS_SPEC, RENDERED_SPEC, SLICED_SPEC
from .items import PLANNED, Field, Fields

Spec = dict[str, Any]

# A file beside the administrator's own, and what has HAProxy load both.
_LOADED: Spec = {
    "main_config": {"type": "path", "default": "/etc/haproxy/haproxy.cfg"},
    "service_manager": {"type": "str", "choices": ["auto", "systemd", "sysvinit", "command"], "default": "auto"},
    "reload_command": {"type": "list", "elements": "str", "default": []},
    "reload_timeout": {"type": "int", "default": 30},
}

LOAD_BALANCER: Spec = {
    **COMMON_SPEC,
    **LIMITS_SPEC,
    **SLICED_SPEC,
    "services": {"type": "raw", "default": []},
    "addresses": {"type": "raw", "default": []},
    "pair": {
        "type": "dict",
        "options": {
            "virtual_router": {"type": "int", "required": True},
            "interface": {"type": "str", "required": True},
            "address": {"type": "str", "required": True},
            "peer": {"type": "str", "required": True},
            "priority": {"type": "int", "required": True},
        },
    },
    "text": {"type": "str"},
    **RENDERED_SPEC,
    "format": {"type": "str", "choices": ["haproxy", "f5_as3", "nginx", "table"], "default": "haproxy"},
    "config": {"type": "path", "default": "/etc/haproxy/openuc.cfg"},
    "journal_dir": {"type": "path", "default": "/var/lib/openuc/load_balancer"},
    **_LOADED,
}
BALANCED_SERVICE: Fields = {
    **PLANNED,
    "vip": Field(str, required=True),
    "port": Field(str, required=True),
    "protocol": Field(str, required=True, choices=("tcp", "udp")),
    "members": Field(list, required=True, elements=dict),
    "method": Field(str, required=True),
    "affinity": Field(str, required=True),
    "idle_seconds": Field(int, required=True),
    "idle_reset": Field(bool),
    "terminate": Field(bool),
    "member_port": Field(str),
    "check_port": Field(str, required=True),
    "nat": Field(str, choices=("snat", "dnat")),
    "snat": Field(list, elements=str),
}

PUBLICATIONS: Spec = {
    **COMMON_SPEC,
    **LIMITS_SPEC,
    **SLICED_SPEC,
    "publications": {"type": "raw", "default": []},
    "text": {"type": "str"},
    **RENDERED_SPEC,
    "config": {"type": "path", "default": "/etc/haproxy/openuc-publications.cfg"},
    "journal_dir": {"type": "path", "default": "/var/lib/openuc/publications"},
    **_LOADED,
}
PUBLICATION: Fields = {
    **PLANNED,
    "name": Field(str, required=True),
    "aliases": Field(list, elements=str),
    "address": Field(str, required=True),
    "port": Field(str, required=True),
    "certificates": Field(list, elements=str),
    "backend": Field(str, required=True),
    "backend_addresses": Field(list, required=True, elements=str),
    "backend_port": Field(str, required=True),
    "backend_tls": Field(bool),
    "host_header": Field(str, choices=("original", "")),
    "allowed": Field(list, required=True, elements=str),
    "idle_seconds": Field(int),
}
