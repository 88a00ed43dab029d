# SPDX-License-Identifier: GPL-3.0-or-later
"""The digest of an inventory: the same inventory, the same digest, whatever the order of its hosts and keys."""

from __future__ import annotations

import hashlib
import json

from .topology.build import RUN_VARIABLES
from .topology.inventory import RawInventory


def of_inventory(inventory: RawInventory) -> str:
    """Digest of every host, its groups and its variables, but those of the run, which change nothing in a plan.

    Values that many hosts share are digested once.
    """
    seen: dict[int, str] = {}
    total = hashlib.sha256()
    for host in sorted(inventory.hosts, key=lambda host: host.name):
        total.update(f"\0{host.name}\0{' '.join(sorted(host.groups))}".encode())
        for name, value in sorted(host.variables.items()):
            if name in RUN_VARIABLES:
                continue
            known = seen.get(id(value))
            if known is None:
                text = json.dumps(value, sort_keys=True, default=str)
                known = seen[id(value)] = hashlib.sha256(text.encode()).hexdigest()
            total.update(f"\0{name}={known}".encode())
    return total.hexdigest()
