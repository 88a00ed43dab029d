# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the golden trees anew and names the files that changed."""

from __future__ import annotations

import tempfile
from pathlib import Path

from ansible_collections.openuc.ocs.plugins.plugin_utils.intended import making
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.plan import SCHEMA_VERSION
from tests import support
from tests.golden.test_golden import EXAMPLES, HERE, planned


def main() -> None:
    """Write the tree of each example."""
    for name in EXAMPLES:
        with (
            tempfile.TemporaryDirectory() as private,
            making(HERE / name / "intended", Path(private), keep=True) as tree,
        ):
            changes = tree.seal(tree.lay(planned(name)), support.example_digest(name), SCHEMA_VERSION)
            tree.put(changes)
        for change in changes:
            print(f"{name}: {change.path}")


if __name__ == "__main__":
    main()
