# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the picture of the lab in docs/."""

from __future__ import annotations

from tests.tools.lab_picture import PAGE, render


def main() -> None:
    """Write the picture if it is not current."""
    text = render()
    if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text:
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(text, encoding="utf-8")
        print("written: docs/pictures/lab.svg")


if __name__ == "__main__":
    main()
