# SPDX-License-Identifier: GPL-3.0-or-later
"""Many probes at once, within bounds of number and time. Private to the collection."""

from __future__ import annotations

import asyncio
import dataclasses
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from . import outcomes
from .limits import sockets_at_once
from .model import Answer, Failed, Probe, Target
from .names import target_of
from .protocols import PROTOCOLS
from .session import Session

# So few that their answers do not wait for each other's work.
_ALONE = 4


@dataclasses.dataclass(frozen=True)
class Result:
    """A probe and what it came to."""

    probe: Probe
    answer: Answer
    host: str = ""  # the address that a name was resolved to

    @property
    def met(self) -> bool | None:
        """Whether it came to what was expected; None when nothing was."""
        return None if self.probe.expect is None else self.answer.outcome in self.probe.expect

    def shown(self) -> dict[str, Any]:
        """For people and for JSON."""
        answer = self.answer
        return {
            "id": self.probe.id,
            "protocol": self.probe.protocol,
            "address": self.host or self.probe.address,
            "port": self.probe.port,
            "outcome": answer.outcome,
            "met": self.met,
            "milliseconds": None if answer.milliseconds is None else round(answer.milliseconds, 3),
            "detail": answer.detail,
            "facts": answer.facts,
        }


def run(probes: Sequence[Probe], at_once: int, time_limit: float) -> list[Result]:
    """The results of probes, in their order."""
    return asyncio.run(_run(probes, sockets_at_once(min(at_once, max(len(probes), 1))), time_limit))


def counts(results: Sequence[Result]) -> dict[str, Any]:
    """How many there are of each outcome, and how many were as expected."""
    met = Counter(result.met for result in results)
    found = Counter(result.answer.outcome for result in results)
    return {
        "probes": len(results),
        "met": met[True],
        "unmet": met[False],
        "outcomes": {word: found[word] for word in outcomes.MEANINGS if found[word]},
    }


async def _run(probes: Sequence[Probe], at_once: int, time_limit: float) -> list[Result]:
    session = Session(asyncio.get_running_loop().time() + time_limit)
    results: list[Result] = await _all(list(probes), at_once, session)
    late = [index for index, result in enumerate(results) if result.answer.outcome == outcomes.SLOW]
    # With hundreds at once they wait for each other: only what is slow again, among few, is slow.
    again = await _all([probes[index] for index in late], _ALONE, session)
    for index, second in zip(late, again):
        if second.answer.outcome not in (outcomes.SLOW, outcomes.NOT_RUN):
            results[index] = second
    return results


async def _all(probes: list[Probe], at_once: int, session: Session) -> list[Result]:
    results: dict[int, Result] = {}
    queue = iter(enumerate(probes))
    workers = min(at_once, len(probes))
    await asyncio.gather(*(_work(queue, results, session) for _worker in range(workers)))
    return [results[index] for index in range(len(probes))]


async def _work(queue: Iterator[tuple[int, Probe]], results: dict[int, Result], session: Session) -> None:
    """Take probes from the queue until it is empty; one of many that do so."""
    for index, probe in queue:
        results[index] = await _try(probe, session)
        await asyncio.sleep(0)  # a probe may end without waiting; the others must not be kept from their answers


async def _try(probe: Probe, session: Session) -> Result:
    """The result of a probe, whatever happens."""
    now = session.loop.time()
    if now >= session.ends_at:
        return Result(probe, Answer(outcomes.NOT_RUN, detail="the time of the batch was up before its turn"))
    deadline = min(now + probe.timeout, session.ends_at)
    target: Target | None = None
    try:
        target = await target_of(probe, session, deadline)
        answer = await PROTOCOLS[probe.protocol].run(probe, target, session, deadline)
    except Failed as failed:
        answer = failed.answer
    except Exception as error:  # noqa: BLE001 - one probe must not take the others with it
        answer = Answer(outcomes.NOT_RUN, detail=f"{type(error).__name__}: {error}")
    host = target.host if target else ""
    return Result(probe, _judged(answer, probe, deadline, session), host)


def _judged(answer: Answer, probe: Probe, deadline: float, session: Session) -> Answer:
    """The answer in view of time: too late for the probe, or cut short by the end of the batch."""
    silent = answer.outcome in (outcomes.FILTERED, outcomes.NO_ANSWER, outcomes.SILENT, outcomes.UNRESOLVED)
    if silent and deadline == session.ends_at <= session.loop.time():
        return dataclasses.replace(answer, outcome=outcomes.NOT_RUN, detail="cut short: the time of the batch was up")
    if (
        answer.outcome in (outcomes.OPEN, outcomes.ANSWER)
        and probe.slow_after is not None
        and answer.milliseconds is not None
        and answer.milliseconds > probe.slow_after * 1000
    ):
        return dataclasses.replace(answer, outcome=outcomes.SLOW, detail=f"later than {probe.slow_after} s")
    return answer


def shown(results: Sequence[Result], most: int) -> list[dict[str, Any]]:
    """The results in their order; where they are too many, those that were not as expected before others."""
    listed = results if len(results) <= most else sorted(results, key=lambda result: result.met is not False)
    return [result.shown() for result in listed[:most]]
