# SPDX-License-Identifier: GPL-3.0-or-later
"""What is live beside what is planned, for every mechanism: what its check mode would change is what differs."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

from ..planning.slices import Slice
from .observed import ObservedError
from .verdicts import Data, Verdict

COMPARED: t.Final = "compared"
CONTROLLER: t.Final = "the controller"
_REQUEST: t.Final = "certificate_request"
# A module of a mechanism whose slice has another's name.
_SLICES: t.Final = {"certificate_install": _REQUEST, "certificate_issue": _REQUEST}
_WORDS: t.Final = {"add": "missing", "change": "different", "remove": "surplus"}
_MEANS: t.Final = {
    "missing": "is planned, and is not there",
    "different": "is not as planned",
    "surplus": "is there, is ours, and is not planned",
}
# What a host saw of certificates, as whoever connects to them does.
ON_THE_WIRE: t.Final = "wrong_on_the_wire"
_AS_PLANNED, _NOT_COMPARED = "as_planned", "not_compared"


def differences(folder: Path, slices: t.Iterable[Slice], asked: t.Collection[str]) -> tuple[Verdict, ...]:
    """A verdict for each thing that differs, one for each mechanism of a host where nothing does, and one where it is
    not known. Nothing where nobody compared."""
    place = folder / COMPARED
    if not place.is_dir():
        return ()
    planned = set(_planned(slices))
    found: dict[tuple[str, str], list[Data]] = {key: [] for key in sorted(planned) if key[1] in asked}
    for path in sorted(place.glob("*.json")):
        content = _content(path)
        module = str(content["module"])
        key = (_SLICES.get(module, module), str(content["host"]) or CONTROLLER)
        # Where nothing is planned and nothing differs there is nothing to say.
        if key in planned or not _is_silent(key, content):
            found.setdefault(key, []).append(content)
    return tuple(verdict for key in sorted(found) for verdict in _verdicts(*key, found[key]))


def _is_silent(key: tuple[str, str], content: Data) -> bool:
    mechanism, host = key
    return mechanism == _REQUEST and host != CONTROLLER and not content.get("operations")


def _planned(slices: t.Iterable[Slice]) -> t.Iterator[tuple[str, str]]:
    """Mechanisms, and the hosts that each is planned for."""
    for item in slices:
        if item.mechanism == _REQUEST:
            yield from ((_REQUEST, str(host)) for each in item.arguments["requests"] for host in each["hosts"])
        else:
            yield item.mechanism, item.target.partition("/")[0]


def _content(path: Path) -> Data:
    try:
        return t.cast("Data", json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise ObservedError(f"{path} cannot be used ({error}); verify again") from error


def _verdicts(mechanism: str, host: str, contents: t.Sequence[Data]) -> t.Iterator[Verdict]:
    operations = [operation for content in contents for operation in content.get("operations") or ()]
    unsure = [words for content in contents if (words := _unsure(content))]
    foreign = [str(name) for content in contents for name in content.get("foreign") or ()]
    wrong = [str(words) for content in contents for words in content.get("wrong") or ()]
    for words in dict.fromkeys(wrong):
        yield _verdict(mechanism, host, "failed", ON_THE_WIRE, words, f":{words}")
    seen: set[str] = set()
    for operation in operations:
        verdict = _different(mechanism, host, operation)
        if verdict.id not in seen:
            seen.add(verdict.id)
            yield verdict
    if unsure or not contents:
        yield _verdict(mechanism, host, "unknown", _NOT_COMPARED, "; ".join(dict.fromkeys(unsure)) or _NOBODY)
    elif not operations and not wrong:
        kept = f"; not ours, and left alone: {', '.join(dict.fromkeys(foreign))}" if foreign else ""
        yield _verdict(mechanism, host, "passed", _AS_PLANNED, f"what is live is what is planned{kept}")


_NOBODY: t.Final = "it is changed by people, or nobody may connect to it, so that its state is not looked at"


def _unsure(content: Data) -> str:
    if content.get("wrong"):
        return ""
    if content.get("failed"):
        return str(content.get("msg") or "it could not be compared")
    return _NOBODY if content.get("by_hand") or content.get("skipped") else ""


def _different(mechanism: str, host: str, operation: Data) -> Verdict:
    word = _WORDS.get(str(operation.get("action")), "different")
    name, before, after = (str(operation.get(key) or "") for key in ("name", "before", "after"))
    values = ", ".join(f"{title} {text}" for title, text in (("live:", before), ("planned:", after)) if text)
    detail = f"{name} {_MEANS[word]}" + (f" ({values})" if values else "")
    return _verdict(mechanism, host, "failed", word, detail, f":{name}", {"before": before, "after": after})


def _verdict(
    mechanism: str,
    host: str,
    status: t.Literal["passed", "failed", "unknown"],
    outcome: str,
    detail: str,
    name: str = "",
    facts: Data | None = None,
) -> Verdict:
    return Verdict(
        vantage=host,
        id=f"comparison:{mechanism}:{host}{name}",
        kind="comparison",
        status=status,
        outcome=outcome,
        detail=detail,
        host=host,
        protocol=mechanism,
        facts=facts or {},
    )
