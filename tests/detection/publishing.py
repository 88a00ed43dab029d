# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run of these tests found, as a page of the documentation."""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from tests.detection.breakages import Breakage

HEAD: t.Final = """\
# How much of what is broken is found

Written by `make detect` on {date}; do not edit. The example lab is deployed and verified from everywhere: of {checks}
checks {failed} failed. Then it is broken in {count} ways, each mended again, and verified from a few hosts each time. A
breakage counts as found when a likely cause of the right kind names the host, the address, the rule, the record or the
certificate in question. **Found: {found} of {count} ({rate:.0%}).**

| broken | looked from | found | told as | in these words |
| --- | --- | --- | --- | --- |
"""
_LONGEST: t.Final = 240


@dataclasses.dataclass(frozen=True)
class Told:
    """What was said of a breakage: titles of fitting causes, and the words of one that names it."""

    titles: tuple[str, ...] = ()
    words: str = ""

    @property
    def found(self) -> bool:
        return bool(self.words)


def page(tried: t.Mapping[str, tuple[Breakage, Told]], checks: int, failed: int, date: datetime.date) -> str:
    """The page; one line for each breakage, in the order in which they are listed."""
    found = sum(told.found for _case, told in tried.values())
    head = HEAD.format(date=date, checks=checks, failed=failed or "none", count=len(tried), found=found,
                       rate=found / len(tried))  # fmt: skip
    return head + "".join(_line(case, told) for case, told in tried.values())


def _line(case: Breakage, told: Told) -> str:
    words = told.words if len(told.words) <= _LONGEST else f"{told.words[:_LONGEST].rsplit(' ', 1)[0]} …"
    cells = (case.title, ", ".join(case.vantages), "yes" if told.found else "**no**", "; ".join(told.titles), words)
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |\n"
