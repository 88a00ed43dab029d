# SPDX-License-Identifier: GPL-3.0-or-later
"""The generated pages of docs/ are current."""

from __future__ import annotations

import pytest

from ansible_collections.openuc.ocs.plugins.plugin_utils.rendering.poster.svg import svg
from ansible_collections.openuc.ocs.plugins.plugin_utils.rendering.posters import drawings
from ansible_collections.openuc.ocs.plugins.plugin_utils.rendering.reference import PAGES
from tests import support
from tests.tools import traceability


@pytest.mark.parametrize("name", sorted(PAGES))
def test_page_is_current(name: str) -> None:
    committed = (support.ROOT / "docs" / name).read_text(encoding="utf-8")
    assert committed == PAGES[name](), "run `make docs` and commit what it writes"


def test_traceability_is_current_and_whole() -> None:
    text = traceability.render()
    assert traceability.PAGE.read_text(encoding="utf-8") == text, "run `make docs` and commit what it writes"
    assert [line for line in text.splitlines() if line.endswith("|  |")] == []


def test_the_poster_of_the_readme_is_that_of_the_example() -> None:
    planned = support.example_design("lab")
    assert planned.plan is not None
    drawn = svg(dict(drawings(planned.topology, planned.plan))["external-access"])
    committed = (support.ROOT / "docs/pictures/poster.svg").read_text(encoding="utf-8")
    assert committed == drawn, "run `make docs` and commit what it writes"
