# SPDX-License-Identifier: GPL-3.0-or-later
"""The module between its arguments and its result, run by the Python that has Samba: options in, result out."""

from __future__ import annotations

import json
import sys

sys.path.insert(0, sys.argv[1])

from ansible_collections.openuc.ocs.plugins.module_utils.registry import work
from ansible_collections.openuc.ocs.plugins.module_utils.specs import QOS_REGISTRY

if __name__ == "__main__":
    asked = json.load(sys.stdin)
    check = asked.pop("check", False)
    options = {name: spec.get("default") for name, spec in QOS_REGISTRY.items()}
    json.dump(work.run({**options, **asked}, check), sys.stdout)
