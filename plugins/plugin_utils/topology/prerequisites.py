# SPDX-License-Identifier: GPL-3.0-or-later
"""Software, hardware and surroundings that must be there before a stage, and how stated ones compare."""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ..schema.fields import option
from .applied import AppliedFact
from .windows import windows_words

_SERVICE_PACK = re.compile(r"\bsp(\d+)\b")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PrerequisiteFact(AppliedFact):
    """Software, hardware or surroundings that must be there first."""

    KIND: t.ClassVar[str] = "prerequisites"

    subject: t.Literal["windows", "software", "hardware", "infrastructure", "client", "licence"] = option(
        "What it is about"
    )
    types: tuple[str, ...] = option("Roles that it concerns", default=())
    title: str = option("What must be there")
    verify: str = option("How one sees that it is", default="")
    windows: tuple[str, ...] = option("Windows versions that will do", default=())
    memory_gb: int = option("Memory that is asked for", default=0)
    cores: int = option("Processor cores that are asked for, all processors together", default=0)
    virtual: bool = option("Whether it concerns virtual machines alone", default=False)
    hypervisors: tuple[str, ...] = option("Hypervisors that will do", default=())


def will_do(stated: str, wanted: str) -> bool:
    """Whether a stated Windows version is a wanted one: the same release, and no lower service pack.

    A service pack that is not stated is not held against it.
    """
    if _release(stated) != _release(wanted):
        return False
    has, needs = _service_pack(stated), _service_pack(wanted)
    return has is None or needs is None or has >= needs


def _release(text: str) -> frozenset[str]:
    """The words that name a release: years and names, and `r2`; editions and architectures do not count."""
    return frozenset(word for word in windows_words(text) if word in _NAMES or (len(word) == 4 and word.isdigit()))


def _service_pack(text: str) -> int | None:
    match = _SERVICE_PACK.search(text.lower())
    return int(match[1]) if match else None


_NAMES = frozenset({"r2", "xp", "vista", "7"})
