# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the traceability table of docs/."""

from __future__ import annotations

from tests.tools.traceability import PAGE, render


def main() -> None:
    """Write the page if it is not current."""
    text = render()
    if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text:
        PAGE.write_text(text, encoding="utf-8")
        print("written: docs/reference/traceability.md")


if __name__ == "__main__":
    main()
