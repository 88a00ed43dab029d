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
_SECOND_RELEASE = re.compile(r"r\d")


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


def will_do(stated: str, wanted: t.Sequence[str]) -> bool:
    """Whether a stated Windows version is among the wanted ones: the same release, and no lower service pack.

    A service pack that is not stated is not held against it; editions and architectures do not count.
    """
    has = _service_pack(stated)
    for version in wanted:
        needs = _service_pack(version)
        if _same_release(stated, version) and (has is None or needs is None or has >= needs):
            return True
    return False


def _same_release(stated: str, wanted: str) -> bool:
    """Every word of the wanted release is stated; a second release, `r2`, is another one than the first."""
    has, needs = _release_words(stated), _release_words(wanted)
    return needs <= has and not any(_SECOND_RELEASE.fullmatch(word) for word in has - needs)


def _release_words(text: str) -> frozenset[str]:
    return frozenset(word for word in windows_words(text) if not _SERVICE_PACK.fullmatch(word))


def _service_pack(text: str) -> int | None:
    match = _SERVICE_PACK.search(text.lower())
    return int(match[1]) if match else None
