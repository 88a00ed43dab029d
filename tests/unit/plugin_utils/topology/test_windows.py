# SPDX-License-Identifier: GPL-3.0-or-later
"""Versions as people write them."""

from __future__ import annotations

import pytest

from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.windows import is_version, windows_words


@pytest.mark.parametrize(
    ("text", "pattern", "same"),
    [
        ("Windows Server 2008 Enterprise x64", "2008 enterprise", True),
        ("SQL Server 2005 Standard Edition with SP2 (64-bit)", "2005 standard", True),
        ("2008 Standard", "2008 enterprise", False),
        ("", "2008", False),
    ],
)
def test_a_version_has_every_word_of_the_pattern(text: str, pattern: str, same: bool) -> None:
    assert is_version(text, pattern) is same


def test_words_that_say_nothing_do_not_count() -> None:
    assert windows_words("Microsoft Windows Server 2003 R2") == {"2003", "r2"}
