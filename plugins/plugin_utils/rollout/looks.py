# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run looks at before it changes anything: targets that were given all that is planned for them.

Whether they still hold it, only they can say. Since looking changes nobody, all are asked at once, and whoever is as
planned needs no wave: a run over a finished estate ends without one. Who differs, and of whom no module has said that
it does not, is changed in its wave as ever. Where somebody cannot be reached, nothing is changed at all.
"""

from __future__ import annotations

import typing as t

from .standing import Standing, Target
from .walk import Wave

Told = t.Mapping[str, t.Any]


def holds_all(wave: Wave, host: str, standing: Standing) -> bool:
    """Whether a wave would only say to a host again what it was told before, and did."""
    target = (wave.mechanism, host)
    is_new = wave.contents.get(host) != standing.contents.get(target)
    is_further = not set(wave.stages[host]) <= standing.done.get(target, frozenset())
    return not is_new and not is_further


def looks_of(waves: t.Iterable[Wave], standing: Standing) -> tuple[Wave, ...]:
    """For each mechanism the targets to look at, with all that they are to hold at the end of the run."""
    last: dict[Target, Wave] = {}
    lacking: set[Target] = set()
    for wave in waves:
        for host in wave.hosts if wave.kind == "apply" else ():
            last[wave.mechanism, host] = wave
            if not holds_all(wave, host, standing):
                lacking.add((wave.mechanism, host))
    found: dict[str, dict[str, Wave]] = {}
    for (mechanism, host), wave in last.items():
        if (mechanism, host) not in lacking:
            found.setdefault(mechanism, {})[host] = wave
    return tuple(_look(mechanism, by_host) for mechanism, by_host in found.items())


def _look(mechanism: str, by_host: t.Mapping[str, Wave]) -> Wave:
    return Wave(
        id=f"look.{mechanism}",
        stage="",
        title="Look whether what was done still holds",
        kind="look",
        mechanism=mechanism,
        hosts=tuple(by_host),
        stages={host: wave.stages[host] for host, wave in by_host.items()},
        contents={host: wave.contents[host] for host, wave in by_host.items()},
    )


def silent_words(looks: t.Iterable[Wave], alive: t.Collection[str]) -> str:
    """Why a run must not go on after its looks: somebody did not answer, and may not later either."""
    silent = dict.fromkeys(host for look in looks for host in look.hosts if host not in alive)
    if not silent:
        return ""
    return (
        f"The roll-out stops before it changes anything: {', '.join(silent)} could not be reached to be looked at. "
        "Mend that and run the same again, or leave them out with --limit."
    )


def differing(look: Wave, comparisons: t.Iterable[Told]) -> dict[str, str]:
    """The hosts of a look that are not known to be as planned, and why.

    What the controller compared for all of them at once, keys and certificates for instance, concerns each.
    """
    heard: dict[str, list[Told]] = {}
    for told in comparisons:
        heard.setdefault(str(told.get("host") or ""), []).append(told)
    found = {}
    for host in look.hosts:
        own = heard.get(host, [])
        words = [_difference(told) for told in (*own, *heard.get("", ()))] if own else ["nothing was seen of it"]
        if any(words):
            found[host] = "; ".join(word for word in words if word)
    return found


def _difference(told: Told) -> str:
    """What a comparison says against a host; nothing where there is nothing to do."""
    if told.get("failed"):
        return str(told.get("msg") or "it could not be compared")
    if told.get("changed"):
        return str(told.get("summary") or "it differs")
    if told.get("would_need"):
        return f"it needs {', '.join(map(str, told['would_need']))}"
    # Whether those who change it have what is handed to them is seen where that is written.
    return "people change it" if told.get("by_hand") else ""
