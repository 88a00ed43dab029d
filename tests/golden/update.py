# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the golden trees anew and names the files that changed."""

from __future__ import annotations

from ansible_collections.openuc.ocs.plugins.plugin_utils import intended
from tests.golden.test_golden import EXAMPLES, HERE, planned


def main() -> None:
    """Write the tree of each example."""
    for name in EXAMPLES:
        folder = HERE / name / "intended"
        changes = intended.compare(folder, planned(name))
        intended.write(folder, changes)
        for change in changes:
            print(f"{name}: {change.path}")


if __name__ == "__main__":
    main()
