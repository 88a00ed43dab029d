# SPDX-License-Identifier: GPL-3.0-or-later
"""Arguments of the modules of mechanisms, and the items of their lists. Private to the collection.

A slice of a plan holds exactly these arguments for one target; a test validates every slice of every example with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .contract import COMMON_SPEC
from .items import Field, Fields

Spec = dict[str, Any]

_PLANNED: Fields = {
    "id": Field(str, required=True),
    "stage": Field(str, required=True),
    "why": Field(list, required=True, elements=str),
    "replaces": Field(str),
}

FIREWALL_RULES: Spec = {
    **COMMON_SPEC,
    "enforce": {"type": "str", "choices": ["observe", "enforce"], "default": "observe"},
    "interfaces": {"type": "dict", "required": True},
    "protected": {"type": "list", "elements": "str"},
    "sets": {"type": "raw", "required": True},
    "rules": {"type": "raw", "required": True},
}
FIREWALL_SET: Fields = {"name": Field(str, required=True), "addresses": Field(list, required=True, elements=str)}
FIREWALL_RULE: Fields = {
    **_PLANNED,
    "ingress": Field(str, required=True),
    "egress": Field(str, required=True),
    "source": Field(str, required=True),
    "source_ports": Field(str),
    "destination": Field(str, required=True),
    "protocol": Field(str, required=True, choices=("tcp", "udp", "icmp", "esp")),
    "ports": Field(list, elements=str),
    "nat": Field(list, elements=dict),
}

DNS_RECORDS: Spec = {
    **COMMON_SPEC,
    "server": {"type": "str", "required": True},
    "zone": {"type": "str", "required": True},
    "view": {"type": "str", "choices": ["internal", "perimeter", "external"], "required": True},
    "update": {"type": "str", "choices": ["tsig", "gss", "none"], "default": "tsig"},
    "key_name": {"type": "str", "no_log": False},
    "records": {"type": "raw", "required": True},
}
DNS_RECORD: Fields = {
    **_PLANNED,
    "name": Field(str, required=True),
    "type": Field(str, required=True, choices=("A", "CNAME", "SRV", "TXT")),
    "ttl": Field(int, required=True),
    "values": Field(list, required=True, elements=str),
}

LOAD_BALANCER: Spec = {**COMMON_SPEC, "services": {"type": "raw", "required": True}}
BALANCED_SERVICE: Fields = {
    **_PLANNED,
    "vip": Field(str, required=True),
    "port": Field(str, required=True),
    "protocol": Field(str, required=True, choices=("tcp", "udp")),
    "members": Field(list, required=True, elements=dict),
    "method": Field(str, required=True),
    "affinity": Field(str, required=True),
    "idle_seconds": Field(int, required=True),
    "check_port": Field(str, required=True),
    "snat": Field(list, elements=str),
}

CERTIFICATE_REQUEST: Spec = {
    **COMMON_SPEC,
    "issuer": {"type": "str", "choices": ["internal", "public"], "required": True},
    "requests": {"type": "raw", "required": True},
}
CERTIFICATE: Fields = {
    **_PLANNED,
    "subject": Field(str, required=True),
    "sans": Field(list, required=True, elements=str),
    "eku": Field(list, required=True, elements=str),
    "key_algorithm": Field(str, required=True),
    "key_bits": Field(int, required=True),
    "own_key": Field(bool),
    "hosts": Field(list, required=True, elements=str),
    "crl_distribution_point": Field(bool),
}

QOS_REGISTRY: Spec = {
    **COMMON_SPEC,
    "target": {"type": "str", "required": True},
    "gpo": {"type": "str"},
    "values": {"type": "raw", "required": True},
}
REGISTRY_VALUE: Fields = {
    **_PLANNED,
    "hive": Field(str, required=True, choices=("HKLM", "HKCU")),
    "key": Field(str, required=True),
    "name": Field(str, required=True),
    "type": Field(str, required=True, choices=("REG_DWORD", "REG_SZ")),
    "data": Field(object, required=True),
}

# No mechanism of its own: it looks at what mechanisms made. The options of a probe stand in `probing`.
PROBE: Spec = {
    "probes": {"type": "raw", "required": True},
    "defaults": {"type": "dict", "default": {}},
    "at_once": {"type": "int", "default": 500},
    "time_limit": {"type": "int", "default": 600},
    "results_file": {"type": "path"},
}

# Mechanism: its spec, and which of its options are long lists of what.
MECHANISMS: Mapping[str, tuple[Spec, Mapping[str, Fields]]] = {
    "firewall_rules": (FIREWALL_RULES, {"sets": FIREWALL_SET, "rules": FIREWALL_RULE}),
    "dns_records": (DNS_RECORDS, {"records": DNS_RECORD}),
    "load_balancer": (LOAD_BALANCER, {"services": BALANCED_SERVICE}),
    "certificate_request": (CERTIFICATE_REQUEST, {"requests": CERTIFICATE}),
    "qos_registry": (QOS_REGISTRY, {"values": REGISTRY_VALUE}),
}
