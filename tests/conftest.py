# SPDX-License-Identifier: GPL-3.0-or-later
"""For all tests: let plain Python import the checkout under its collection name, and keep hypothesis steady."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

from hypothesis import settings

ROOT = Path(__file__).resolve().parents[1]
COLLECTIONS = ROOT / ".build" / "collections"


def link_collection() -> None:
    """Make the link that `make setup` makes, for those who start pytest by hand."""
    link = COLLECTIONS / "ansible_collections" / "openuc" / "ocs"
    link.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):  # the usual case; also when another worker was faster
        link.symlink_to(os.path.relpath(ROOT, link.parent))


link_collection()
sys.path.insert(0, str(COLLECTIONS))

# No deadline: a busy machine is no bug. The same examples each time under CI, so that a red build can be repeated.
settings.register_profile("openuc", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("openuc")
