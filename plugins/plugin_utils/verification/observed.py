# SPDX-License-Identifier: GPL-3.0-or-later
"""What vantages saw, as files: one for each, with what was expected beside it."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

from .verdicts import Data, Verdict, verdicts_of


class ObservedError(Exception):
    """A file of observations cannot be used; the message says which and why."""


MARKS: t.Final = "marks"


def read(folder: Path, expected: t.Mapping[str, t.Sequence[Data]]) -> tuple[Verdict, ...]:
    """Verdicts of every vantage, in the order of their names; of one that kept nothing, that nothing is known."""
    found = {path.stem: list(_of_file(path)) for path in folder.glob("*.json")}
    for vantage, probes in expected.items():
        if vantage not in found:
            found[vantage] = list(verdicts_of(vantage, probes, ()))
    return tuple(verdict for vantage in sorted(found) for verdict in found[vantage])


def _of_file(path: Path) -> t.Iterator[Verdict]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        yield from verdicts_of(str(content["vantage"]), content["expected"], content["results"])
    except OSError as error:
        raise ObservedError(f"{path}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ObservedError(f"{path} holds no observations ({error}); verify again") from error
