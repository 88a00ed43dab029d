# SPDX-License-Identifier: GPL-3.0-or-later
"""Windows and SQL Server versions as people write them."""

from __future__ import annotations

import re

_WORD = re.compile(r"[a-z0-9]+")
_NOISE = frozenset({"microsoft", "windows", "server", "sql", "edition", "with"})


def windows_words(text: str) -> frozenset[str]:
    """The words that tell versions and editions apart: `Windows Server 2008 R2` has 2008 and r2."""
    return frozenset(_WORD.findall(text.lower())) - _NOISE


def is_version(text: str, pattern: str) -> bool:
    """True where every word of the pattern, such as `2008 enterprise`, stands in the text."""
    words = windows_words(text)
    return bool(words) and windows_words(pattern) <= words
