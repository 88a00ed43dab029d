# SPDX-License-Identifier: GPL-3.0-or-later
"""Verdicts as JUnit XML, which every build server shows."""

from __future__ import annotations

import re
import typing as t
from xml.sax.saxutils import escape, quoteattr

from ..verification.diagnosis import Diagnosis
from ..verification.verdicts import Verdict

# What XML 1.0 has no way to say.
_UNSPEAKABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(verdicts: t.Sequence[Verdict], diagnoses: t.Sequence[Diagnosis]) -> str:
    """A suite for each vantage; a failure carries its likely cause, and what is not known is skipped."""
    causes = {check: diagnosis for diagnosis in diagnoses for check in diagnosis.checks}
    by_vantage: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        by_vantage.setdefault(verdict.vantage, []).append(verdict)
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f"<testsuites{_counts(verdicts)}>"]
    for vantage, group in sorted(by_vantage.items()):
        lines.append(f"  <testsuite name={_quoted(vantage)}{_counts(group)}>")
        for verdict in group:
            lines.extend(_case(verdict, causes.get(f"{verdict.vantage} {verdict.id}")))
        lines.append("  </testsuite>")
    return "\n".join([*lines, "</testsuites>", ""])


def _counts(verdicts: t.Sequence[Verdict]) -> str:
    failed = sum(verdict.status == "failed" for verdict in verdicts)
    skipped = sum(verdict.status == "unknown" for verdict in verdicts)
    return f' tests="{len(verdicts)}" failures="{failed}" skipped="{skipped}" errors="0"'


def _case(verdict: Verdict, diagnosis: Diagnosis | None) -> t.Iterator[str]:
    seconds = f' time="{verdict.milliseconds / 1000:.3f}"' if verdict.milliseconds is not None else ""
    start = f"    <testcase classname={_quoted(f'{verdict.kind}.{verdict.host}')} name={_quoted(verdict.id)}{seconds}"
    if verdict.status == "passed":
        yield f"{start}/>"
        return
    yield f"{start}>"
    words = _clean(f"{verdict.outcome}: {verdict.detail}" if verdict.detail else verdict.outcome)
    if verdict.status == "unknown":
        yield f"      <skipped message={_quoted(words)}/>"
    else:
        told = f"{diagnosis.title}. {diagnosis.cause} {diagnosis.remedy}" if diagnosis else ""
        yield f"      <failure message={_quoted(words)}>{escape(_clean(told))}</failure>"
    yield "    </testcase>"


def _clean(text: str) -> str:
    return _UNSPEAKABLE.sub("\ufffd", text)


def _quoted(text: str) -> str:
    return quoteattr(_clean(text))
