# SPDX-License-Identifier: GPL-3.0-or-later
"""Labels: how an entry of the packet filter names the rules that it stands for. Private to the collection.

The packet filter keeps 128 bytes of comment. Names of rules that fit are written out; of those that do not, the
beginning of the first and a digest of all, and the names themselves are kept beside.
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Mapping

LONGEST = 128
_UNSAFE = re.compile(r'["\\\s]')
Names = tuple[str, ...]


@functools.lru_cache(maxsize=65536)
def label_of(names: Names) -> str:
    """The comment for some names."""
    text = " ".join(names)
    if len(text.encode()) <= LONGEST:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    start = names[0].encode()[: LONGEST - len(digest) - 1].decode(errors="ignore")
    return f"{start}~{digest}"


def names_of(label: str, known: Mapping[str, Names]) -> Names:
    """The names behind a comment; those of a shortened one must be known, or it stands for itself."""
    return known.get(label) or tuple(sorted(label.split())) or ("(no name)",)


def is_nameable(name: str) -> bool:
    """True for a name that can stand in a comment."""
    return bool(name) and not _UNSAFE.search(name)
