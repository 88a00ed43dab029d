# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the poster that the README shows: a workload of the example `lab`."""

from __future__ import annotations

from ansible_collections.openuc.ocs.plugins.plugin_utils.rendering.poster.svg import svg
from ansible_collections.openuc.ocs.plugins.plugin_utils.rendering.posters import drawings
from tests import support

POSTER = "external-access"
PAGE = support.ROOT / "docs" / "pictures" / "poster.svg"


def render() -> str:
    """The text of the picture."""
    planned = support.example_design("lab")
    if planned.plan is None:
        raise ValueError("the example has errors")
    return svg(dict(drawings(planned.topology, planned.plan))[POSTER])


def main() -> None:
    """Write the picture if it is not current."""
    text = render()
    if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text:
        PAGE.write_text(text, encoding="utf-8")
        print("written: docs/pictures/poster.svg")


if __name__ == "__main__":
    main()
