# SPDX-License-Identifier: GPL-3.0-or-later
"""The module's engine as a program of its own: options as JSON in a file, the result as JSON on standard output."""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / ".build" / "collections"))

from ansible_collections.openuc.ocs.plugins.module_utils.dns import engine
from ansible_collections.openuc.ocs.plugins.module_utils.specs import DNS_RECORDS

if __name__ == "__main__":
    given = json.loads(Path(sys.argv[1]).read_text())
    check = given.pop("check", False)
    options = {**{name: option.get("default") for name, option in DNS_RECORDS.items()}, **given}
    print(json.dumps(engine.run(options, check)))
