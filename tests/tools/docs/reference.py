# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the generated pages of docs/."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.openuc.ocs.plugins.plugin_utils.rendering.reference import PAGES

DOCS = Path(__file__).parents[3] / "docs"


def main() -> None:
    """Write each page that is not current."""
    for name, render in PAGES.items():
        path = DOCS / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = render()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"written: docs/{name}")


if __name__ == "__main__":
    main()
