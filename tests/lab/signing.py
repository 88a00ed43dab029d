# SPDX-License-Identifier: GPL-3.0-or-later
"""What a controller signs changes of the lab's zones with, and the options of the role `dns` that name it."""

from __future__ import annotations

import itertools
import typing as t
from pathlib import Path

from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.inputs.policy import PinpointInput, ZoneInput

from .estate import Estate
from .layout import Layout
from .machine import Disk
from .services.choice import OPERATOR_KEYTAB
from .ssh import PYTHON

# In the folder of keys. Files of a domain controller begin with its name.
ALL_KEYS: t.Final = "all.key"
KEYTAB: t.Final = "keytab"
KERBEROS: t.Final = "krb5.conf"
_ON_CONTROLLER: t.Final = {KEYTAB: OPERATOR_KEYTAB, KERBEROS: "/etc/krb5.conf"}
_GSS: t.Final = "gss"


def keys(secrets: t.Mapping[str, str]) -> dict[str, str]:
    """Files of the keys that messages are signed with, as BIND has them: one for each, and one for all."""
    said = {
        name: f'key "{name}" {{ algorithm hmac-sha256; secret "{secret}"; }};\n' for name, secret in secrets.items()
    }
    return {**{f"{name}.key": text for name, text in said.items()}, ALL_KEYS: "".join(said.values())}


def options(estate: Estate, folder: Path) -> dict[str, dict[str, t.Any]]:
    """By name server, what the role needs to know to change zones there."""
    policy = estate.design.topology.estate.dns
    found: dict[str, dict[str, t.Any]] = {}
    for zone in itertools.chain[ZoneInput | PinpointInput](policy.zones.values(), policy.pinpoint.values()):
        if zone.dynamic_update == _GSS:
            account = {
                "KRB5_CONFIG": str(folder / f"{zone.server}.{KERBEROS}"),
                "KRB5_CLIENT_KTNAME": str(folder / f"{zone.server}.{KEYTAB}"),
                # Tickets of another lab's domain of the same name are none of this one's.
                "KRB5CCNAME": "MEMORY:",
            }
            # Python's own packages of Kerberos are built on the machine; Debian has them ready for its Python.
            found.setdefault(zone.server, {}).update(dns_environment=account, dns_python=PYTHON)
        elif zone.key:
            found.setdefault(zone.server, {})["dns_key_file"] = str(folder / ALL_KEYS)
    return found


def take_accounts(layout: Layout, disk: t.Callable[[str], Disk], folder: Path) -> None:
    """Copy what domain controllers have made for the controller, once they have."""
    for host in layout.hosts:
        if "domain_controller" not in host.types:
            continue
        for kind, place in _ON_CONTROLLER.items():
            made = disk(host.name).folder / "upper" / place.lstrip("/")
            copy = folder / f"{host.name}.{kind}"
            copy.touch(mode=0o600)
            copy.write_bytes(made.read_bytes())
