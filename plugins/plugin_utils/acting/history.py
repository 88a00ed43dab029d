# Copyright: the OpenUC contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was done to an estate and seen of it before, from its journal: runs of the roll-out, and verifications."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

from ansible.errors import AnsibleError

from ...module_utils.files import FileError, make_folder, write_whole
from ..rendering.report.content import Event
from ..rollout.records import Entry, read
from .rollout_files import JOURNAL

VERIFICATIONS: t.Final = "verifications.jsonl"
# Older ones say nothing that somebody still asks for.
MOST_KEPT: t.Final = 500
Counts = t.Mapping[str, t.Mapping[str, int]]


def events_of(journal: Path) -> tuple[Event, ...]:
    """Everything that a journal tells, the latest first."""
    runs = _runs(read(_text(journal / JOURNAL)).entries)
    return tuple(sorted((*runs, *_verifications(journal)), key=lambda event: event.at, reverse=True))


def add_verification(journal: Path, at: str, stages: t.Sequence[str], counts: Counts, causes: t.Sequence[str]) -> None:
    """Remember what a verification came to."""
    line = json.dumps({"at": at, "stages": list(stages), "counts": counts, "causes": list(causes)})
    lines = [*_text(journal / VERIFICATIONS).splitlines(), line][-MOST_KEPT:]
    try:
        make_folder(journal)
        write_whole(journal / VERIFICATIONS, "".join(f"{each}\n" for each in lines).encode())
    except FileError as error:
        raise AnsibleError(f"what was seen cannot be remembered: {error}") from error


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise AnsibleError(f"{path} cannot be read: {error.strerror}") from error


def _runs(entries: t.Sequence[Entry]) -> t.Iterator[Event]:
    """Each run with how it ended, what it changed, and the steps of people that were confirmed in it."""
    runs: dict[str, list[Entry]] = {}
    for entry in entries:
        runs.setdefault(entry.run, []).append(entry)
    for begun in (entry for entry in entries if entry.event == "begun"):
        own = runs[begun.run]
        ended = next((entry for entry in reversed(own) if entry.event == "ended"), None)
        verdict = str(ended.data.get("verdict")) if ended else "never ended"
        reason = str(ended.data.get("reason") or "") if ended else ""
        waves = sum(entry.event == "outcome" for entry in own)
        steps = sum(entry.event == "checkpoint" for entry in own)
        told = ", ".join(
            words for words in (_many(waves, "wave"), _many(steps, "step of people", "steps of people")) if words
        )
        undoes = begun.data.get("undoes")
        what = f"Run {begun.run} undoes {undoes}" if undoes else f"Run {begun.run}"
        by = f", by {begun.data['who']}" if begun.data.get("who") else ""
        yield Event(_readable(begun.at), f"{what}{by}", "; ".join(filter(None, (verdict, reason, told))))


def _verifications(journal: Path) -> t.Iterator[Event]:
    for line in _text(journal / VERIFICATIONS).splitlines():
        try:
            seen = json.loads(line)
            counts = [f"{kind}: {_figures(of)}" for kind, of in seen["counts"].items()]
            causes = [f"likely causes: {'; '.join(seen['causes'])}"] if seen["causes"] else []
            until = f" up to {seen['stages'][-1]}" if seen["stages"] else ""
            yield Event(str(seen["at"]), f"Verification{until}", ". ".join((*counts, *causes)))
        except (ValueError, KeyError, TypeError, AttributeError):
            # A line that is torn says nothing.
            continue


def _figures(of: t.Mapping[str, int]) -> str:
    return ", ".join(f"{of[name]} {words}" for name, words in _WORDS.items() if of.get(name)) or "none"


_WORDS: t.Final = {"passed": "passed", "failed": "failed", "unknown": "not known"}


def _many(number: int, one: str, more: str = "") -> str:
    return f"{number} {one if number == 1 else more or f'{one}s'}" if number else ""


def _readable(at: str) -> str:
    """As verifications write it, so that both sort together."""
    return f"{at[:10]} {at[11:16]} UTC" if len(at) >= 16 else at
