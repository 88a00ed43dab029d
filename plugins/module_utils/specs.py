# SPDX-License-Identifier: GPL-3.0-or-later
"""Arguments of the modules of mechanisms, and the items of their lists. Private to the collection.

A slice of a plan holds exactly these arguments for one target; a test validates every slice of every example with them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from .contract import CHANGE_LIMITS_SPEC, COMMON_SPEC, LIMITS_SPEC, RENDERED_SPEC, SLICED_SPEC, STATES
from .items import PLANNED, Field, Fields
from .specs_haproxy import BALANCED_SERVICE, LOAD_BALANCER, PUBLICATION, PUBLICATIONS

Spec = dict[str, Any]

# Where a host keeps its certificates.
CERTIFICATES_FOLDER = "/etc/openuc/certificates"

# Several slices, or one.
_SLICED_MANY: Spec = {**SLICED_SPEC, "slice": {"type": "raw"}}

FIREWALL_RULES: Spec = {
    **COMMON_SPEC,
    **LIMITS_SPEC,
    "state": {"type": "str", "choices": [*STATES, "confirmed", "explained"], "default": "replaced"},
    **SLICED_SPEC,
    "enforce": {"type": "str", "choices": ["observe", "enforce"]},
    "interfaces": {"type": "dict", "default": {}},
    "guarded": {"type": "raw", "default": []},
    "protected": {"type": "list", "elements": "str", "default": []},
    "sets": {"type": "raw", "default": []},
    "rules": {"type": "raw", "default": []},
    "marks": {"type": "raw", "default": []},
    "text": {"type": "str"},
    "packet": {"type": "dict"},
    **RENDERED_SPEC,
    "format": {"type": "str", "choices": ["nft", "asa", "srx", "paloalto", "iptables", "windows"], "default": "nft"},
    "confirm_within": {"type": "int", "default": 60},
    "guard": {"type": "bool", "default": True},
    "boot_file": {"type": "path", "default": "/etc/nftables.conf"},
    "own_file": {"type": "path", "default": "/etc/nftables.d/openuc_filter.nft"},
    "journal_dir": {"type": "path", "default": "/var/lib/openuc/firewall_rules"},
}
FIREWALL_WAY: Fields = {"ingress": Field(str, required=True), "egress": Field(str, required=True)}
# Packets of a way, from or to ports or all that are left, with the DSCP that they get, or without to keep theirs.
FIREWALL_MARK: Fields = {
    **PLANNED,
    "ingress": Field(str, required=True),
    "egress": Field(str, required=True),
    "protocol": Field(str, choices=("tcp", "udp")),
    "side": Field(str, choices=("source", "destination")),
    "ports": Field(str),
    "dscp": Field(int),
}
FIREWALL_SET: Fields = {"name": Field(str, required=True), "addresses": Field(list, required=True, elements=str)}
FIREWALL_RULE: Fields = {
    **PLANNED,
    "ingress": Field(str, required=True),
    "egress": Field(str, required=True),
    "source": Field(str, required=True),
    "source_ports": Field(str),
    "destination": Field(str, required=True),
    "protocol": Field(str, required=True, choices=("tcp", "udp", "icmp", "esp")),
    "ports": Field(list, elements=str),
    "nat": Field(list, elements=dict),
}

# A zone at a server; `zones` of the module lists several of them.
DNS_ZONE: Spec = {
    "server": {"type": "str"},
    "address": {"type": "str"},
    "port": {"type": "int", "default": 53},
    "zone": {"type": "str"},
    "view": {"type": "str", "choices": ["internal", "perimeter", "external"]},
    "update": {"type": "str", "choices": ["tsig", "gss", "none"], "default": "tsig"},
    "key_name": {"type": "str", "no_log": False},
    "records": {"type": "raw"},
    "resolvers": {"type": "list", "elements": "str", "default": []},
    "name_servers": {"type": "raw", "default": []},
    "vantages": {"type": "list", "elements": "str", "default": []},
}
DNS_NAME_SERVER: Fields = {
    "name": Field(str, required=True),
    "addresses": Field(list, elements=str),
    "zone": Field(str),
}
DNS_RECORDS: Spec = {
    **COMMON_SPEC,
    **LIMITS_SPEC,
    **CHANGE_LIMITS_SPEC,
    **DNS_ZONE,
    **_SLICED_MANY,
    "zones": {"type": "raw"},
    "keys": {"type": "dict", "no_log": True},
    "key_file": {"type": "path", "no_log": False},
    "journal_dir": {"type": "path"},
    "default_ttl": {"type": "int", "default": 3600},
    "adopt": {"type": "bool", "default": False},
    "report_foreign": {"type": "bool", "default": False},
    "verify": {"type": "bool", "default": True},
    "timeout": {"type": "float", "default": 10.0},
    **RENDERED_SPEC,
    "format": {"type": "str", "choices": ["zone", "fragment", "dnscmd", "powershell", "octodns"], "default": "zone"},
    "serial": {"type": "int", "default": 1},
    "text": {"type": "str"},
}
DNS_RECORD: Fields = {
    # What was gathered has none of these.
    **{name: dataclasses.replace(field, required=False) for name, field in PLANNED.items()},
    "name": Field(str, required=True),
    "type": Field(str, required=True, choices=("A", "AAAA", "CNAME", "MX", "PTR", "SRV", "TXT")),
    "ttl": Field(int),
    "values": Field(list, required=True, elements=str),
}
# A record set as it was and as it is; what is none has no values.
DNS_HEARD: Fields = {
    "name": Field(str, required=True),
    "type": DNS_RECORD["type"],
    "values": Field(list, required=True, elements=str),
    "before": Field(list, elements=str),
    "lowest_ttl": Field(int),
}
DNS_VERIFY: Spec = {
    "records": {"type": "raw", "required": True},
    "resolvers": {"type": "list", "elements": "str", "default": []},
    "timeout": {"type": "float", "default": 3.0},
}

DRAIN: Spec = {
    "state": {"type": "str", "choices": ["drained", "disabled", "enabled", "gathered"], "default": "drained"},
    "members": {"type": "list", "elements": "str", "default": []},
    "services": {"type": "list", "elements": "str", "default": []},
    "wait": {"type": "int", "default": 300},
    "at_limit": {"type": "str", "choices": ["fail", "cut", "leave"], "default": "fail"},
    "least": {"type": "int", "default": 1},
    "config": {"type": "path", "default": "/etc/haproxy/openuc.cfg"},
    "socket": {"type": "path", "default": "/run/haproxy/openuc.sock"},
}

_CERTIFICATES: Spec = {
    **COMMON_SPEC,
    **SLICED_SPEC,
    "issuer": {"type": "str", "choices": ["internal", "public"]},
    "requests": {"type": "raw", "default": []},
    "only": {"type": "list", "elements": "str", "default": []},
    "organisation": {"type": "str", "default": ""},
    "country": {"type": "str", "default": ""},
    "renew_days": {"type": "int", "default": 30},
    "by_hand": {"type": "list", "elements": "str", "default": []},
    "tolerated": {"type": "list", "elements": "str", "choices": ["name", "eku", "crl"], "default": []},
    "folder": {"type": "path"},
}
CERTIFICATE_REQUEST: Spec = {
    **_CERTIFICATES,
    **LIMITS_SPEC,
    **RENDERED_SPEC,
    "state": {
        "type": "str",
        "choices": [state for state in STATES if state != "merged"],
        "default": "replaced",
    },
    "regenerate": {
        "type": "str",
        "choices": ["never", "fail", "partial_idempotence", "full_idempotence"],
        "default": "fail",
        "no_log": False,
    },
    "text": {"type": "str"},
}
CERTIFICATE_ISSUE: Spec = {
    **_CERTIFICATES,
    **RENDERED_SPEC,
    "state": {
        "type": "str",
        "choices": ["replaced", "deleted", "gathered", "rendered", "restored"],
        "default": "replaced",
    },
    "authority": {"type": "str", "choices": ["internal", "acme", "returned"], "default": "internal"},
    # The authority made here.
    "name": {"type": "str", "default": "OpenUC"},
    "url": {"type": "str", "default": ""},
    "days": {"type": "int", "default": 365},
    "crl_days": {"type": "int", "default": 7},
    "authority_key": {"type": "str", "default": "rsa2048", "no_log": False},
    "revoke": {"type": "list", "elements": "str", "default": []},
    "reason": {
        "type": "str",
        "choices": ["unspecified", "key_compromise", "affiliation_changed", "superseded", "cessation_of_operation"],
        "default": "unspecified",
    },
    # Others, by hand.
    "returned": {"type": "path"},
    "trust": {"type": "path"},
    "ca_config": {"type": "str", "default": ""},
    "template": {"type": "str", "default": ""},
    # Others, by ACME.
    "directory": {"type": "str", "default": ""},
    "directory_trust": {"type": "path"},
    "contacts": {"type": "list", "elements": "str", "default": []},
    "terms_agreed": {"type": "bool", "default": False},
    "challenge": {"type": "str", "choices": ["dns-01", "http-01"], "default": "dns-01"},
    "challenge_dir": {"type": "path"},
    "dns": {"type": "list", "elements": "raw"},
    "dns_keys": {"type": "dict", "no_log": True},
    "dns_key_file": {"type": "path", "no_log": False},
    "phase": {"type": "str", "choices": ["order", "finish", "all"], "default": "all"},
    "timeout": {"type": "int", "default": 60},
}
CERTIFICATE_INSTALL: Spec = {
    **COMMON_SPEC,
    **LIMITS_SPEC,
    **_SLICED_MANY,
    "host": {"type": "str"},
    "pki": {"type": "path"},
    "only": {"type": "list", "elements": "str", "default": []},
    "handover": {"type": "path"},
    "state": {
        "type": "str",
        "choices": ["replaced", "overridden", "deleted", "gathered", "rendered", "restored"],
        "default": "replaced",
    },
    "folder": {"type": "path", "default": CERTIFICATES_FOLDER},
    "expected": {"type": "raw", "default": []},
    "bundle": {"type": "path"},
    "passphrase": {"type": "str", "no_log": True},
    "check_revocation": {"type": "bool", "default": False},
}
CERTIFICATE_VERIFY: Spec = {
    **SLICED_SPEC,
    "checks": {"type": "raw", "default": []},
    "roots": {"type": "dict", "default": {}},
    "pki": {"type": "path"},
    "folder": {"type": "path", "default": CERTIFICATES_FOLDER},
    "only": {"type": "list", "elements": "str", "default": []},
    "hosts": {"type": "list", "elements": "str"},
    "tolerated": {"type": "dict", "default": {}},
    "legacy": {"type": "bool", "default": False},
    "least_days": {"type": "int", "default": 0},
    "timeout": {"type": "float", "default": 5.0},
    "at_once": {"type": "int", "default": 50},
    "report_only": {"type": "bool", "default": False},
}
CERTIFICATE: Fields = {
    **PLANNED,
    "subject": Field(str, required=True),
    "sans": Field(list, required=True, elements=str),
    "eku": Field(list, required=True, elements=str),
    "key_algorithm": Field(str, required=True),
    "key_bits": Field(int, required=True),
    "own_key": Field(bool),
    "hosts": Field(list, required=True, elements=str),
    "crl_distribution_point": Field(bool),
}

# A registry; `targets` of the module lists several of them.
REGISTRY_TARGET: Spec = {
    "target": {"type": "str"},
    "address": {"type": "str"},
    "gpo": {"type": "str"},
    "domain_controller": {"type": "str"},
    "domain": {"type": "str"},
    "account": {"type": "str"},
    "values": {"type": "raw"},
    "keys": {"type": "raw", "no_log": False},
}
QOS_REGISTRY: Spec = {
    **COMMON_SPEC,
    **LIMITS_SPEC,
    **REGISTRY_TARGET,
    **_SLICED_MANY,
    "targets": {"type": "raw"},
    "accounts": {"type": "dict"},
    "passwords": {"type": "dict", "no_log": True},
    "journal_dir": {"type": "path"},
    "report_foreign": {"type": "bool", "default": False},
    "verify": {"type": "bool", "default": True},
    "at_once": {"type": "int", "default": 32},
    "timeout": {"type": "float", "default": 15.0},
    **RENDERED_SPEC,
    "file": {"type": "path"},
}
REGISTRY_VALUE: Fields = {
    # What was gathered has none of these.
    **{name: dataclasses.replace(field, required=False) for name, field in PLANNED.items()},
    "hive": Field(str, required=True, choices=("HKLM", "HKCU")),
    "key": Field(str, required=True),
    "name": Field(str, required=True),
    "type": Field(str, required=True),
    "data": Field(object, required=True),
}
REGISTRY_ACCOUNT: Fields = {
    "user": Field(str, required=True),
    "domain": Field(str),
    "realm": Field(str),
    "authentication": Field(str, choices=("password", "kerberos")),
    "ticket_cache": Field(str),
    "oldest_protocol": Field(str, choices=("NT1", "SMB2", "SMB3")),
}

# No mechanism of its own: it looks at what mechanisms made. The options of a probe stand in `probing`.
PROBE: Spec = {
    "probes": {"type": "raw"},
    **SLICED_SPEC,
    "observed_dir": {"type": "path"},
    "most_shown": {"type": "int", "default": 100},
    "defaults": {"type": "dict", "default": {}},
    "at_once": {"type": "int", "default": 500},
    "time_limit": {"type": "int", "default": 600},
    "results_file": {"type": "path"},
}

TRACE_MARKS: Spec = {
    "traces": {"type": "raw"},
    **SLICED_SPEC,
    "observed_dir": {"type": "path"},
    "most_hops": {"type": "int", "default": 16},
    "attempts": {"type": "int", "default": 3},
    "timeout": {"type": "float", "default": 2.0},
}

# Mechanism: its spec, and which of its options are long lists of what.
MECHANISMS: Mapping[str, tuple[Spec, Mapping[str, Fields]]] = {
    "firewall_rules": (FIREWALL_RULES, {"sets": FIREWALL_SET, "rules": FIREWALL_RULE, "marks": FIREWALL_MARK}),
    "dns_records": (DNS_RECORDS, {"records": DNS_RECORD}),
    "load_balancer": (LOAD_BALANCER, {"services": BALANCED_SERVICE}),
    "certificate_request": (CERTIFICATE_REQUEST, {"requests": CERTIFICATE}),
    "publications": (PUBLICATIONS, {"publications": PUBLICATION}),
    "qos_registry": (QOS_REGISTRY, {"values": REGISTRY_VALUE}),
}
